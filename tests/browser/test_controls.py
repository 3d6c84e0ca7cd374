"""The explorers in a real JupyterLab, moved by keyboard and pen."""

from xml.etree import ElementTree

import nbformat
import pytest
from ipywidgets import Dropdown
from samples import DRAWN, FACTORIES, IMAGES, frame_counts, make_explorers, step

pytestmark = pytest.mark.browser

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


def wait_until_changed(page, name, former):
    page.wait_for_function(f"([name, words]) => ({SHOWN})(name) !== words", arg=[name, former])


def test_nothing_went_wrong(page):
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    assert page.locator('[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert page.complaints == []


def handle(page, name, control):
    """What of a control takes the keys and the mouse."""
    return page.locator(f".course-{name} .course-{control}").locator("input, [role=slider]").first


def moved_controls(explorer):
    """The names of all controls but lists: a headless Chromium opens none."""
    return [n for n, control in explorer.controls.items() if not isinstance(control, Dropdown)]


@pytest.mark.parametrize("name", FACTORIES)
def test_keys_move_each_control_and_bring_it_back(page, explorers, name):
    explorer = explorers[name]
    start = explorer.settings()
    for control in moved_controls(explorer):
        wait_until_shown(page, name, words(explorer, **start))
        there, back, value = step(explorer.controls[control])
        handle(page, name, control).focus()
        page.keyboard.press(there)
        wait_until_shown(page, name, words(explorer, **{**start, control: value}))
        page.keyboard.press(back)
    wait_until_shown(page, name, words(explorer, **start))
    assert page.complaints == []


@pytest.mark.parametrize("name", FACTORIES)
def test_the_mouse_moves_each_control_and_brings_it_back(page, explorers, name):
    explorer = explorers[name]
    start = words(explorer, **explorer.settings())
    for control in moved_controls(explorer):
        part = handle(page, name, control)
        part.scroll_into_view_if_needed()
        if isinstance(explorer.controls[control].value, bool):
            part.click()
            wait_until_changed(page, name, start)
            part.click()
        else:
            lets_go = not explorer.controls[control].continuous_update
            drag_there_and_back(page, part, name, start, lets_go)
        wait_until_shown(page, name, start)
    assert page.complaints == []


def drag_there_and_back(page, part, name, start, lets_go):
    """Pull a slider's handle along its track and back; a slow explorer waits until it is let go."""
    x, y = grab(page, part)
    track = part.locator("xpath=../..").bounding_box()
    towards = 1 if x < track["x"] + track["width"] / 2 else -1
    page.mouse.move(x + towards * 0.6 * track["width"], y, steps=4)
    if lets_go:
        page.mouse.up()
    wait_until_changed(page, name, start)
    if lets_go:
        grab(page, part)
    page.mouse.move(x, y, steps=4)
    page.mouse.up()


def grab(page, part):
    """Press the button on the middle of a handle; returns where that is."""
    box = part.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


# A headless Chromium passes no keys to an open list, so that choices are not made by key here.
@pytest.mark.parametrize(
    "name",
    ["TwoGpuExplorer", "PoolingExplorer", "LrnExplorer", "AugmentationExplorer", "ResNetExplorer",
     "DashboardExplorer"],
)  # fmt: skip
def test_lists_bring_another_choice_and_the_first_again(page, explorers, name):
    explorer = explorers[name]
    start = explorer.settings()
    lists = {n: c for n, c in explorer.controls.items() if isinstance(c, Dropdown)}
    for control, choices in lists.items():
        wait_until_shown(page, name, words(explorer, **start))
        shown = page.locator(f".course-{name} .course-{control} select")
        other = (choices.index + 1) % len(choices.options)
        shown.select_option(index=other)
        value = choices.options[other]
        value = value[1] if isinstance(value, tuple) else value
        wait_until_shown(page, name, words(explorer, **{**start, control: value}))
        shown.select_option(index=choices.index)
    wait_until_shown(page, name, words(explorer, **start))
    assert page.complaints == []


@pytest.mark.parametrize(
    "name", ["FeatureMapExplorer", "InceptionExplorer", "ResNetExplorer", "DenseNetExplorer"]
)
def test_presets(page, explorers, name):
    explorer = explorers[name]
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
    canvas.click()  # one dot
    wait_until_changed(page, "DigitPad", empty)
    root.get_by_role("button", name="清空").press("Enter")
    wait_until_shown(page, "DigitPad", empty)

    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + 130, box["y"] + 40
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 160, steps=8)
    page.mouse.up()
    wait_until_changed(page, "DigitPad", empty)
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


def test_untrusted_notebook_shows_the_first_frames(stored, fresh_page, lab, lab_folder):
    nbformat.write(stored, lab_folder / "untrusted.ipynb")
    address, token = lab
    fresh_page.goto(f"{address}/lab/tree/untrusted.ipynb?token={token}&reset")
    fresh_page.wait_for_function(f"() => ({DRAWN})().length && ({DRAWN})().every(Boolean)")
    counts = frame_counts()
    assert fresh_page.locator("figure").count() == sum(counts)
    assert fresh_page.locator("figure:visible").count() == len(counts)
    # Scripts and inputs were taken away, so the page really was not trusted.
    assert fresh_page.locator(".jp-OutputArea-output :is(script, input)").count() == 0
