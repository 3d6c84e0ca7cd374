"""How large is the feature map? Input size, kernel, stride, padding and dilation at play."""

import re
from dataclasses import dataclass

from ..counting.geometry import GeometryError, kernel_extent, output_size
from . import svg
from .explorer import PresetExplorer, choice_slider, slider

_NAMES = ("size", "kernel", "stride", "padding", "dilation")
PRESETS = {
    "LeNet C1：卷积 5×5": (32, 5, 1, 0, 1),
    "LeNet S2：池化 2×2": (28, 2, 2, 0, 1),
    "AlexNet 第一层：卷积 11×11，步长 4": (227, 11, 4, 0, 1),
    "大小不变：卷积 3×3，填充 1": (16, 3, 1, 1, 1),
    "步长 2 走不到头": (12, 3, 2, 0, 1),
    "膨胀卷积：3×3，膨胀率 2": (14, 3, 1, 0, 2),
    "放不下的卷积核": (6, 5, 1, 0, 2),
}
_SIDE = 360  # pixels of the larger drawing
_SMALLEST = 4  # pixels of a cell; below it grid lines would run together


@dataclass(frozen=True)
class FeatureMap:
    """One setting and what follows from it, along one axis, in cells.

    ``starts``: first cell of each window, counted in the padded input. ``unseen``: cells of the
    padded input that no window reads. ``output`` is 0 if no window fits.
    """

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    output: int
    starts: tuple
    unseen: tuple

    @property
    def padded(self):
        """Side of the input with its padding."""
        return self.size + 2 * self.padding

    @property
    def extent(self):
        """Cells from the first to the last tap of the kernel."""
        return kernel_extent(self.kernel, self.dilation)

    @property
    def lost(self):
        """Unseen cells that belong to the image itself, not to the padding."""
        return [i for i in self.unseen if self.padding <= i < self.padding + self.size]


class FeatureMapExplorer(PresetExplorer):
    """Sliders for a convolution's or pooling's setting; the windows and the output they give."""

    title = "特征图有多大？"
    question = (
        "32×32 的图像用 5×5 的卷积核、步长 1、不填充，输出多大？步长改成 2、"
        "或在四周各填充 2 格，又是多大？"
    )

    preset_label = "典型设置"

    def __init__(self):
        super().__init__(
            {name: dict(zip(_NAMES, values, strict=True)) for name, values in PRESETS.items()}
        )

    def make_controls(self):
        sizes = sorted({*range(4, 65), *(preset[0] for preset in PRESETS.values()), 224})
        return {
            "size": choice_slider("输入边长 n", sizes, 12),
            "kernel": slider("卷积核边长 k", 1, 11, 3),
            "stride": slider("步长 s", 1, 4, 1),
            "padding": slider("填充 p", 0, 5, 0),
            "dilation": slider("膨胀率 d", 1, 3, 1),
        }

    def compute(self, size, kernel, stride, padding, dilation):
        """A ``FeatureMap``; a setting in which no window fits has output 0."""
        try:
            output = output_size(size, kernel, stride, padding, dilation)
        except GeometryError:
            output = 0
        starts = tuple(i * stride for i in range(output))
        read = {start + tap * dilation for start in starts for tap in range(kernel)}
        unseen = tuple(i for i in range(size + 2 * padding) if i not in read)
        return FeatureMap(size, kernel, stride, padding, dilation, output, starts, unseen)

    def draw(self, result):
        """Formula on top, padded input with its windows on the left, output on the right."""
        return svg.picture(
            860,
            560,
            _formula(result) + _input(result) + _output(result) + _legend(result),
            _sentence(result),
        )

    def frames(self):
        return [
            (f"{name}。{_setting(**settings)}", settings) for name, settings in super().frames()
        ]


def _setting(size, kernel, stride, padding, dilation):
    return f"n = {size}，k = {kernel}，s = {stride}，p = {padding}，d = {dilation}"


def _sentence(result):
    if not result.output:
        return f"不可能的设置：{_problem(result)}"
    return (
        f"{_setting(*(getattr(result, name) for name in _NAMES))}：输出 "
        f"{result.output}×{result.output}。{_coverage(result)}"
    )


def _problem(result):
    """Why no window fits, for people."""
    spans = f"卷积核占 {result.extent} 格"
    if result.dilation > 1:
        spans = (
            f"{result.kernel}×{result.kernel} 的卷积核按膨胀率 {result.dilation} 拉开后占 "
            f"{result.extent} 格"
        )
    room = (
        f"填充后的输入边长只有 {result.padded} 格"
        if result.padding
        else f"输入边长只有 {result.size} 格"
    )
    return f"{spans}，{room}，一个窗口也放不下。请减小卷积核或膨胀率，或加大填充。"


def _coverage(result):
    """Which rows and columns no window reads."""
    if not result.unseen:
        return "每一行、每一列都被读到。"
    if not result.lost:
        count = len(result.unseen)
        return f"没有读到的只是填充的 {count} 行、{count} 列，图像没有损失。"
    count = len(result.lost)
    return f"图像中有 {count} 行、{count} 列没有任何窗口读到（打叉处）。"


def _formula(result):
    n, k, s, p, d = (getattr(result, name) for name in _NAMES)
    words, colour = (
        (f"= {result.output}", svg.BLUE) if result.output else ("✗ 不可能的设置", svg.RED)
    )
    numbers = f"= ⌊({n} + 2×{p} − {d}×({k} − 1) − 1) / {s}⌋ + 1　"
    value = svg.element("tspan", words, fill=colour, font_size=22, font_weight="bold")
    return svg.text(
        30, 32, "输出边长 = ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1", font_size=18
    ) + svg.element("text", numbers + value, x=107, y=64, font_size=18)


def _scale(result):
    """Pixels of one cell, the same in both drawings so that their sizes compare."""
    return _SIDE / max(result.padded, result.extent)


def _input(result):
    x, y, side = 30, 112, _scale(result)
    border = result.padding * side
    title = f"输入 {result.size}×{result.size}"
    if result.padding:
        title += f"，填充后 {result.padded}×{result.padded}"
    image = result.size * side
    padded = (
        svg.text(x, y - 10, title, font_weight="bold")
        + svg.rect(x, y, result.padded * side, result.padded * side, fill=svg.PALE)
        + svg.rect(x + border, y + border, image, image, fill="#FFFFFF", stroke=svg.INK)
        + _lines(x, y, result.padded, side)
    )
    if not result.output:
        span = result.extent * side
        return (
            padded
            + svg.rect(
                x,
                y,
                span,
                span,
                fill=svg.RED,
                fill_opacity=0.12,
                stroke=svg.RED,
                stroke_width=3,
                stroke_dasharray="8 5",
            )
            + svg.text(x, y + span + 24, f"虚线框：卷积核占 {result.extent} 格", fill=svg.RED)
        )
    windows = "".join(
        _window(result, place, colour, dashes, x, y, side)
        for place, colour, dashes, _ in _marks(result)
    )
    return padded + _unseen(result, x, y, side) + windows


def _lines(x, y, count, side):
    if side < _SMALLEST:
        return ""
    return svg.path(svg.grid(x, y, count, count, side), stroke="#A6A6A6", stroke_width=0.5)


def _unseen(result, x, y, side):
    """A cross on each cell of the last rows and columns that no window reads."""
    length = result.padded * side
    strips = "".join(
        f"M{x + i * side:.5g} {y}h{side:.4g}v{length:.5g}h-{side:.4g}z"
        f"M{x} {y + i * side:.5g}h{length:.5g}v{side:.4g}h-{length:.5g}z"
        for i in result.unseen
    )
    crosses = "".join(
        f"M{x + i * side:.5g} {y + j * side:.5g}l{side:.4g} {side:.4g}m0-{side:.4g}"
        f"l-{side:.4g} {side:.4g}"
        for i in range(result.padded)
        for j in range(result.padded)
        if i in result.unseen or j in result.unseen
    )
    return (
        svg.path(strips, fill=svg.PURPLE, fill_opacity=0.25)
        + svg.path(crosses, stroke=svg.PURPLE, stroke_width=0.8)
        if result.unseen
        else ""
    )


def _marks(result):
    """(window number, colour, dashes, name) of the first, second and last window."""
    last = result.output - 1
    marks = [((0, 0), svg.BLUE, "none", "第 1 个窗口")]
    if last > 0:
        marks.append(((0, 1), svg.RED, "7 4", "第 2 个窗口"))
        marks.append(((last, last), svg.GREEN, "2 3", "最后一个窗口"))
    return marks


def _window(result, place, colour, dashes, x, y, side):
    top, left = (result.starts[i] for i in place)
    span = result.extent * side
    taps = [
        (top + i * result.dilation, left + j * result.dilation)
        for i in range(result.kernel)
        for j in range(result.kernel)
    ]
    return svg.path(svg.cells(taps, x, y, side), fill=colour, fill_opacity=0.22) + svg.rect(
        x + left * side,
        y + top * side,
        span,
        span,
        fill="none",
        stroke=colour,
        stroke_width=3,
        stroke_dasharray=dashes,
    )


def _output(result):
    x, y, side = 470, 112, _scale(result)
    if not result.output:
        clauses = re.findall("[^，。？]+[，。？]", "为什么不行？" + _problem(result))
        return svg.rect(x, y, _SIDE, 190, fill="#FFFFFF", stroke=svg.RED, stroke_width=3) + (
            "".join(svg.text(x + 18, y + 34 + 28 * i, line) for i, line in enumerate(clauses))
        )
    length, mark = result.output * side, max(side, _SMALLEST)
    return (
        svg.text(x, y - 10, f"输出 {result.output}×{result.output}", font_weight="bold")
        + svg.rect(x, y, length, length, fill="#FFFFFF", stroke=svg.INK)
        + _lines(x, y, result.output, side)
        + "".join(
            svg.rect(
                x + place[1] * side,
                y + place[0] * side,
                mark,
                mark,
                fill=colour,
                fill_opacity=0.35,
                stroke=colour,
                stroke_width=2.5,
                stroke_dasharray=dashes,
            )
            for place, colour, dashes, _ in _marks(result)
        )
    )


def _legend(result):
    y = 112 + _SIDE + 30
    if not result.output:
        return ""
    marks = "".join(
        svg.rect(
            30 + 150 * i,
            y - 14,
            26,
            16,
            fill=colour,
            fill_opacity=0.22,
            stroke=colour,
            stroke_width=2.5,
            stroke_dasharray=dashes,
        )
        + svg.text(63 + 150 * i, y, name)
        for i, (_, colour, dashes, name) in enumerate(_marks(result))
    )
    padding = (
        svg.rect(500, y - 14, 26, 16, fill=svg.PALE, stroke=svg.GREY) + svg.text(533, y, "填充的 0")
        if result.padding
        else ""
    )
    return marks + padding + svg.text(30, y + 32, _coverage(result))
