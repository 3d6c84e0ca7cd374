"""Section 6.3's explorers: fields and gradients against brute force, pictures, controls."""

from functools import partial
from itertools import product
from xml.etree import ElementTree

import numpy as np
import paddle
import pytest
from browser.samples import TinyNet, make_fields, make_stack
from paddle import nn

from course_utils.counting.effective_field import FieldProbe, clipped, core, cut, extent
from course_utils.counting.graph import TraceError
from course_utils.images.datasets import load_photo
from course_utils.widgets import ReceptiveFieldExplorer, StackedFieldsExplorer


class Branches(nn.Layer):
    """Two branches with different fields, then a pooling layer that is called twice."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2D(1, 2, 5, padding=2)
        self.narrow = nn.Conv2D(1, 2, 1)
        self.pool = nn.AvgPool2D(2)
        self.last = nn.Conv2D(4, 2, 3, stride=2, padding=1)

    def forward(self, x):
        x = self.pool(paddle.concat([self.wide(x), paddle.tanh(self.narrow(x))], axis=1))
        return self.last(self.pool(x))


def words(svg):
    return "|".join(ElementTree.fromstring(svg).itertext())


def image(channels, side):
    return np.random.RandomState(0).randn(channels, side, side).astype("float32")


def run(net, data, layer):
    """Output of ``layer`` in a forward pass, as an array."""
    outputs = []
    hook = layer.register_forward_post_hook(lambda _, inputs, output: outputs.append(output))
    with paddle.no_grad():
        net(paddle.to_tensor(data))
    hook.remove()
    return outputs[-1].numpy()


# --- Fields and gradients against brute force ---


@pytest.mark.parametrize("name", ["wide", "last"])
def test_window_and_gradient_by_moving_every_pixel(name):
    paddle.seed(3)
    net = Branches()
    net.eval()
    unit = (probe := FieldProbe(net, (1, 1, 14, 14))).units[name]
    data, step = image(1, 14), 1e-2
    row, column = unit.position
    slopes = np.zeros((14, 14))
    for pixel in product(range(14), repeat=2):
        ends = []
        for sign in (1, -1):
            moved = data[None].copy()
            moved[0, 0][pixel] += sign * step
            ends.append(run(net, moved, getattr(net, name))[0, :, row, column].sum())
        slopes[pixel] = abs(ends[0] - ends[1]) / (2 * step)
    seen = np.argwhere(slopes > 1e-4)
    window = tuple(zip(seen.min(axis=0).tolist(), seen.max(axis=0).tolist(), strict=True))
    assert window == clipped(unit.window, (14, 14))
    assert np.allclose(probe.gradient(name, data), slopes, atol=2e-3)


def test_fields_of_branches_and_of_a_layer_that_is_called_twice():
    units = FieldProbe(Branches, (1, 1, 14, 14)).units
    assert list(units) == ["wide", "narrow", "pool", "pool（第 2 次）", "last"]
    assert {name: extent(unit.window) for name, unit in units.items()} == {
        "wide": (5, 5),
        "narrow": (1, 1),
        "pool": (6, 6),
        "pool（第 2 次）": (8, 8),
        "last": (16, 16),
    }
    assert units["last"].jump == (8, 8) and units["last"].output_shape == (2, 2, 2)
    # Unit 1 of ``last`` reads the cells 1 to 3 of its input (3 is padding); cell i stands for
    # the pixels 4i to 4i + 3 and sees 2 more on each side, by the kernel of side 5.
    assert units["last"].window == ((2, 17), (2, 17))
    assert clipped(units["last"].window, (14, 14)) == ((2, 13), (2, 13))


def test_gradient_of_the_second_call_is_that_of_the_second_call():
    probe = FieldProbe(Branches, (1, 1, 16, 16))
    for name in ("pool", "pool（第 2 次）"):
        rows = np.flatnonzero(probe.gradient(name, image(1, 16)).any(axis=1))
        assert (rows.min(), rows.max()) == probe.units[name].window[0]


def test_global_pooling_sees_the_whole_image():
    net = nn.Sequential(nn.Conv2D(1, 2, 3), nn.AdaptiveAvgPool2D(1))
    unit = FieldProbe(net, (1, 1, 9, 9)).units["1"]
    assert unit.jump is None and unit.window == ((0, 8), (0, 8))


def test_gradient_is_zero_outside_of_the_window():
    probe = FieldProbe(make_stack, (1, 3, 64, 64))
    for name, unit in probe.units.items():
        gradient = probe.gradient(name, image(3, 64))
        inside = cut(gradient, unit.window).sum(dtype=np.float64)
        assert inside > 0 and inside == pytest.approx(gradient.sum(dtype=np.float64))


# --- The network is left alone, and weights are made only where they are needed ---


def test_only_the_weights_on_the_way_are_made():
    def factory():
        return nn.Sequential(
            nn.Conv2D(3, 4, 3), nn.MaxPool2D(2), nn.Conv2D(4, 4, 3), nn.Flatten(),
            nn.Linear(4 * 13 * 13, 10**7),
        )  # fmt: skip

    probe = FieldProbe(factory, (1, 3, 32, 32))
    probe.gradient("1", image(3, 32))
    made = [bool(p._is_initialized()) for p in probe.net.parameters()]
    assert made == [True, True, False, False, False, False]
    probe.gradient("2", image(3, 32))
    assert not probe.net[4].weight._is_initialized()


def test_random_weights_depend_on_nothing_else():
    def gradients(order):
        probe = FieldProbe(make_stack, (1, 3, 64, 64))
        found = {}
        for name in order:
            paddle.randn([3])
            found[name] = probe.gradient(name, image(3, 64))
        return found

    one, other = gradients(["0", "3", "5"]), gradients(["5", "0", "3"])
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_network_and_random_numbers_stay_as_they_were():
    paddle.seed(1)
    net = TinyNet()
    net.c3.eval()
    before = [p.numpy() for p in net.parameters()]
    paddle.seed(5)
    expected = paddle.randn([4]).numpy()
    paddle.seed(5)
    FieldProbe(net, (1, 1, 32, 32)).gradient("c3", image(1, 32))
    assert np.array_equal(paddle.randn([4]).numpy(), expected)
    assert net.training and net.c1.training and not net.c3.training
    hooks = [(*x._forward_pre_hooks, *x._forward_post_hooks) for x in net.sublayers(True)]
    assert not any(hooks)
    for parameter, value in zip(net.parameters(), before, strict=True):
        assert np.array_equal(parameter.numpy(), value) and parameter.grad is None


def test_present_weights_count():
    net = nn.Sequential(nn.Conv2D(1, 1, 3, padding=1))
    weights = np.array([[0, 0, 0], [0, 2, -5], [0, 0, 0]], "float32")
    net[0].weight.set_value(weights[None, None])
    gradient = FieldProbe(net, (1, 1, 5, 5)).gradient("0", image(1, 5))
    assert np.array_equal(gradient[1:4, 1:4], abs(weights)) and gradient.sum() == 7


# --- The core ---


@pytest.mark.parametrize("window", [((2, 8), (2, 8)), ((1, 6), (2, 7)), ((-4, 11), (-3, 12))])
def test_core_is_the_smallest_window_that_holds_enough(window):
    gradient = np.zeros((10, 10))
    inside = cut(gradient, window)
    inside[:] = np.random.RandomState(1).rand(*inside.shape) ** 3
    found = core(gradient, window)
    (margin,) = {
        abs(a - b) for pair in zip(found, window, strict=True) for a, b in zip(*pair, strict=True)
    }
    tighter = tuple((first + 1, last - 1) for first, last in found)
    assert cut(gradient, found).sum() >= 0.9 * gradient.sum()
    assert min(extent(found)) <= 2 or cut(gradient, tighter).sum() < 0.9 * gradient.sum()
    assert margin >= 0


def test_core_of_no_gradient_is_none():
    assert core(np.zeros((5, 5)), ((1, 3), (1, 3))) is None


# --- The stack ---


@pytest.mark.parametrize("kernel, layers, bias", list(product((3, 5), (1, 2, 4), (False, True))))
def test_stack_against_real_layers(kernel, layers, bias):
    result = StackedFieldsExplorer().compute(kernel, layers, channels=2, bias=bias)
    options = {"bias_attr": None if bias else False}
    stack = nn.Sequential(
        *(nn.Conv2D(2, 2, kernel, padding=kernel // 2, **options) for _ in range(layers))
    )
    gradient = FieldProbe(stack, (1, 2, 21, 21)).gradient(str(layers - 1), image(2, 21))
    seen = np.flatnonzero(gradient.any(axis=0))
    assert result.field == len(seen) == np.ptp(seen) + 1
    single = nn.Conv2D(2, 2, result.field, **options)
    counts = [sum(p.size for p in net.parameters()) for net in (stack, single)]
    assert [result.parameters, result.single_parameters] == counts
    assert result.ratio == counts[0] / counts[1]


def test_stack_says_what_the_paper_says():
    explorer = StackedFieldsExplorer()
    three = explorer.compute(kernel=3, layers=3, channels=64, bias=False)
    drawn = words(explorer.draw(three))
    # 27 C^2 against 49 C^2: Simonyan & Zisserman 2015, section 2.3 ("81 % more").
    assert "7×7" in drawn and f"{27 / 49:.1%}" in drawn and "激活 3 次" in drawn
    assert three.single_parameters / three.parameters == pytest.approx(1.81, abs=0.005)
    assert "再叠一层" in words(explorer.draw(explorer.compute(3, 1, 64, False)))


# --- The explorer of fields ---


def test_picture_says_that_a_window_leaves_the_image():
    explorer = ReceptiveFieldExplorer({"B": (Branches, (1, 1, 14, 14))}, load_photo())
    result = explorer.compute("B", "last")
    drawn = words(explorer.draw(result))
    assert "感受野 16×16" in drawn and f"{1 - 12 * 12 / 16**2:.0%} 伸到图像之外" in drawn
    assert "伸到图像之外" not in words(explorer.draw(explorer.compute("B", "pool")))


def test_area_of_the_core_by_counting_pixels():
    explorer = make_fields()
    for net, layer in [("Stack", "3"), ("TinyNet", "c3")]:
        result = explorer.compute(net, layer)
        side = result.photo.shape[0]
        core_pixels, seen = (
            sum(top <= i <= bottom and left <= j <= right for i in range(side) for j in range(side))
            for (top, bottom), (left, right) in (result.core, result.unit.window)
        )
        assert result.core_area == core_pixels / seen


def test_dead_unit_is_told():
    net = nn.Sequential(nn.Conv2D(1, 1, 3))
    net[0].weight.set_value(paddle.zeros([1, 1, 3, 3]))
    explorer = ReceptiveFieldExplorer({"D": (net, (1, 1, 9, 9))}, load_photo())
    assert "处处为 0" in words(explorer.picture.value)


def test_picture_shows_that_it_is_computing_and_remembers():
    explorer = make_fields()
    shown = []
    explorer.picture.observe(lambda change: shown.append(change.new), "value")
    explorer.controls["layer"].value = "c3"
    assert len(shown) == 2 and "正在计算" in shown[0] and "正在计算" not in shown[1]
    explorer.controls["layer"].value = "c1"
    explorer.controls["layer"].value = "c3"
    assert shown[3:] == [shown[1]]


def test_another_network_lists_its_own_layers():
    explorer = make_fields()
    assert explorer.controls["layer"].options == ("c1", "s2", "c3", "s4")
    explorer.controls["layer"].value = "c3"
    explorer.controls["net"].value = "Stack"
    assert explorer.controls["layer"].options == ("0", "2", "3", "5")
    assert explorer.settings() == {"net": "Stack", "layer": "0"}
    assert explorer.picture.value == explorer.draw(explorer.compute("Stack", "0"))


@pytest.mark.parametrize("shape", [(1, 4, 32, 32), (1, 3, 32, 30), (1, 3, 32)])
def test_shape_that_no_photo_has(shape):
    with pytest.raises(ValueError, match=r"^the input_shape of Stack is \(1, .*in grey\.$"):
        ReceptiveFieldExplorer({"Stack": (make_stack, shape)}, load_photo())


def test_network_that_cannot_take_the_input():
    nets = {"TinyNet": (TinyNet, (1, 1, 28, 28))}
    with pytest.raises(TraceError, match=r"^f6 \(Linear\) 接不上.*实际来的是 256 个。$"):
        ReceptiveFieldExplorer(nets, load_photo())


def test_network_without_convolutions():
    with pytest.raises(ValueError, match="Sequential has no layer that convolves or pools"):
        FieldProbe(partial(nn.Sequential, nn.Flatten(), nn.Linear(9, 2)), (1, 1, 3, 3))


def test_flip_book_takes_few_layers_and_always_the_last():
    nets = {f"net {i}": (make_stack, (1, 3, 64, 64)) for i in range(7)}
    frames = ReceptiveFieldExplorer(nets, load_photo()).frames()
    assert [settings["layer"] for _, settings in frames] == ["5"] * 7
    frames = ReceptiveFieldExplorer({"net": nets["net 0"]}, load_photo()).frames()
    assert [settings["layer"] for _, settings in frames] == ["0", "2", "5"]
