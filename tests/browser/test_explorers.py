"""The explorers in a real JupyterLab, moved by keyboard and pen."""

from xml.etree import ElementTree

import pytest
from samples import IMAGES, make_explorers

pytestmark = pytest.mark.browser

# (explorer, control, key that moves it, key that brings it back, setting after the first key)
MOVES = [
    ("FeatureMapExplorer", "size", "ArrowRight", "ArrowLeft", 13),
    ("FeatureMapExplorer", "kernel", "ArrowRight", "ArrowLeft", 4),
    ("FeatureMapExplorer", "stride", "ArrowRight", "ArrowLeft", 2),
    ("FeatureMapExplorer", "padding", "ArrowRight", "ArrowLeft", 1),
    ("FeatureMapExplorer", "dilation", "ArrowRight", "ArrowLeft", 2),
    ("ConnectionExplorer", "chosen", "ArrowRight", "ArrowLeft", 1),
    ("ConnectionExplorer", "full", "Space", "Space", True),
    ("CodeExplorer", "digit", "ArrowRight", "ArrowLeft", 4),
    ("CodeExplorer", "flips", "ArrowRight", "ArrowLeft", 9),
    ("CodeExplorer", "seed", "ArrowRight", "ArrowLeft", 1),
    ("CodeExplorer", "amplitude", "ArrowRight", "ArrowLeft", 1.1),
    ("StackedFieldsExplorer", "kernel", "ArrowRight", "ArrowLeft", 5),
    ("StackedFieldsExplorer", "layers", "ArrowRight", "ArrowLeft", 4),
    ("StackedFieldsExplorer", "channels", "ArrowRight", "ArrowLeft", 65),
    ("StackedFieldsExplorer", "bias", "Space", "Space", True),
    ("ReceptiveFieldExplorer", "layer", "ArrowRight", "ArrowLeft", "s2"),
    ("TwoGpuExplorer", "layer", "ArrowRight", "ArrowLeft", "pool1"),
    ("PoolingExplorer", "kernel", "ArrowRight", "ArrowLeft", 4),
    ("PoolingExplorer", "stride", "ArrowRight", "ArrowLeft", 3),
    ("LrnExplorer", "n", "ArrowRight", "ArrowLeft", 7),
    ("LrnExplorer", "k", "ArrowRight", "ArrowLeft", 2.5),
    ("LrnExplorer", "alpha", "ArrowRight", "ArrowLeft", 0.001),
    ("AugmentationExplorer", "top", "ArrowRight", "ArrowLeft", 17),
    ("AugmentationExplorer", "flip", "Space", "Space", True),
    ("AugmentationExplorer", "alpha1", "ArrowRight", "ArrowLeft", 0.02),
    ("InceptionExplorer", "side", "ArrowLeft", "ArrowRight", 14),
    ("InceptionExplorer", "reduce5", "ArrowRight", "ArrowLeft", 17),
    ("BranchExplorer", "row", "ArrowRight", "ArrowLeft", 9),
    ("BranchExplorer", "rank", "ArrowRight", "ArrowLeft", 2),
]
SHOWN = "name => document.querySelector(`.course-${name} .course-picture svg`)?.textContent"


@pytest.fixture(scope="module")
def explorers():
    return make_explorers()


def words(explorer, **settings):
    """What the picture of the given settings says."""
    drawn = explorer.draw(explorer.compute(**settings))
    return "".join(ElementTree.fromstring(drawn).itertext())


def wait_until_shown(page, name, expected):
    page.wait_for_function(f"([name, words]) => ({SHOWN})(name) === words", arg=[name, expected])


def test_nothing_went_wrong(page):
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert page.complaints == []


@pytest.mark.parametrize("name, control, there, back, value", MOVES)
def test_a_key_moves_the_picture_and_another_brings_it_back(
    page, explorers, name, control, there, back, value
):
    explorer = explorers[name]
    wait_until_shown(page, name, words(explorer, **explorer.settings()))
    kind = "input" if isinstance(value, bool) else "[role=slider]"
    page.locator(f".course-{name} .course-{control} {kind}").focus()
    page.keyboard.press(there)
    wait_until_shown(page, name, words(explorer, **{**explorer.settings(), control: value}))
    page.keyboard.press(back)
    wait_until_shown(page, name, words(explorer, **explorer.settings()))
    assert page.complaints == []


@pytest.mark.parametrize("name", ["FeatureMapExplorer", "InceptionExplorer"])
def test_presets(page, explorers, name):
    explorer = explorers[name]
    # A headless Chromium passes no keys to an open list, so the choice is not made by key here.
    presets = page.locator(f".course-{name} .course-presets select")
    for caption, settings in explorer.frames():
        presets.select_option(label=caption.split("。")[0].removeprefix("模块 "))
        wait_until_shown(page, name, words(explorer, **settings))


def test_another_network_brings_its_layers(page, explorers):
    explorer = explorers["ReceptiveFieldExplorer"]
    nets = page.locator(".course-ReceptiveFieldExplorer .course-net select")
    for net in [*explorer.probes, explorer.settings()["net"]][1:]:
        nets.select_option(label=net)
        first = explorer.layers(net)[0]
        wait_until_shown(page, "ReceptiveFieldExplorer", words(explorer, net=net, layer=first))
    assert page.complaints == []


def test_chance_sets_all_controls_and_they_stay(page, explorers):
    explorer = explorers["AugmentationExplorer"]
    root = page.locator(".course-AugmentationExplorer")
    root.get_by_role("button", name="随机取一次").press("Enter")
    explorer.button.click()
    drawn = explorer.settings()
    wait_until_shown(page, "AugmentationExplorer", words(explorer, **drawn))
    # Were a slider to correct the drawn value to one of its steps, the next picture would tell.
    for flip in (not drawn["flip"], drawn["flip"]):
        root.locator(".course-flip input").press("Space")
        wait_until_shown(page, "AugmentationExplorer", words(explorer, **{**drawn, "flip": flip}))


def test_pad_by_keyboard_and_pen(page, explorers):
    pad = explorers["DigitPad"]
    root = page.locator(".course-DigitPad")
    wait_until_shown(page, "DigitPad", words(pad, image=IMAGES[0]))
    root.get_by_role("button", name="取一张测试图像").press("Enter")
    wait_until_shown(page, "DigitPad", words(pad, image=IMAGES[1]))
    root.get_by_role("button", name="清空").press("Enter")
    empty = words(pad, image=IMAGES[0] * 0)
    wait_until_shown(page, "DigitPad", empty)

    canvas = root.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + 130, box["y"] + 40
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 160, steps=8)
    page.mouse.up()
    page.wait_for_function(f"([name, words]) => ({SHOWN})(name) !== words", arg=["DigitPad", empty])
    assert "网络的回答" in page.evaluate(SHOWN, "DigitPad")

    root.get_by_role("button", name="橡皮").press("Enter")
    page.mouse.move(x, y - 10)
    page.mouse.down()
    page.mouse.move(x, y + 175, steps=8)
    page.mouse.up()
    wait_until_shown(page, "DigitPad", empty)
    assert page.complaints == []


@pytest.mark.parametrize("width", [1280, 1024])
def test_no_horizontal_scrolling(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    overflow = page.evaluate(
        "() => [...document.querySelectorAll('.jp-OutputArea-output')]"
        ".map(area => area.scrollWidth - area.clientWidth)"
    )
    assert max(overflow) <= 0
