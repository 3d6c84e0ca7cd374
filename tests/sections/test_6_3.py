"""The networks of section 6.3, against the paper and by independent arithmetic."""

import math
from functools import partial

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from course_utils import analyze, exercises, figures, load_section
from course_utils.book import textbook

SECTION = load_section("6.3")
IMAGE = (1, 3, 224, 224)
# Simonyan & Zisserman 2015, table 1 and table 2: per module (3x3 layers, 1x1 layers); weight
# layers; parameters in millions.
PAPER = {
    "A": ([(1, 0), (1, 0), (2, 0), (2, 0), (2, 0)], 11, 133),
    "A-LRN": ([(1, 0), (1, 0), (2, 0), (2, 0), (2, 0)], 11, 133),
    "B": ([(2, 0), (2, 0), (2, 0), (2, 0), (2, 0)], 13, 133),
    "C": ([(2, 0), (2, 0), (2, 1), (2, 1), (2, 1)], 16, 134),
    "D": ([(2, 0), (2, 0), (3, 0), (3, 0), (3, 0)], 16, 138),
    "E": ([(2, 0), (2, 0), (4, 0), (4, 0), (4, 0)], 19, 144),
}
WIDTHS = (64, 128, 256, 512, 512)
HIDDEN = ((25088, 4096), (4096, 4096), (4096, 1000))


def by_hand(config):
    """(parameters, multiply-adds) of a configuration, without geometry."""
    parameters = sum((i + 1) * o for i, o in HIDDEN)
    multiply_adds = sum(i * o for i, o in HIDDEN)
    channels, side = 3, 224
    for (large, small), width in zip(PAPER[config][0], WIDTHS, strict=True):
        for taps in [9] * large + [1] * small:
            parameters += (taps * channels + 1) * width
            multiply_adds += side * side * taps * channels * width
            channels = width
        side //= 2
    return parameters, multiply_adds


@pytest.mark.parametrize("config", PAPER)
def test_configurations_are_the_papers(config):
    totals = analyze(partial(SECTION.VGG, config), IMAGE).totals
    assert (totals["params"], totals["macs"]) == by_hand(config)
    assert round(totals["params"] / 1e6) == PAPER[config][2]
    assert SECTION.weight_layers(config) == PAPER[config][1]


@pytest.mark.parametrize("config, name", [("A", 11), ("B", 13), ("D", 16), ("E", 19)])
def test_paddle_vision_has_the_same_networks(config, name):
    theirs = analyze(getattr(paddle.vision.models, f"vgg{name}"), IMAGE)
    assert (theirs.totals["params"], theirs.totals["macs"]) == by_hand(config)


def test_receptive_fields_are_those_of_araujo_2019():
    for config, field in (("A", 150), ("D", 212)):
        assert (
            analyze(partial(SECTION.VGG, config), IMAGE).group()["pool5"].receptive_field == field
        )


def test_unknown_configuration():
    with pytest.raises(ValueError, match="'F'; it must be one of A, A-LRN, B, C, D, E"):
        SECTION.VGG("F")


def test_cells_are_read_back_from_the_layers(monkeypatch):
    assert SECTION.read_back("C") == SECTION.CONFIGS["C"]
    planted = ["conv5-64 conv1-32", "conv7-128", "conv3-256 LRN", "conv3-512", "conv3-512"]
    monkeypatch.setitem(SECTION.CONFIGS, "X", planted)
    assert SECTION.read_back("X") == planted


def problems():
    return {f.claim.id for f in textbook.audit("6.3", SECTION) if f.problem}


def test_the_audit_catches_a_planted_mistake(monkeypatch):
    cells = list(SECTION.CONFIGS["C"])
    cells[3] = cells[3].replace("conv1", "conv3")
    monkeypatch.setitem(SECTION.CONFIGS, "C", cells)
    assert problems() == {"6.3-table-block4-C", "6.3-almost-all-3x3", "6.3-c-has-1x1"}


def test_the_audit_catches_a_forgotten_relu(monkeypatch):
    class Forgetful(SECTION.VGG):
        def __init__(self, config="D"):
            super().__init__(config)
            del self.block3._sub_layers["1"]

    monkeypatch.setattr(SECTION, "VGG", Forgetful)
    assert problems() == {"6.3-relu"}


def test_lrn_is_the_formula_of_alexnet():
    """b = a / (k + alpha * sum of squares of 5 neighbours)^beta, k=2, alpha=1e-4, beta=0.75."""
    lrn = SECTION.conv_block("conv3-64 LRN", 3)[-1]
    a = 10 * np.random.default_rng(0).random((1, 7, 2, 2), dtype=np.float32)
    squares = np.pad(a**2, ((0, 0), (2, 2), (0, 0), (0, 0)))
    sums = sum(squares[:, shift : shift + 7] for shift in range(5))
    expected = a / (2 + 1e-4 * sums) ** 0.75
    np.testing.assert_allclose(lrn(paddle.to_tensor(a)).numpy(), expected, rtol=1e-5)


def test_three_small_kernels_can_do_what_one_large_one_does():
    """Without ReLU, three 3x3 kernels in a row are one 7x7 kernel."""
    kernels = paddle.randn([3, 1, 1, 3, 3])
    delta = paddle.zeros([1, 1, 13, 13])
    delta[0, 0, 6, 6] = 1.0
    seen = delta
    for kernel in kernels:
        seen = F.conv2d(seen, kernel, padding=1)
    rows, columns = np.nonzero(seen.numpy()[0, 0])
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (7, 7)


@pytest.mark.parametrize("config, layers", [("A", 11), ("B", 13), ("D", 16), ("E", 19)])
def test_small_networks_keep_the_depth(config, layers):
    net = SECTION.SmallVGG(config)
    assert len(SECTION.weighted(net)) == layers
    assert list(net(paddle.randn([2, 1, 28, 28])).shape) == [2, 10]


def test_full_width_is_the_papers_width():
    table = analyze(partial(SECTION.SmallVGG, "D", shrink=1, in_channels=3), (1, 3, 28, 28))
    convolutions = [row.params for row in table.rows if row.type == "Conv2D"]
    original = analyze(SECTION.VGG, IMAGE).rows
    assert convolutions == [row.params for row in original if row.type == "Conv2D"]


def test_signals_by_hand():
    """One linear layer: its mean output, and the gradient of cross-entropy at zero weights."""
    net = paddle.nn.Sequential(paddle.nn.Linear(2, 2))
    net[0].weight.set_value(paddle.to_tensor([[1.0, -1.0], [0.0, 0.0]]))
    outputs, gradients = SECTION.signals(net, paddle.to_tensor([[2.0, 5.0]]), paddle.to_tensor([0]))
    wrong = 1 / (1 + math.exp(4))  # probability of class 1 for the logits 2 and -2
    assert outputs == pytest.approx([2.0])
    assert gradients == pytest.approx([wrong * (2 + 5) / 2], rel=1e-4)


def said(capsys, exercise, answer):
    exercises.check(exercise, answer)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "exercise, answer",
    [
        ("6.3-1", 830_016),
        ("6.3-2", 9),
        ("6.3-3", 26),
        ("6.3-4", 134_221_824),
        ("6.3-5", 1_849_688_064),
        ("6.3-6", SECTION.with_global_pooling),
    ],
)
def test_right_answers_worked_out_by_hand(capsys, exercise, answer):
    assert "✓ 正确" in said(capsys, exercise, answer)


@pytest.mark.parametrize(
    "exercise, answer, hint",
    [
        ("6.3-1", 829_440, "偏置"),
        ("6.3-1", 3 * 331_968, "96"),
        ("6.3-2", 12, "重叠"),
        ("6.3-3", 18, "相距不止 1"),
        ("6.3-4", 102_764_544, "256"),
        ("6.3-5", 1_852_899_328, "偏置"),
        ("6.3-6", SECTION.VGG, "超过 16,000,000"),
        ("6.3-6", partial(SECTION.with_global_pooling, "A"), "13 个卷积层"),
        ("6.3-6", partial(SECTION.with_global_pooling, "C"), "196"),
        ("6.3-6", partial(SECTION.with_global_pooling, num_classes=10), "[n, 1000]"),
    ],
)
def test_usual_mistakes_get_their_hint(capsys, exercise, answer, hint):
    output = said(capsys, exercise, answer)
    assert "✗" in output and hint in output


def words(figure):
    """All that is written in the panels of a figure."""
    texts = [text for ax in figure.axes for text in (*ax.texts, ax.title, ax.xaxis.label)]
    return [text.get_text() for text in texts]


def test_stacked_fields_say_what_they_draw():
    figure = figures.stacked_fields((3, 3), (5,), (3, 3, 3), (7,))
    said = [ax.get_xlabel() for ax in figure.axes]
    assert said == [
        "感受野 5×5\n权值 18C²", "感受野 5×5\n权值 25C²",
        "感受野 7×7\n权值 27C²", "感受野 7×7\n权值 49C²",
    ]  # fmt: skip
    cells = [sum(patch.get_height() == 0.8 for patch in _cells(ax)) for ax in figure.axes]
    assert cells == [5 + 3 + 1, 5 + 1, 7 + 5 + 3 + 1, 7 + 1]


def _cells(ax):
    return [patch for patch in ax.patches if hasattr(patch, "get_height")]


def test_stack_parameters_compares_at_the_last_number_of_channels():
    figure = figures.stack_parameters(((3, 3, 3), (7,)), channels=[1, 10])
    small, large = (line.get_ydata()[-1] for line in figure.axes[0].lines)
    assert (small, large) == (3 * 10 * 91 / 1e6, 10 * 491 / 1e6)
    assert "55.6 %" in figure.axes[0].get_title()


def test_layer_shares_are_per_cent_of_each_total():
    figure = figures.layer_shares(["前", "后"], {"参数量": [1, 3], "乘加次数": [9, 1]})
    assert {"25.0 %", "75.0 %", "90.0 %", "10.0 %", "参数量（共 4）"} <= set(words(figure))
    with pytest.raises(ValueError, match="has 1 numbers for 2 layers"):
        figures.layer_shares(["前", "后"], {"参数量": [1]})
