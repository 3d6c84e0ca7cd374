"""Section 6.4's explorers: costs and fields against the layers themselves, pictures, controls."""

from xml.etree import ElementTree

import numpy as np
import paddle
import pytest
from browser.samples import MODULES, TinyModule, make_branches
from paddle import nn

from course_utils import analyze, load_section
from course_utils.counting.effective_field import clipped
from course_utils.images.datasets import load_photo, standardize
from course_utils.widgets import BranchExplorer, InceptionExplorer
from course_utils.widgets.inception import branch_cost

SECTION = load_section("6.4")


def words(svg):
    return "|".join(ElementTree.fromstring(svg).itertext())


# --- The designer ---


def table_modules():
    """{name: (side, input channels, widths)} of the nine modules, from the notebook's table."""
    rows = analyze(lambda: SECTION.GoogLeNet(aux=False), (1, 3, 224, 224)).group().rows
    return {
        row.name: (row.input_shape[2], row.input_shape[1], SECTION.TABLE_6_2[row.name][1:])
        for row in rows
        if SECTION.TABLE_6_2.get(row.name, " ")[0] == "inception"
    }


@pytest.fixture(scope="module")
def designer():
    return InceptionExplorer(table_modules())


def test_there_are_nine_modules(designer):
    assert [caption for caption, _ in designer.frames()] == [
        f"模块 {name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    ]


@pytest.mark.parametrize("name", table_modules())
def test_costs_are_those_of_the_notebooks_modules(designer, name):
    side, channels, widths = table_modules()[name]
    design = designer.compute(**designer.preset_settings[name])
    one, _, three, _, five, _ = widths
    for module, build in [
        (design.v1, lambda: SECTION.Inception(channels, *widths)),
        (design.naive, lambda: SECTION.NaiveInception(channels, one, three, five)),
    ]:
        table = analyze(build, (1, channels, side, side)).group()
        assert module.parameters == table.totals["params"]
        assert module.multiply_adds == table.totals["macs"]
        *branches, joined = table.rows
        assert [branch_cost(branch) for branch in module.branches] == [r.macs for r in branches]
        assert [b[-1].outputs for b in module.branches] == [r.output_shape[1] for r in branches]
        assert module.out_channels == joined.output_shape[1]


def test_picture_tells_where_the_work_goes_and_when_a_reduction_does_not_pay():
    explorer = InceptionExplorer(MODULES)
    drawn = words(explorer.picture.value)
    # 192*16 + 25*16*32 against 25*192*32 multiply-adds for one position.
    assert "192×16 + 5×5×16×32 = 15,872" in drawn and "= 153,600" in drawn and "省下 90%" in drawn
    assert "64 + 128 + 32 + 192 = 416" in drawn and "64 + 128 + 32 + 32 = 256" in drawn
    assert "反而不省" not in drawn
    explorer.set(reduce5=192)
    assert words(explorer.picture.value).count("✗ 先降维反而不省") == 1


def test_presets_set_the_controls_and_give_way_to_the_own_setting():
    explorer = InceptionExplorer(MODULES)
    assert explorer.presets.value == "3a"
    explorer.presets.value = "5b"
    assert explorer.settings() == explorer.preset_settings["5b"]
    explorer.controls["three"].value += 1
    assert explorer.presets.value == ""


def test_a_module_needs_six_widths():
    with pytest.raises(ValueError, match="^module x has 5 widths; give six: one, reduce3"):
        InceptionExplorer({"x": (28, 192, (1, 2, 3, 4, 5))})


# --- The branches ---


@pytest.mark.parametrize("row, column", [(8, 8), (0, 0), (3, 14)])
def test_windows_hold_just_the_pixels_that_matter(row, column):
    explorer = make_branches()
    paddle.seed(2)
    before = nn.Sequential(nn.Conv2D(1, 4, 3, stride=2, padding=1), nn.MaxPool2D(2))
    module = TinyModule()
    for weight in [*before.parameters(), *module.parameters()]:  # so that no unit is dead
        weight.set_value(weight.abs())
    result = explorer.compute(row, column, rank=1)
    for view, branch in zip(result.branches, module.children(), strict=True):
        images = paddle.rand([1_000, 1, 64, 64])  # a pixel is rarely the largest of its window
        images.stop_gradient = False
        branch(before(images))[:, :, row, column].sum().backward()
        seen = np.argwhere(images.grad.abs().sum(axis=[0, 1]).numpy() > 0)
        window = tuple(zip(seen.min(axis=0).tolist(), seen.max(axis=0).tolist(), strict=True))
        assert window == clipped(view.window, (64, 64)), view.name


def test_maps_are_what_the_module_answers():
    paddle.seed(3)
    before, module = nn.Conv2D(1, 4, 3, padding=1), TinyModule()
    explorer = BranchExplorer(before, module, (1, 1, 24, 24), load_photo())
    answer = module(before(paddle.to_tensor(standardize(explorer.photo[None]))))[0].numpy()
    first = 0
    for number, (name, maps) in enumerate([("1×1 分支", 3), ("5×5 分支", 5), ("池化分支", 3)]):
        views = [explorer.compute(2, 5, rank).branches[number] for rank in (1, 2, 3)]
        assert {view.name for view in views} == {name}
        for view in views:
            np.testing.assert_array_equal(view.feature_map, answer[first + view.channel])
        contrast = [view.feature_map.std() for view in views]
        assert contrast == sorted(contrast, reverse=True)
        first += maps
    assert first == len(answer)
    assert module.training and before.training


def test_a_map_without_contrast_is_told():
    module = TinyModule()
    for weight in module.one.parameters():
        weight.set_value(paddle.zeros_like(weight))
    explorer = BranchExplorer(nn.Conv2D(1, 4, 1), module, (1, 1, 16, 16), load_photo())
    assert "处处相同" in words(explorer.picture.value)


def test_a_module_needs_branches():
    with pytest.raises(ValueError, match="^Sequential has 1 branches; give a module with two to"):
        BranchExplorer(nn.Identity(), nn.Sequential(nn.Conv2D(1, 2, 1)), (1, 1, 9, 9), load_photo())
