"""A real photo through the eyes of one unit: its receptive field, and where its gradient is.

Sources: as in ``effective_field`` (Araujo et al. 2019; Luo et al. 2016).
"""

from dataclasses import dataclass
from math import prod

import numpy as np
from paddle import nn
from PIL import Image

from ..counting.effective_field import FieldProbe, Unit, clipped, core, cut, extent
from ..images.datasets import standardize
from . import svg
from .explorer import Explorer, choice_slider, dropdown
from .photos import drawn_photo, fitted, window_frame

_SIDE, _TOP = 262, 104  # of the three pictures
_LEFTS = (22, 301, 580)
_CELLS, _LEVELS = 32, 8  # coarse, so that last digits of a machine's arithmetic do not show
_SHARE = 0.9
_FRAMES, _FRAMES_EACH = 5, 3


@dataclass(frozen=True)
class Sight:
    """The middle unit of one layer and what it sees of a photo.

    ``photo``: uint8 (height, width) or (height, width, 3), the network's input before it is
    standardised. ``gradient``: float32 (height, width); ``core``: the window that holds 90 % of
    it (see ``effective_field``); both None while they are not known. ``weights``: which they are.
    """

    net: str
    unit: Unit
    photo: np.ndarray
    weights: str
    gradient: np.ndarray | None = None
    core: tuple | None = None

    @property
    def visible(self):
        """The part of the unit's window that lies in the image."""
        return clipped(self.unit.window, self.photo.shape[:2])

    @property
    def core_area(self):
        """Pixels in the core as a part of those that the unit sees, both within the image."""
        held = clipped(self.core, self.photo.shape[:2])
        return prod(extent(held)) / prod(extent(self.visible))


class ReceptiveFieldExplorer(Explorer):
    """Slide through the layers of a network: the field on the photo, beside it the gradient.

    A gradient is worked out when its layer is first looked at, and remembered: after training a
    network make a new explorer.

    Args:
        nets: {name to show: (net or factory, input_shape)}; a factory's weights are random, and
            are made only up to the layers that are looked at. input_shape is (1, 3, n, n), or
            (1, 1, n, n) for a grey photo.
        photo: uint8 array (height, width, 3); its middle square is scaled to n x n.

    Raises:
        ValueError: an input_shape that a photo cannot have.
        graph.TraceError: a network that cannot take its input_shape.
    """

    title = "它能看多远，又真正在看哪里？"
    question = (
        "越深的层，一个单元看得见的范围越大。猜一猜：最后一个卷积层的一个单元看得见整幅图像吗？"
        "看得见的像素，对它的影响都一样大吗？"
    )

    def __init__(self, nets, photo):
        self.photos = {name: fitted(photo, name, shape) for name, (_, shape) in nets.items()}
        self.probes = {name: FieldProbe(net, shape) for name, (net, shape) in nets.items()}
        self.weights = {
            name: "网络现有的" if isinstance(net, nn.Layer) else "随机初始化，未经训练"
            for name, (net, _) in nets.items()
        }
        self._known = {}
        super().__init__()

    def make_controls(self):
        first, *_ = self.probes
        net = dropdown("网络", list(self.probes), first)
        net.observe(self._list_layers, "value")
        layer = choice_slider("层", self.layers(first), self.layers(first)[0])
        layer.continuous_update = False
        layer.layout.width = "min(540px, 100%)"
        return {"net": net, "layer": layer}

    def layers(self, net):
        """Names of the layers on the slider, in the order of the forward pass."""
        return list(self.probes[net].units)

    def compute(self, net, layer):
        """A ``Sight``; the gradient takes up to seconds the first time."""
        if (net, layer) not in self._known:
            pixels = standardize(self.photos[net][None])[0]
            gradient = self.probes[net].gradient(layer, pixels)
            window = self.probes[net].units[layer].window
            self._known[net, layer] = gradient, core(gradient, window, _SHARE)
        return self._sight(net, layer)

    def draw(self, result):
        """The photo with the window, the window by itself, the gradient in it; words below."""
        return svg.picture(
            860,
            520,
            _heading(result) + _whole(result) + _window(result) + _gradient(result) + _foot(result),
            f"{result.net}，{result.unit.layer}：{''.join(_sentences(result))}",
        )

    def frames(self):
        count = min(_FRAMES_EACH, max(1, _FRAMES // len(self.probes)))
        return [
            (f"{net}，{layer}", {"net": net, "layer": layer})
            for net in self.probes
            for layer in _spread(self.layers(net), count)
        ]

    def redraw(self, change=None):
        settings = self.settings()
        if tuple(settings.values()) not in self._known:
            self.picture.value = self.draw(self._sight(**settings))
        super().redraw()

    def _sight(self, net, layer):
        gradient, middle = self._known.get((net, layer), (None, None))
        unit = self.probes[net].units[layer]
        return Sight(net, unit, self.photos[net], self.weights[net], gradient, middle)

    def _list_layers(self, change):
        self.controls["layer"].options = self.layers(change.new)


def _spread(items, count):
    """``count`` items at equal distances, the last one among them."""
    return [items[len(items) * (i + 1) // count - 1] for i in range(min(count, len(items)))]


def _by(sides):
    return "×".join(map(str, sides))


def _sentences(result):
    """What the picture shows, one line each."""
    unit, shape = result.unit, result.photo.shape[:2]
    field = f"感受野 {_by(extent(unit.window))} 像素（红色实线框）"
    if unit.jump is None:
        field += "：每个单元都看见整幅图像。"
    elif unit.output_shape[1:] == (1, 1):
        field += "；每个通道只有这一个单元。"
    else:
        steps = sorted({float(step) for step in unit.jump})
        field += f"；相邻两个单元的窗口相距 {'、'.join(f'{step:g}' for step in steps)} 像素。"
    seen, full = prod(extent(result.visible)), prod(extent(unit.window))
    border = "窗口整个落在图像之内。"
    if seen < full:
        covers = "，它已盖住整幅图像" if extent(result.visible) == shape else ""
        border = f"窗口的 {1 - seen / full:.0%} 伸到图像之外，那里只有填充{covers}。"
    return [field, border, _gradient_sentence(result)]


def _gradient_sentence(result):
    if result.gradient is None:
        return "正在计算梯度……"
    if result.core is None:
        return "这个单元对输入的梯度处处为 0：此刻没有像素能影响它。"
    held = _by(extent(result.core))
    if result.core == result.unit.window:
        return f"梯度分布得很开：{_SHARE:.0%} 要用到整个 {held} 的窗口（蓝色虚线框）。"
    return (
        f"梯度的 {_SHARE:.0%} 落在正中的 {held} 像素之内（蓝色虚线框），"
        f"占它看得见的图像面积的 {result.core_area:.0%}。"
    )


def _heading(result):
    unit = result.unit
    channels, height, width = unit.output_shape
    row, column = unit.position
    return svg.text(
        _LEFTS[0],
        32,
        f"{result.net}　{unit.layer}（{unit.type}）",
        font_size=18,
        font_weight="bold",
    ) + svg.text(
        _LEFTS[0],
        60,
        f"输出 {height}×{width}，{channels} 个通道；看正中的单元（第 {row + 1} 行，"
        f"第 {column + 1} 列，各通道相加）",
    )


def _outline(window, x, y, scale, core=False):
    style = {"stroke": svg.BLUE, "stroke_dasharray": "7 4"} if core else {"stroke": svg.RED}
    return window_frame(window, x, y, scale, fill="none", stroke_width=3, **style)


def _whole(result):
    x = _LEFTS[0]
    shape = result.photo.shape[:2]
    scale = _SIDE / shape[0]
    drawn = drawn_photo(x, _TOP, _SIDE, _SIDE, result.photo) + _outline(
        result.visible, x, _TOP, scale
    )
    if result.core:
        drawn += _outline(clipped(result.core, shape), x, _TOP, scale, core=True)
    return svg.text(x, _TOP - 12, f"整幅输入 {_by(shape)}", font_weight="bold") + drawn


def _zoomed(result, x, title, picture):
    """A panel in which the unit's window fills the whole square.

    ``picture(left, top, width, height)`` draws its part within the image.
    """
    (top, _), (left, _) = result.unit.window
    scale = _SIDE / max(extent(result.unit.window))
    x0, y0 = x - left * scale, _TOP - top * scale
    (first_row, _), (first_column, _) = result.visible
    height, width = (n * scale for n in extent(result.visible))
    drawn = (
        svg.text(x, _TOP - 12, title, font_weight="bold")
        + window_frame(result.unit.window, x0, y0, scale, fill=svg.PALE)
        + picture(float(x0 + first_column * scale), float(y0 + first_row * scale), width, height)
        + _outline(result.unit.window, x0, y0, scale)
    )
    if result.core:
        drawn += _outline(result.core, x0, y0, scale, core=True)
    return drawn


def _window(result):
    pixels = cut(result.photo, result.unit.window)
    return _zoomed(
        result,
        _LEFTS[1],
        f"放大看：它的窗口 {_by(extent(result.unit.window))}",
        lambda *place: drawn_photo(*place, pixels),
    )


def _gradient(result):
    def heat(x, y, width, height):
        if result.gradient is None:
            ground = svg.rect(x, y, width, height, fill="#FFFFFF")
            return ground + svg.text(
                x + width / 2, y + height / 2, "正在计算……", text_anchor="middle", font_size=18
            )
        return svg.image(x, y, width, height, 1 - _levels(cut(result.gradient, result.visible)))

    return _zoomed(result, _LEFTS[2], "同一窗口：梯度从哪里来", heat)


def _levels(gradient):
    """The gradient on a coarse grid, the largest cell 1, in a few levels of its square root."""
    size = [min(n, _CELLS) for n in gradient.shape[::-1]]
    cells = np.asarray(Image.fromarray(gradient).resize(size, Image.Resampling.BOX))
    return np.rint(np.sqrt(cells / (cells.max() or 1)) * (_LEVELS - 1)) / (_LEVELS - 1)


def _foot(result):
    y = _TOP + _SIDE + 32
    grey = "灰色处在图像之外。" if result.visible != result.unit.window else ""
    notes = (
        f"梯度图：白色为 0，越黑越大（与最大值之比开平方，分 {_LEVELS} 级）。{grey}"
        f"权值：{result.weights}。",
        "感受野的算法见 Araujo 等（2019）；用梯度看“有效感受野”，见 Luo 等（2016）。",
    )
    return svg.group(
        "".join(svg.text(_LEFTS[0], y + 27 * i, line) for i, line in enumerate(_sentences(result))),
        font_size=17,
    ) + svg.group(
        "".join(svg.text(_LEFTS[0], y + 85 + 22 * i, note) for i, note in enumerate(notes)),
        font_size=15,
        fill="#555555",
    )
