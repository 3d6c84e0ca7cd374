"""Section 6.5's explorers: costs and fields against the networks, real tensors, controls."""

from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from browser.samples import RESNETS, make_residual, make_steps

from course_utils import analyze, load_section
from course_utils.counting.depth import depth
from course_utils.images.datasets import load_photo
from course_utils.widgets import ResidualBlockExplorer, ResNetExplorer
from course_utils.widgets.resnet import STAGES

SECTION = load_section("6.5")
IMAGE = (1, 3, 224, 224)


def words(svg):
    return "|".join(ElementTree.fromstring(svg).itertext())


# --- The designer ---


def networks():
    """{name: (kind, blocks)} of the five networks, from the notebook's table."""
    found = {}
    for layers in (18, 34, 50, 101, 152):
        block, stages = SECTION.table_column(layers)
        kind = "basic" if block is SECTION.BasicBlock else "bottleneck"
        found[f"ResNet-{layers}"] = kind, [repeats for _, repeats in stages.values()]
    return found


@pytest.fixture(scope="module")
def designer():
    return ResNetExplorer(networks())


@pytest.mark.parametrize(
    "layers, shortcut, stride_in",
    [*product((18, 34, 50, 101, 152), "B", ["1x1"]), (50, "A", "3x3"), (50, "B", "3x3"),
     (34, "A", "1x1")],
)  # fmt: skip
def test_numbers_are_those_of_the_notebooks_network(designer, layers, shortcut, stride_in):
    settings = designer.preset_settings[f"ResNet-{layers}"]
    design = designer.compute(**settings | {"shortcut": shortcut, "stride_in": stride_in})

    def build():
        return SECTION.ResNet(layers, shortcut=shortcut, stride_in=stride_in)

    table = analyze(build, IMAGE).group()
    assert design.parameters == table.totals["params"]
    assert design.multiply_adds == table.totals["macs"]
    assert design.depth == depth(build, IMAGE) == layers
    rows = {row.name: row for row in table.rows}
    for stage in design.stages:
        row = rows[stage.name]
        shape = [1, stage.channels, stage.side, stage.side][: len(row.output_shape)]
        assert (stage.parameters, stage.multiply_adds) == (row.params, row.macs), stage.name
        assert shape == row.output_shape
        assert stage.field == (row.receptive_field if row.jump else None)


def test_shortcuts_are_counted(designer):
    design = designer.compute(**designer.preset_settings["ResNet-50"])
    assert (design.identities, design.others) == (12, 4)
    with_b, with_a = (
        analyze(lambda kind=kind: SECTION.ResNet(50, shortcut=kind), IMAGE).totals["params"]
        for kind in "BA"
    )
    assert design.projection_parameters == with_b - with_a


def test_picture_tells_totals_and_the_other_kind_of_block():
    explorer = ResNetExplorer(RESNETS)
    drawn = words(explorer.picture.value)
    assert "1 + 2×(3+4+6+3) + 1 = 34 层" in drawn and "21,797,672" in drawn
    assert "瓶颈模块：50 层，参数量 25,557,032（1.17 倍）" in drawn
    assert "只对瓶颈模块起作用" in drawn and "899*" in drawn
    explorer.set(kind="bottleneck", shortcut="A")
    drawn = words(explorer.picture.value)
    assert "没有参数" in drawn and "第一个 1×1（论文）卷积上" in drawn and "483*" in drawn


def test_presets_set_the_controls_and_give_way_to_the_own_setting():
    explorer = ResNetExplorer(RESNETS)
    assert explorer.presets.value == "ResNet-34"
    explorer.presets.value = "ResNet-152"
    assert [explorer.settings()[stage] for stage in STAGES] == [3, 8, 36, 3]
    explorer.controls["width"].value = 72
    assert explorer.presets.value == ""


@pytest.mark.parametrize(
    "network, wrong",
    [(("wide", (1, 1, 1, 1)), "^x has blocks of kind 'wide'; choose basic, bottleneck"),
     (("basic", (1, 2)), "^x has 2 numbers of blocks; give four")],
)  # fmt: skip
def test_wrong_networks_are_refused(network, wrong):
    with pytest.raises(ValueError, match=wrong):
        ResNetExplorer({"x": network})


# --- The walk ---


def test_walk_shows_the_arrays_it_was_given():
    steps = make_steps()
    explorer = make_residual()
    for name, (x, residual, shortcut, output) in steps.items():
        walk = explorer.compute(name, channel=2, row=1, column=4)
        expected = (x[2], residual[2], shortcut[2], residual[2] + shortcut[2], output[2])
        for shown, array in zip(walk.maps, expected, strict=True):
            np.testing.assert_array_equal(shown, array)
        assert walk.identity == (name == "同形")
        assert walk.ratios[name] == pytest.approx(residual.std() / shortcut.std())
        assert walk.values[3] == pytest.approx(walk.values[1] + walk.values[2])
        assert walk.values[4] == max(walk.values[3], 0)


def test_the_mark_stays_at_one_place_of_the_image():
    walk = make_residual().compute("投影", channel=0, row=1, column=5)
    assert walk.cells[0] == (3, 11) and set(walk.cells[1:]) == {(1, 5)}


def test_walk_tells_when_the_shape_changes():
    explorer = make_residual()
    assert "形状相同" in words(explorer.picture.value)
    explorer.controls["block"].value = "投影"
    drawn = words(explorer.picture.value)
    assert "x 是 12×12×4，F(x) 是 6×6×6" in drawn and "改变形状的捷径" in drawn


def test_arrays_of_different_passes_are_refused():
    x, residual, shortcut, output = make_steps()["同形"]
    with pytest.raises(ValueError, match=r"^the output of a is not relu\(residual \+ shortcut\)"):
        ResidualBlockExplorer({"a": (x, residual, shortcut, output + 1)}, load_photo())
    with pytest.raises(ValueError, match="^steps is empty"):
        ResidualBlockExplorer({}, load_photo())
