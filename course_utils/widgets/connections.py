"""Which S2 maps feed which C3 map: the sparse connection table of LeNet-5.

Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998,
section II.B and Table I.
"""

from dataclasses import dataclass

import ipywidgets as widgets

from ..counting.geometry import connections, conv_parameters
from . import svg
from .explorer import Explorer, slider


@dataclass(frozen=True)
class Connections:
    """The table in force and what it costs; ``inputs`` are those of the chosen map.

    ``parameters`` and ``connections`` count all maps, ``map_parameters`` the chosen one.
    """

    table: tuple
    sources: int
    chosen: int
    kernel: int
    full: bool
    inputs: tuple
    map_parameters: int
    crosses: int
    parameters: int
    connections: int


class ConnectionExplorer(Explorer):
    """Choose a C3 map and see its inputs, its parameters, and the totals of the whole layer.

    Args:
        table: for each C3 map the numbers of the S2 maps that it sees.
        kernel: side of the kernel.
        output: side of a C3 map.
    """

    title = "C3 的每张特征图看见谁？"
    question = (
        "S2 有 6 张特征图，C3 有 16 张。如果 C3 的每张图都看全部 6 张，参数要多多少？"
        "为什么要有意少连一些？"
    )

    def __init__(self, table, kernel=5, output=10):
        self.table = tuple(tuple(sorted(int(i) for i in inputs)) for inputs in table)
        self.sources = 1 + max(max(inputs) for inputs in self.table)
        self.kernel = kernel
        self.output = output
        super().__init__()

    def make_controls(self):
        full = widgets.Checkbox(
            description="全连接（每张图都看全部输入）", value=False, indent=False
        )
        return {"chosen": slider("C3 特征图编号", 0, len(self.table) - 1, 0), "full": full}

    def compute(self, chosen, full):
        """``Connections`` of the table, or of a table in which every map sees every input."""
        everything = tuple(range(self.sources))
        table = tuple(everything for _ in self.table) if full else self.table
        kernel = (self.kernel, self.kernel)
        parameters = [conv_parameters(len(inputs), 1, kernel) for inputs in table]
        cells = self.output**2
        return Connections(
            table,
            self.sources,
            chosen,
            self.kernel,
            full,
            table[chosen],
            parameters[chosen],
            sum(map(len, table)),
            sum(parameters),
            sum(connections(cells, len(inputs) * self.kernel**2, bias=True) for inputs in table),
        )

    def draw(self, result):
        """The cross table on the left, the same links as lines on the right, the counts below."""
        return svg.picture(
            860, 480, _table(result) + _lines(result) + _counts(result), _sentence(result)
        )

    def frames(self):
        last = len(self.table) - 1
        return [
            (f"C3 第 {chosen} 张特征图" + "，改为全连接" * full, {"chosen": chosen, "full": full})
            for chosen, full in [
                *((i, False) for i in sorted({0, 1, 5, 6, 9, 12, 14, last} & set(range(last + 1)))),
                (0, True),
            ]
        ]


def _sentence(result):
    return (
        f"C3 第 {result.chosen} 张特征图看见 S2 的第 {'、'.join(map(str, result.inputs))} 张，"
        f"参数 {result.map_parameters} 个；全层 {result.crosses} 个连接对，"
        f"参数 {result.parameters:,} 个，连接 {result.connections:,} 个。"
    )


def _table(result):
    x, y, side = 62, 96, 26
    columns = len(result.table)
    chosen = svg.rect(
        x + result.chosen * side,
        y - 26,
        side,
        26 + result.sources * side,
        fill=svg.ORANGE,
        fill_opacity=0.35,
        stroke=svg.RED,
        stroke_width=2,
    )
    heads = "".join(
        svg.text(x + (i + 0.5) * side, y - 7, i, font_weight=_weight(i == result.chosen))
        for i in range(columns)
    ) + "".join(
        svg.text(x - 16, y + (i + 0.5) * side + 5, i, font_weight=_weight(i in result.inputs))
        for i in range(result.sources)
    )
    marks = {True: "", False: ""}
    for column, inputs in enumerate(result.table):
        for i in inputs:
            left, top = x + (column + 0.3) * side, y + (i + 0.3) * side
            marks[column == result.chosen] += f"M{left:.5g} {top:.5g}l10 10m0-10l-10 10"
    return (
        svg.text(x, 30, "连接表", font_weight="bold", font_size=17)
        + svg.text(x, 56, "列：C3 特征图；行：S2 特征图；✕ 表示相连", fill="#555555")
        + chosen
        + svg.path(svg.grid(x, y, result.sources, columns, side), stroke=svg.GREY, stroke_width=0.6)
        + svg.group(heads, text_anchor="middle", font_size=14)
        + svg.path(marks[False], stroke=svg.GREY, stroke_width=1.5)
        + svg.path(marks[True], stroke=svg.INK, stroke_width=3)
    )


def _weight(lit):
    return "bold" if lit else "normal"


def _lines(result):
    left, right, top, bottom = 580, 800, 50, 456
    count = len(result.table)

    def place(i, count):
        return top + (i + 0.5) * (bottom - top) / count

    faint = "".join(
        f"M{left} {place(i, result.sources):.5g}L{right} {place(column, count):.5g}"
        for column, inputs in enumerate(result.table)
        for i in inputs
        if column != result.chosen
    )
    strong = "".join(
        f"M{left} {place(i, result.sources):.5g}L{right} {place(result.chosen, count):.5g}"
        for i in result.inputs
    )
    return (
        svg.text(left, 30, "S2", text_anchor="middle", font_weight="bold", font_size=17)
        + svg.text(right, 30, "C3", text_anchor="middle", font_weight="bold", font_size=17)
        + svg.path(faint, stroke="#C4C4C4", stroke_width=1)
        + svg.path(strong, stroke=svg.RED, stroke_width=3)
        + svg.group(
            "".join(
                _node(left, place(i, result.sources), i, i in result.inputs, 15)
                for i in range(result.sources)
            )
            + "".join(
                _node(right, place(i, count), i, i == result.chosen, 11) for i in range(count)
            ),
            text_anchor="middle",
            font_size=13,
        )
    )


def _node(x, y, number, lit, radius):
    return svg.element(
        "circle",
        cx=x,
        cy=y,
        r=radius,
        fill=svg.ORANGE if lit else "#FFFFFF",
        stroke=svg.RED if lit else svg.GREY,
        stroke_width=3 if lit else 1,
    ) + svg.text(x, y + 5, number, font_weight=_weight(lit), fill=svg.INK)


def _counts(result):
    k, n = result.kernel, len(result.inputs)
    lines = [
        (f"C3 第 {result.chosen} 张特征图", "bold"),
        (f"看见 S2 的 {n} 张：{'、'.join(map(str, result.inputs))}", "normal"),
        (f"参数 {k}×{k}×{n} + 1 = {result.map_parameters}", "normal"),
        ("C3 全层" + ("（全连接）" if result.full else "（按连接表）"), "bold"),
        (f"✕ 共 {result.crosses} 个", "normal"),
        (f"参数量 {result.parameters:,}", "normal"),
        (f"连接数 {result.connections:,}", "normal"),
    ]
    y = 96 + 26 * result.sources + 38
    return "".join(
        svg.text(62, y + 27 * i, words, font_size=17, font_weight=weight)
        for i, (words, weight) in enumerate(lines)
    )
