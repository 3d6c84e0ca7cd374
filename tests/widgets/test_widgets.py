"""The explorers of section 6.1: their numbers, and what they draw."""

from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from browser.samples import CODES, IMAGES, TABLE, make_explorers, make_pad

from course_utils.widgets import ConnectionExplorer, FeatureMapExplorer
from course_utils.widgets.digit_pad import like_mnist


@pytest.fixture(scope="module")
def explorers():
    return make_explorers()


def words(svg):
    """Everything that an SVG says, and a proof that it is well-formed."""
    return "|".join(ElementTree.fromstring(svg).itertext())


# --- Numbers against brute force ---


@pytest.mark.parametrize("setting", list(product((4, 7, 12), (1, 3, 6), (1, 2, 3), (0, 1), (1, 2))))
def test_feature_map_counts_the_windows_that_fit(setting):
    size, kernel, stride, padding, dilation = setting
    cells = set(range(size + 2 * padding))
    taps = [range(start, start + kernel * dilation, dilation) for start in cells]
    fitting = [window for window in taps if set(window) <= cells and window[0] % stride == 0]
    result = FeatureMapExplorer().compute(*setting)
    assert result.output == len(fitting)
    assert result.starts == tuple(window[0] for window in fitting)
    assert set(result.unseen) == cells.difference(*fitting)


def test_feature_map_says_why_a_setting_is_impossible():
    explorer = FeatureMapExplorer()
    result = explorer.compute(size=6, kernel=5, stride=1, padding=0, dilation=2)
    drawn = words(explorer.draw(result))
    assert result.output == 0
    assert "不可能的设置" in drawn and "占 9 格" in drawn and "只有 6 格" in drawn


def test_feature_map_tells_lost_image_from_lost_padding():
    explorer = FeatureMapExplorer()
    assert explorer.compute(12, 3, 2, 0, 1).lost == [11]
    only_padding = explorer.compute(28, 3, 2, 1, 1)
    assert only_padding.unseen == (29,) and only_padding.lost == []
    assert "图像没有损失" in explorer.draw(only_padding)


def test_connections_are_those_of_the_paper():
    explorer = ConnectionExplorer(TABLE)
    sparse = explorer.compute(chosen=6, full=False)
    assert (sparse.crosses, sparse.parameters, sparse.connections) == (60, 1516, 151_600)
    assert (sparse.inputs, sparse.map_parameters) == ((0, 1, 2, 3), 101)
    full = explorer.compute(chosen=6, full=True)
    assert (full.crosses, full.parameters, full.connections) == (96, 2416, 241_600)


def test_codes_penalties_by_hand(explorers):
    explorer = explorers["CodeExplorer"]
    clean = explorer.compute(digit=4, flips=0, seed=0, amplitude=1.0)
    assert clean.nearest == (4,) and clean.penalties[4] == 0
    assert clean.penalties[7] == 4 * np.sum(CODES[4] != CODES[7]) == clean.distances[4, 7]
    noisy = explorer.compute(digit=4, flips=10, seed=1, amplitude=1.5)
    assert len(set(noisy.flipped)) == 10
    expected = [
        sum((x - w) ** 2 for x, w in zip(noisy.code.flat, code.flat, strict=True)) for code in CODES
    ]
    assert np.allclose(noisy.penalties, expected)
    assert noisy.penalties[4] == pytest.approx(74 * 0.5**2 + 10 * 2.5**2)


def test_codes_name_a_tie(explorers):
    explorer = type(explorers["CodeExplorer"])(np.stack([CODES[0], CODES[0], *CODES[2:]]))
    result = explorer.compute(digit=0, flips=0, seed=0, amplitude=1.0)
    assert result.nearest == (0, 1)
    assert "0、1 并列最小" in words(explorer.draw(result))


# --- The pad ---


def test_pad_leaves_the_network_as_it_was():
    pad = make_pad()
    pad.net.train()
    pad.net.c3.eval()
    shapes = {name: values.shape for name, values in pad.compute(IMAGES[0]).items()}
    assert shapes == {
        "image": (28, 28),
        "input": (32, 32),
        "C1": (6, 28, 28),
        "S2": (6, 14, 14),
        "C3": (16, 10, 10),
        "S4": (16, 5, 5),
        "F6": (84,),
        "logits": (10,),
    }
    assert pad.net.training and pad.net.c1.training and not pad.net.c3.training
    assert not any(layer._forward_post_hooks for layer in pad.net.sublayers())


def test_pad_shows_the_largest_output():
    pad = make_pad()
    result = pad.compute(IMAGES[0])
    assert f"网络的回答：{result['logits'].argmax()}" in words(pad.draw(result))


def test_pad_says_when_nothing_is_written():
    pad = make_pad()
    assert "请写一个数字" in pad.draw(pad.compute(np.zeros((28, 28), np.uint8)))


@pytest.mark.parametrize(
    "top, left, height, width", [(5, 60, 40, 10), (0, 0, 84, 84), (70, 3, 6, 9)]
)
def test_drawing_is_placed_as_in_mnist(top, left, height, width):
    drawing = np.zeros((84, 84), np.uint8)
    drawing[top : top + height, left : left + width] = 255
    rows, columns = np.nonzero(like_mnist(drawing))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    assert abs(rows.mean() + 0.5 - 14) <= 0.5 and abs(columns.mean() + 0.5 - 14) <= 0.5


def test_drawing_in_mnist_form_stays_what_it_is():
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 9:19] = np.random.RandomState(0).randint(1, 256, (20, 10))
    row, column = np.argwhere(like_mnist(image))[0]
    assert np.array_equal(
        like_mnist(image)[row : row + 20, column : column + 10], image[4:24, 9:19]
    )


def test_empty_drawing_is_an_empty_image():
    assert not like_mnist(np.zeros((84, 84), np.uint8)).any()


# --- Controls move the picture ---


def test_presets_set_the_controls_and_step_back_when_one_moves():
    explorer = FeatureMapExplorer()
    explorer.presets.value = "LeNet S2：池化 2×2"
    assert tuple(explorer.settings().values()) == (28, 2, 2, 0, 1)
    assert "输出 14×14" in words(explorer.picture.value)
    explorer.controls["kernel"].value = 4
    assert explorer.presets.value == ""
    assert explorer.controls["kernel"].value == 4 and "输出 13×13" in words(explorer.picture.value)


def test_pad_answers_to_its_button_and_to_a_drawing():
    pad = make_pad()
    first = pad.picture.value
    pad.button.click()
    assert pad.pad.shown == IMAGES[1].tobytes() and pad.picture.value != first
    drawing = np.zeros((84, 84), np.uint8)
    drawing[20:60, 40:46] = 255
    pad.pad.drawing = drawing.tobytes()
    assert pad.picture.value == pad.draw(pad.compute(like_mnist(drawing)))
