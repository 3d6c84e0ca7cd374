"""Section 6.2's explorers: their numbers against loops, against Paddle and against the paper."""

from itertools import product
from xml.etree import ElementTree

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from browser.samples import ACTIVATIONS, FEATURE_MAP
from paddle import nn

from course_utils import analyze
from course_utils.images.augmentation import central_square
from course_utils.images.datasets import load_photo
from course_utils.widgets import AugmentationExplorer, LrnExplorer, PoolingExplorer, TwoGpuExplorer
from course_utils.widgets.augmentation import READINGS

pytestmark = pytest.mark.section("6.2")

SHARED = ("conv3", "fc6", "fc7", "fc8")
IMAGE = (1, 3, 227, 227)


def alexnet(groups=2, share=1):
    """AlexNet's layers that matter here; ``share`` 2 makes one of two independent halves."""
    c96, c256, c384, n4096, n1000 = (n // share for n in (96, 256, 384, 4096, 1000))
    return nn.Sequential(
        ("conv1", nn.Conv2D(3, c96, 11, stride=4)),
        ("lrn1", nn.LocalResponseNorm(5)),
        ("pool1", nn.MaxPool2D(3, 2)),
        ("conv2", nn.Conv2D(c96, c256, 5, padding=2, groups=groups)),
        ("pool2", nn.MaxPool2D(3, 2)),
        ("conv3", nn.Conv2D(c256, c384, 3, padding=1)),
        ("conv4", nn.Conv2D(c384, c384, 3, padding=1, groups=groups)),
        ("conv5", nn.Conv2D(c384, c256, 3, padding=1, groups=groups)),
        ("pool5", nn.MaxPool2D(3, 2)),
        ("flatten", nn.Flatten()),
        ("fc6", nn.Linear(36 * c256, n4096)),
        ("fc7", nn.Linear(n4096, n4096)),
        ("fc8", nn.Linear(n4096, n1000)),
    )


@pytest.fixture(scope="module")
def gpus():
    return TwoGpuExplorer(analyze(alexnet, IMAGE), SHARED)


def words(svg):
    return "|".join(ElementTree.fromstring(svg).itertext())


# --- Two GPUs ---


def test_what_crosses_by_hand(gpus):
    result = gpus.compute(layer="fc8", talk="paper")
    crossing = {step.name: step.crosses for step in result.steps if step.crosses}
    assert crossing == {"conv3": 13 * 13 * 256, "fc6": 6 * 6 * 256, "fc7": 4096, "fc8": 4096}
    assert result.whole == result.total == 60_672
    assert gpus.compute(layer="conv5", talk="paper").total == 43_264
    drawn = words(gpus.draw(result))
    assert "整个网络共传 60,672 个数 = 242,688 字节" in drawn
    assert "2,048 个数 = 8,192 字节" in drawn


def test_halves_are_those_of_the_paper(gpus):
    steps = {step.name: step for step in gpus.compute(layer="conv1", talk="paper").steps}
    filters = {name: (s.filters, s.kernel, s.depth) for name, s in steps.items() if s.filters}
    assert filters == {
        "conv1": (48, 11, 3),
        "conv2": (128, 5, 48),
        "conv3": (192, 3, 256),
        "conv4": (192, 3, 192),
        "conv5": (128, 3, 192),
        "fc6": (2048, 1, 9216),
        "fc7": (2048, 1, 4096),
        "fc8": (500, 1, 4096),
    }
    assert steps["conv1"].whole_input and steps["conv1"].input_half == (3, 227, 227)
    assert steps["conv1"].output_half == (48, 55, 55)
    assert steps["pool5"].output_half == (128, 6, 6) and steps["fc6"].input_half == (4608,)


@pytest.mark.parametrize(
    "talk, build, networks",
    [
        ("paper", alexnet, 1),
        ("always", lambda: alexnet(groups=1), 1),
        ("never", lambda: alexnet(groups=1, share=2), 2),
    ],
)
def test_counts_are_those_of_a_network_built_that_way(gpus, talk, build, networks):
    table = analyze(build, IMAGE)
    result = gpus.compute(layer="conv1", talk=talk)
    assert [(step.name, 2 * step.parameters, 2 * step.multiply_adds) for step in result.steps] == [
        (row.name, networks * row.params, networks * row.macs) for row in table.rows
    ]
    assert result.parameters == networks * table.totals["params"]


def test_all_layers_or_none_talk(gpus):
    always = gpus.compute(layer="fc8", talk="always")
    assert always.whole == 60_672 + 27 * 27 * 96 + 2 * 13 * 13 * 384
    assert gpus.compute(layer="fc8", talk="never").whole == 0


def test_wrong_tables_are_refused():
    table = analyze(alexnet, IMAGE)
    with pytest.raises(ValueError, match="conv2 has 1200 weights a filter"):
        TwoGpuExplorer(table, (*SHARED, "conv2"))
    with pytest.raises(ValueError, match="fc7 has 4096 weights a filter"):
        TwoGpuExplorer(table, ("conv3", "fc6", "fc8"))
    with pytest.raises(KeyError, match="no row 'conv9'"):
        TwoGpuExplorer(table, ("conv9",))
    odd = analyze(lambda: nn.Sequential(("conv1", nn.Conv2D(3, 7, 3))), IMAGE)
    with pytest.raises(ValueError, match="conv1 has 7 channels"):
        TwoGpuExplorer(odd, ())


# --- Pooling ---


@pytest.mark.parametrize(
    "kind, kernel, stride", list(product(("max", "average"), (2, 3, 5), (2, 3, 4)))
)
def test_pooling_by_loops(kind, kernel, stride):
    rows, columns = FEATURE_MAP.shape
    corners = list(
        product(range(0, rows - kernel + 1, stride), range(0, columns - kernel + 1, stride))
    )
    windows = {
        (top // stride, left // stride): [
            (top + i, left + j) for i in range(kernel) for j in range(kernel)
        ]
        for top, left in corners
    }
    seen = np.zeros(FEATURE_MAP.shape, int)
    for cells in windows.values():
        for cell in cells:
            seen[cell] += 1
    chosen = (rows - 2, 4)
    result = PoolingExplorer(FEATURE_MAP).compute(kind, kernel, stride, *chosen).other
    for output, cells in windows.items():
        values = [FEATURE_MAP[cell] for cell in cells]
        expected = max(values) if kind == "max" else sum(values) / len(values)
        assert result.values[output] == pytest.approx(expected)
    assert result.values.size == len(windows)
    assert result.windows == tuple(output for output in windows if chosen in windows[output])
    assert result.unread == (seen == 0).sum()
    assert result.shared == pytest.approx((seen > 1).mean())
    largest = {max(cells, key=FEATURE_MAP.__getitem__) for cells in windows.values()}
    assert result.sources == (len(largest) if kind == "max" else None)


@pytest.mark.parametrize("kernel, stride", [(2, 2), (3, 2), (5, 3)])
def test_pooling_agrees_with_paddle(kernel, stride):
    image = paddle.to_tensor(FEATURE_MAP[None, None])
    explorer = PoolingExplorer(FEATURE_MAP)
    for kind, pool in (("max", F.max_pool2d), ("average", F.avg_pool2d)):
        result = explorer.compute(kind, kernel, stride, 0, 0)
        for pooled in (result.plain, result.other):
            expected = pool(image, pooled.kernel, stride).numpy()[0, 0]
            assert np.allclose(pooled.values, expected)
    assert result.plain.kernel == stride and result.other.kernel == kernel


def test_first_of_equal_values_is_the_source():
    result = PoolingExplorer(np.zeros((9, 9))).compute("max", 3, 2, 0, 0)
    assert result.plain.sources == result.other.sources == 16
    explorer = PoolingExplorer(np.zeros((9, 9)))
    assert "没有窗口看到这一格" in words(explorer.draw(explorer.compute("max", 3, 2, 8, 8)))


@pytest.mark.parametrize("shape", [(7, 20), (3, 9, 9)])
def test_map_that_cannot_be_shown_says_so(shape):
    with pytest.raises(ValueError, match="needs two axes of at least 8 cells"):
        PoolingExplorer(np.zeros(shape))


# --- Local response normalisation ---

PAPER = {"n": 5, "k": 2.0, "alpha": 1e-4, "beta": 0.75}


@pytest.mark.parametrize("scale", [1, 100])
@pytest.mark.parametrize(
    "change", [{}, {"n": 1}, {"n": 15}, {"k": 0.5}, {"alpha": 0.1}, {"beta": 1.5}, {"beta": 0.0}]
)
def test_lrn_by_the_sum_of_the_paper_and_by_paddle(change, scale):
    constants = {**PAPER, **change}
    n, k, alpha, beta = constants.values()
    a = (ACTIVATIONS * scale).tolist()
    by_hand = [
        a[i] / (k + alpha * sum(a[j] ** 2 for j in range(len(a)) if abs(j - i) <= n // 2)) ** beta
        for i in range(len(a))
    ]
    explorer = LrnExplorer(ACTIVATIONS)
    paper = explorer.compute(channel=3, **constants, rule="paper", scale=scale)
    assert np.allclose(paper.outputs, by_hand)
    assert paper.output == pytest.approx(by_hand[3]) and paper.value == pytest.approx(a[3])

    column = paddle.to_tensor(a, dtype="float64").reshape([1, -1, 1, 1])
    for rule, passed in (("paper", alpha * n), ("paddle", alpha)):
        theirs = F.local_response_norm(column, n, alpha=passed, beta=beta, k=k)
        ours = explorer.compute(channel=3, **constants, rule=rule, scale=scale).outputs
        assert np.allclose(ours, theirs.numpy().ravel())


def test_lrn_at_the_border_takes_what_exists():
    explorer = LrnExplorer(ACTIVATIONS)
    last = len(ACTIVATIONS) - 1
    assert explorer.compute(0, **PAPER, rule="paper", scale=1).window == range(0, 3)
    assert explorer.compute(last, **PAPER, rule="paper", scale=1).window == range(
        last - 2, last + 1
    )


def test_lrn_says_when_there_is_nothing_to_divide_by():
    dark = int(np.flatnonzero(ACTIVATIONS == 0)[0])
    constants = {**PAPER, "n": 1, "k": 0.0}
    explorer = LrnExplorer(ACTIVATIONS)
    result = explorer.compute(dark, **constants, rule="paddle", scale=1)
    assert np.isnan(result.output) and np.isfinite(result.outputs[ACTIVATIONS > 0]).all()
    drawn = words(explorer.draw(result))
    assert "不可能的设置" in drawn and "请把 k 调大" in drawn and "红叉" in drawn
    column = paddle.to_tensor(ACTIVATIONS).reshape([1, -1, 1, 1])
    theirs = F.local_response_norm(column, 1, alpha=1e-4, beta=0.75, k=0.0).numpy().ravel()
    assert np.array_equal(np.isnan(theirs), np.isnan(result.outputs))


def test_lrn_of_darkness_and_what_it_cannot_take():
    explorer = LrnExplorer(np.zeros(9))
    for caption, settings in explorer.frames():
        assert words(explorer.draw(explorer.compute(**settings))), caption
    with pytest.raises(ValueError, match="minimum of -1; pass one activation a channel"):
        LrnExplorer([1.0, -1.0])
    with pytest.raises(ValueError, match=r"shape \[2, 2\]"):
        LrnExplorer(np.ones((2, 2)))


# --- Augmentation ---

MIDDLE = {"size": 224, "top": 16, "left": 16, "flip": False}
DARK = {"alpha1": 0.0, "alpha2": 0.0, "alpha3": 0.0, "reading": next(iter(READINGS))}


@pytest.fixture
def augmentation():
    return AugmentationExplorer(load_photo())


def test_crop_and_mirror(augmentation):
    square = central_square(load_photo())
    plain = augmentation.compute(**{**MIDDLE, "top": 3, "left": 32}, **DARK)
    assert np.array_equal(plain.image, square[3:227, 32:256]) and plain.clipped == 0
    mirrored = augmentation.compute(**{**MIDDLE, "flip": True}, **DARK)
    assert np.array_equal(mirrored.image, square[16:240, 239:15:-1])


def test_count_of_results_by_listing_them(augmentation):
    for size, paper in ((224, 33 * 33 * 2), (227, 30 * 30 * 2)):
        places = [start for start in range(256) if start + size <= 256]
        listed = list(product(places, places, (False, True)))
        result = augmentation.compute(**{**MIDDLE, "size": size}, **DARK)
        assert result.count == len(listed) == paper


def test_light_by_the_formula_of_the_paper(augmentation):
    pixels = central_square(load_photo()).reshape(-1, 3) / 255
    values, vectors = np.linalg.eigh(np.cov(pixels.T))
    values, vectors = values[::-1], vectors[:, ::-1]
    factors = {"alpha1": 0.5, "alpha2": -1.0, "alpha3": 0.8}
    unit, byte, root = (
        augmentation.compute(**MIDDLE, **{**DARK, **factors, "reading": reading})
        for reading in READINGS
    )
    # An eigenvector may point either way; the shift along its line has one length.
    for result, scales in (
        (unit, 255 * values),
        (byte, 255**2 * values),
        (root, 255 * values**0.5),
    ):
        along = np.abs(np.einsum("ij,ji->i", result.shifts, vectors))
        assert along == pytest.approx(np.abs([0.5, -1.0, 0.8]) * scales)
    added = unit.image.astype(float) - augmentation.compute(**MIDDLE, **DARK).image
    assert np.abs(added - unit.shift)[unit.image < 255].max() <= 0.5
    assert byte.clipped > 0.9


def test_first_component_is_brightness(augmentation):
    lit = augmentation.compute(**MIDDLE, **{**DARK, "alpha1": 1.0})
    assert (lit.shift > 0).all()


def test_larger_crop_has_fewer_places(augmentation):
    augmentation.set(top=32, left=31)
    augmentation.controls["size"].value = 227
    assert [augmentation.controls[name].max for name in ("top", "left")] == [29, 29]
    assert augmentation.compute(**augmentation.settings()).image.shape == (227, 227, 3)
    assert augmentation.picture.value == augmentation.draw(
        augmentation.compute(**augmentation.settings())
    )


def test_chance_stays_inside_and_repeats(augmentation):
    other = AugmentationExplorer(load_photo())
    drawn = []
    for _ in range(30):
        augmentation.button.click()
        other.button.click()
        assert augmentation.settings() == other.settings()
        drawn.append(augmentation.settings())
    assert {settings["flip"] for settings in drawn} == {False, True}
    assert all(0 <= settings["top"] <= 32 and 0 <= settings["left"] <= 32 for settings in drawn)
    factors = [settings[name] for settings in drawn for name in ("alpha1", "alpha2", "alpha3")]
    assert 0.05 < np.std(factors) < 0.2
