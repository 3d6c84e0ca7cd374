"""Small kernels on top of each other against one large kernel that sees as much.

Source: Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition", ICLR 2015, section 2.3.
"""

from dataclasses import dataclass

import ipywidgets as widgets

from ..counting.geometry import Field, conv_parameters
from . import svg
from .explorer import Explorer, choice_slider, slider

# Colour and dashes of the field of layer 1, 2, 3, 4.
_STYLES = (
    (svg.RED, "none"),
    (svg.BLUE, "9 4"),
    (svg.GREEN, "2 3"),
    (svg.PURPLE, "14 3 3 3"),
)
_HEAD = {"font_size": 17, "font_weight": "bold"}
_LEFT, _TOP, _HEIGHT = 24, 56, 320  # of both views
_ROW, _ROW_MIDDLE = 330, 254  # the side view's longest row of cells and its middle
_TOP_LEFT = 522  # of the view from above


@dataclass(frozen=True)
class Stack:
    """Equal convolutions with stride 1 on top of each other, and one kernel that sees as much.

    ``fields``: sides of the receptive fields of the input's own cells and of layer 1, 2, ... in
    input cells. ``parameters`` and ``single_parameters``: of the stack and of the one kernel,
    both from ``channels`` to ``channels`` channels; ``ratio`` is the first over the second.
    """

    kernel: int
    layers: int
    channels: int
    bias: bool
    fields: tuple
    parameters: int
    single_parameters: int

    @property
    def field(self):
        """Side of the receptive field of the last layer: the side of the one large kernel."""
        return self.fields[-1]

    @property
    def ratio(self):
        """Parameters of the stack over those of the one kernel."""
        return self.parameters / self.single_parameters


class StackedFieldsExplorer(Explorer):
    """Stack small convolutions; see what one output sees, and what one large kernel would cost."""

    title = "几个小卷积核，还是一个大卷积核？"
    question = (
        "三个 3×3 的卷积层叠起来，最上面的一个输出能看见输入的多大一块？"
        "它们的参数量是一个看得同样大的卷积核的百分之几？"
    )

    def make_controls(self):
        return {
            "kernel": choice_slider("小卷积核边长 k", (3, 5), 3),
            "layers": slider("层数 n", 1, len(_STYLES), 3),
            "channels": slider("通道数 C", 1, 512, 64),
            "bias": widgets.Checkbox(description="计入偏置", value=False, indent=False),
        }

    def compute(self, kernel, layers, channels, bias):
        """A ``Stack``."""
        field, fields = Field(), [1]
        for _ in range(layers):
            field = field.window(kernel)
            fields.append(int(field.size))
        one = conv_parameters(channels, channels, (kernel, kernel), bias=bias)
        single = conv_parameters(channels, channels, (fields[-1], fields[-1]), bias=bias)
        return Stack(kernel, layers, channels, bias, tuple(fields), layers * one, single)

    def draw(self, result):
        """Side view and view from above, the two costs below."""
        return svg.picture(
            860, 600, _side_view(result) + _top_view(result) + _costs(result), _sentence(result)
        )

    def frames(self):
        return [
            (_setting(*values), dict(zip(self.controls, values, strict=True)))
            for values in [
                (3, 3, 64, False),
                (3, 1, 64, False),
                (3, 2, 64, False),
                (3, 4, 64, False),
                (5, 2, 64, False),
                (3, 3, 1, True),
                (3, 3, 512, True),
            ]
        ]


def _setting(kernel, layers, channels, bias):
    return f"{layers} 层 {kernel}×{kernel}，C = {channels}，{'' if bias else '不'}计偏置"


def _sentence(result):
    k, n, side = result.kernel, result.layers, result.field
    return (
        f"{n} 层 {k}×{k} 的卷积，{result.channels} 个通道：感受野 {side}×{side}；参数量 "
        f"{result.parameters:,}，一层 {side}×{side} 的卷积 {result.single_parameters:,}，"
        f"之比 {result.ratio:.1%}；非线性激活 {n} 次，对 1 次。"
    )


def _square(side):
    return f"{side}×{side}"


def _map_name(level):
    return f"第 {level} 层" if level else "输入"


def _side_view(result):
    """One row of cells a map, the output on top; each row shows the cells that the output uses."""
    cell = min(32, _ROW / result.field)
    gap = (_HEIGHT - 50) / result.layers
    # Left end, top and number of cells of each row, from the input up to the output.
    rows = [
        (_ROW_MIDDLE - cells * cell / 2, _TOP + 9 + i * gap, cells)
        for i, cells in enumerate(result.fields)
    ][::-1]
    fans = "".join(
        _fan(upper, lower, cell, result.kernel)
        for lower, upper in zip(rows, rows[1:], strict=False)
    )
    cells = "".join(
        svg.path(svg.cells([(0, i) for i in range(count)], left, top, cell))
        for left, top, count in rows
    )
    words = "".join(
        svg.text(_LEFT, float(top + cell / 2 + 5), _map_name(level))
        + svg.text(_LEFT + 410, float(top + cell / 2 + 5), _square(count), font_weight="bold")
        for level, (_, top, count) in enumerate(rows)
    )
    return (
        svg.text(_LEFT, 30, "侧视：最上面的一个输出用到各层的哪些格子", **_HEAD)
        + fans
        + svg.group(cells, fill=svg.ORANGE, stroke=svg.INK, stroke_width=0.8)
        + words
    )


def _fan(upper, lower, cell, kernel):
    """What links a row to the one below: the whole of it pale, the window of its first cell
    in lines."""
    left, top, count = upper
    below, floor, count_below = lower
    top += cell
    return svg.path(
        f"M{left:.5g} {top:.5g}L{below:.5g} {floor:.5g}h{count_below * cell:.5g}"
        f"L{left + count * cell:.5g} {top:.5g}z",
        fill=svg.PALE,
        fill_opacity=0.45,
    ) + svg.path(
        f"M{left:.5g} {top:.5g}L{below:.5g} {floor:.5g}m{kernel * cell:.5g} 0"
        f"L{left + cell:.5g} {top:.5g}",
        fill="none",
        stroke=svg.GREY,
        stroke_width=1.2,
    )


def _top_view(result):
    """The input from above: the fields of the middle units of all layers, around one cell."""
    side = _HEIGHT / (result.field + 2)
    cells = result.field + 2
    x, y = _TOP_LEFT, _TOP
    drawn = svg.rect(x, y, _HEIGHT, _HEIGHT, fill="#FFFFFF") + svg.path(
        svg.cells([(cells // 2, cells // 2)], x, y, side), fill=svg.ORANGE
    )
    drawn += svg.path(svg.grid(x, y, cells, cells, side), stroke="#A6A6A6", stroke_width=0.6)
    for level in range(result.layers, 0, -1):
        color, dashes = _STYLES[level - 1]
        corner = (cells - result.fields[level]) / 2 * side
        length = result.fields[level] * side
        drawn += svg.rect(
            float(x + corner),
            float(y + corner),
            float(length),
            float(length),
            fill=color,
            fill_opacity=0.12,
            stroke=color,
            stroke_width=3,
            stroke_dasharray=dashes,
        )
    return svg.text(x, 30, "俯视输入：各层的一个单元看见多大", **_HEAD) + drawn + _legend(result)


def _legend(result):
    drawn = ""
    for level, (color, dashes) in enumerate(_STYLES[: result.layers], start=1):
        lower, right = divmod(level - 1, 2)
        x, y = _TOP_LEFT + 160 * right, _TOP + _HEIGHT + 24 + 22 * lower
        words = f"{_map_name(level)}：{_square(result.fields[level])}"
        drawn += svg.path(
            f"M{x} {y - 5}h30", stroke=color, stroke_width=3, stroke_dasharray=dashes
        ) + svg.text(x + 38, y, words, font_size=15)
    return drawn


def _weights(side, result, times=1):
    """The count of parameters with today's numbers in it."""
    product = f"{side}×{side}×{result.channels}×{result.channels}"
    if result.bias:
        product += f" + {result.channels}"
    return f"{times} × ({product})" if times > 1 else product


def _costs(result):
    n, k, side = result.layers, result.kernel, result.field
    rows = [
        (f"{n} 层 {k}×{k}", _weights(k, result, n), result.parameters, n, svg.BLUE),
        (f"1 层 {side}×{side}", _weights(side, result), result.single_parameters, 1, "#9A9A9A"),
    ]
    top, left, longest = 464, 150, 330
    drawn = svg.path(f"M{_LEFT} {top - 26}H836", stroke=svg.PALE, stroke_width=1.5)
    for i, (name, formula, count, activations, color) in enumerate(rows):
        y = top + 48 * i
        length = float(max(2, longest * count / result.single_parameters))
        drawn += (
            svg.text(_LEFT, y + 17, name, **_HEAD)
            + svg.rect(left, y, length, 24, fill=color)
            + svg.text(left + longest + 14, y + 9, f"{count:,}", font_weight="bold")
            + svg.text(left + longest + 14, y + 28, f"= {formula}", font_size=14, fill="#555555")
            + svg.text(836, y + 17, f"激活 {activations} 次", text_anchor="end")
        )
    verdict = (
        "只有一层：两者是同一个东西。再叠一层试试。"
        if n == 1
        else f"看得同样大（{side}×{side}），参数量只是一层 {side}×{side} 的 {result.ratio:.1%}，"
        f"非线性却有 {n} 次。"
    )
    return drawn + svg.text(_LEFT, top + 118, verdict, fill=svg.BLUE, **_HEAD)
