"""The networks of a chapter on two axes of one's choice, and which of them a budget allows."""

from dataclasses import dataclass
from math import ceil, floor, inf, log10

import ipywidgets as widgets
import numpy as np

from . import svg
from .explorer import PresetExplorer, choice_slider, dropdown

QUANTITIES = {
    "params": "参数量",
    "macs": "乘加次数",
    "memory": "激活内存",
    "depth": "深度",
    "year": "年份",
    "top5": "top-5 错误率（%）",
    "field": "感受野（像素）",
}
# Budgets to choose from: parameters, multiply-adds, bytes.
BUDGETS = {
    "params": (1e5, 1e6, 5e6, 1e7, 1.5e7, 2.5e7, 6.5e7, 1e8, inf),
    "macs": (1e6, 1e8, 6e8, 1e9, 2e9, 4e9, 8e9, 1.6e10, inf),
    "memory": (1e6, 1e7, 2.5e7, 5e7, 1e8, 2e8, inf),
}
EVERY = "全部"  # families
_COLOURS = (svg.BLUE, svg.ORANGE, svg.GREEN, svg.RED, svg.PURPLE, svg.INK)
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 84, 836, 74, 484  # picture, corners of the plot
_MARK, _FONT, _LINE = 7, 13, 24  # half a marker, a label's size, between lines of text; pixels
_CHARACTERS = 54  # of a line of text below the plot
_SHAPES = {  # paths around (0, 0)
    "circle": "M-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0z",
    "square": "M-6-6h12v12h-12z",
    "triangle": "M0-8L7.5 6h-15z",
    "diamond": "M0-8.5L8.5 0L0 8.5L-8.5 0z",
    "wedge": "M0 8L7.5-6h-15z",
    "pentagon": "M0-8L7.6-2.5L4.7 6.5h-9.4L-7.6-2.5z",
}


# Where a label may stand around its marker: 1 is to the right, and below.
_DIRECTIONS = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
# How its text is held then, and where, as shares of (left, top, right, bottom).
_ANCHORS = [
    {1: ("start", (1, 0, 0, 0)), -1: ("end", (0, 0, 1, 0)), 0: ("middle", (0.5, 0, 0.5, 0))}[right]
    for right, _ in _DIRECTIONS
]


@dataclass(frozen=True)
class Point:
    """A network with its place on the two axes; ``fits``: no budget is overdrawn."""

    name: str
    family: str
    x: float
    y: float
    fits: bool


@dataclass(frozen=True)
class View:
    """What is to be drawn; ``left_out`` names the networks without a value on an axis."""

    axes: tuple  # the quantities
    logs: tuple  # whether each is logarithmic
    points: tuple
    fitting: tuple  # names, those without a place included
    left_out: tuple
    budgets: dict


class DashboardExplorer(PresetExplorer):
    """Choose two quantities and a budget; networks that fit are filled, the others crossed out.

    Args:
        networks: a dict each with the keys name, family, main (whether it stands for its family)
            and those of ``QUANTITIES``: multiply-adds and bytes of one image, None where there is
            no value. At most six families.

    Raises:
        ValueError: no network, a key missing, or too many families.
    """

    title = "六个家族，一张图"
    question = (
        "参数最多的网络，乘加次数也最多吗？错误率最低的网络，参数最多吗？"
        "只许用 1,000 万个参数，还剩下谁？"
    )
    preset_label = "现成的问题"

    def __init__(self, networks):
        self.networks = list(networks)
        needed = {"name", "family", "main", *QUANTITIES}
        missing = sorted({key for network in self.networks for key in needed - network.keys()})
        if not self.networks or missing:
            raise ValueError(
                f"networks has no {missing[0] if missing else 'entry'}; give a dict with the keys "
                f"{', '.join(sorted(needed))} for each."
            )
        self.families = list(dict.fromkeys(network["family"] for network in self.networks))
        if len(self.families) > len(_SHAPES):
            raise ValueError(f"there are {len(self.families)} families; six can be told apart.")
        super().__init__({
            "参数量与错误率": _settings("params", "top5"),
            "乘加次数与错误率": _settings("macs", "top5"),
            "参数量与乘加次数，只看代表": _settings("params", "macs", y_log=True, variants=False),
            "参数至多 1,000 万个": _settings("params", "top5", params=1e7),
            "手机：参数 1,000 万、乘加 20 亿次": _settings("macs", "top5", params=1e7, macs=2e9),
            "一块 GPU：激活内存 1 亿字节": _settings("memory", "top5", memory=1e8),
            "年份与深度": _settings("year", "depth", y_log=True),
            "深度与感受野，只看代表": _settings("depth", "field", y_log=True, variants=False),
        })  # fmt: skip

    def make_controls(self):
        first = next(iter(self.preset_settings.values()))
        axes = [(words, name) for name, words in QUANTITIES.items()]
        families = [(EVERY, EVERY), *((family, family) for family in self.families)]
        return {
            "x": dropdown("横轴", axes, first["x"]),
            "y": dropdown("纵轴", axes, first["y"]),
            "family": dropdown("家族", families, EVERY),
            **{
                name: choice_slider(
                    f"{QUANTITIES[name]} ≤", [(_written(name, v), v) for v in values], inf
                )
                for name, values in BUDGETS.items()
            },
            "x_log": _checkbox("横轴取对数", first["x_log"]),
            "y_log": _checkbox("纵轴取对数", first["y_log"]),
            "variants": _checkbox("画出全部变体", first["variants"]),
        }

    def compute(self, x, y, x_log, y_log, family, variants, params, macs, memory):
        """A ``View``."""
        budgets = {"params": params, "macs": macs, "memory": memory}
        chosen = [
            network
            for network in self.networks
            if family in (EVERY, network["family"]) and (variants or network["main"])
        ]
        points, fitting, left_out = [], [], []
        for network in chosen:
            fits = all(network[name] <= most for name, most in budgets.items())
            if fits:
                fitting.append(network["name"])
            if network[x] is None or network[y] is None:
                left_out.append(network["name"])
            else:
                names = network["name"], network["family"]
                points.append(Point(*names, network[x], network[y], fits))
        return View(
            (x, y),
            (x_log and x != "year", y_log and y != "year"),
            tuple(points),
            tuple(fitting),
            tuple(left_out),
            budgets,
        )

    def draw(self, result):
        """The plot, and what fits in words below it."""
        says = _sentences(result)
        lines = [line for words in says for line in _wrapped(words)]
        written = "".join(
            svg.text(24, _BOTTOM + 84 + _LINE * number, line) for number, line in enumerate(lines)
        )
        body = self._legend() + self._plot(result) + written
        return svg.picture(_WIDTH, _BOTTOM + 84 + _LINE * len(lines), body, "".join(says))

    def _legend(self):
        drawn, x = "", 32
        for family in self.families:
            drawn += self._mark(family, x, 24, True) + svg.text(x + 14, 29, family)
            x += 46 + 9 * len(family)
        return (
            drawn
            + self._mark(None, 712, 24, True) + svg.text(724, 29, "放得下")
            + self._mark(None, 788, 24, False) + svg.text(802, 29, "超出")
        )  # fmt: skip

    def _mark(self, family, x, y, fits):
        """The sign of a family; hollow and crossed where it does not fit."""
        known = family in self.families
        colour = _COLOURS[self.families.index(family)] if known else svg.GREY
        shape = list(_SHAPES.values())[self.families.index(family) if known else 0]
        look = {"fill": colour if fits else "#FFFFFF", "stroke": colour, "stroke_width": 2}
        drawn = svg.path(shape, **look)
        if not fits:
            drawn += svg.path("M-9-9L9 9M-9 9L9-9", stroke=colour, stroke_width=1.5)
        return svg.group(drawn, transform=f"translate({x:.5g} {y:.5g})")

    def _plot(self, result):
        if not result.points:
            middle = (_LEFT + _RIGHT) / 2
            return svg.rect(
                _LEFT, _TOP, _RIGHT - _LEFT, _BOTTOM - _TOP, fill="none", stroke=svg.PALE
            ) + svg.text(middle, 280, "所选的网络在这两个轴上没有数据", text_anchor="middle")
        x_axis, y_axis = (
            _Axis(quantity, logarithmic, [getattr(p, axis) for p in result.points], ends)
            for axis, quantity, logarithmic, ends in zip(
                "xy", result.axes, result.logs, ((_LEFT, _RIGHT), (_BOTTOM, _TOP)), strict=True
            )
        )
        places = np.array([(x_axis.place(p.x), y_axis.place(p.y)) for p in result.points])
        labels, leaders = _labels(result.points, places)
        marks = "".join(
            self._mark(p.family, x, y, p.fits)
            for p, (x, y) in zip(result.points, places, strict=True)
        )
        return _frame(x_axis, y_axis, result.budgets) + leaders + marks + labels


class _Axis:
    """A quantity from ``ends[0]`` to ``ends[1]``, pixels."""

    def __init__(self, quantity, logarithmic, values, ends):
        self.quantity, self.logarithmic, self.ends = quantity, logarithmic, ends
        low, high = (self._scale(limit(values)) for limit in (min, max))
        margin = 0.07 * (high - low) or 0.5
        self.low = low - margin
        self.high = high + margin * (2 if ends[0] < ends[1] else 1)  # room for names on the right

    def _scale(self, value):
        return log10(value) if self.logarithmic else value

    def place(self, value):
        """Where a value stands, pixels; an endless one beyond the end."""
        share = (self._scale(value) - self.low) / (self.high - self.low)
        return self.ends[0] + share * (self.ends[1] - self.ends[0])

    def holds(self, value):
        """Whether a value stands between the ends."""
        return value < inf and self.low <= self._scale(value) <= self.high

    def ticks(self):
        """Round values, about five of them."""
        if self.logarithmic:
            span = self.high - self.low
            digits = (1, 2, 5) if span < 2.5 else (1,)
            steps = range(floor(self.low), ceil(self.high) + 1, 1 + int(span // 6))
            values = [digit * 10.0**power for power in steps for digit in digits]
        else:
            step = _round_step((self.high - self.low) / 5)
            if self.quantity in ("year", "depth"):
                step = max(1, step)
            first = ceil(self.low / step)
            values = [step * n for n in range(first, floor(self.high / step) + 1)]
        return [value for value in values if value >= 0 and self.holds(value)]


def _round_step(width):
    """The smallest of 1, 2, 5, 10, … that is not below a width."""
    unit = 10.0 ** floor(log10(width))
    return next(unit * n for n in (1, 2, 5, 10) if unit * n >= width)


def _settings(x, y, y_log=False, variants=True, **budgets):
    return {
        "x": x, "y": y, "family": EVERY, **dict.fromkeys(BUDGETS, inf), **budgets,
        "x_log": x != "year", "y_log": y_log, "variants": variants,
    }  # fmt: skip


def _checkbox(name, value):
    return widgets.Checkbox(
        value=value, description=name, indent=False, layout=widgets.Layout(width="140px")
    )


def count_words(value):
    """A count as Chinese writes it: 78,000 is "7.8 万", 4,100,000,000 "41 亿"."""
    for unit, word in ((1e8, "亿"), (1e4, "万")):
        if value >= unit:
            return f"{value / unit:,.4g} {word}"
    return f"{value:,.4g}"


def _written(quantity, value):
    """A budget or a tick in words."""
    if value == inf:
        return "不限"
    if quantity == "memory":
        return f"{value / 1e6:g} MB"
    if quantity in ("year", "top5", "depth"):
        return f"{value:g}"
    return count_words(value)


def _frame(x_axis, y_axis, budgets):
    """Axes with ticks and names, and the budgets as dashed lines with the forbidden side grey."""
    width, height = _RIGHT - _LEFT, _BOTTOM - _TOP
    drawn, ticks = "", ""
    if x_axis.quantity in budgets and x_axis.holds(budgets[x_axis.quantity]):
        x = x_axis.place(budgets[x_axis.quantity])
        drawn += svg.rect(x, _TOP, _RIGHT - x, height, fill="#F0F0F0")
        drawn += svg.path(f"M{x:.5g} {_TOP}V{_BOTTOM}", stroke=svg.INK, stroke_dasharray="6 4")
        drawn += svg.text(x + 5, _TOP + 16, "超出预算", font_size=_FONT)
    if y_axis.quantity in budgets and y_axis.holds(budgets[y_axis.quantity]):
        y = y_axis.place(budgets[y_axis.quantity])
        drawn += svg.rect(_LEFT, _TOP, width, y - _TOP, fill="#F0F0F0")
        drawn += svg.path(f"M{_LEFT} {y:.5g}H{_RIGHT}", stroke=svg.INK, stroke_dasharray="6 4")
        drawn += svg.text(_LEFT + 6, y - 6, "超出预算", font_size=_FONT)
    for value in x_axis.ticks():
        x = x_axis.place(value)
        ticks += f"M{x:.5g} {_TOP}V{_BOTTOM}"
        drawn += svg.text(x, _BOTTOM + 20, _written(x_axis.quantity, value), text_anchor="middle")
    for value in y_axis.ticks():
        y = y_axis.place(value)
        ticks += f"M{_LEFT} {y:.5g}H{_RIGHT}"
        drawn += svg.text(_LEFT - 8, y + 5, _written(y_axis.quantity, value), text_anchor="end")
    return (
        drawn
        + svg.path(ticks, stroke=svg.PALE, fill="none")
        + svg.rect(_LEFT, _TOP, width, height, fill="none", stroke=svg.GREY)
        + svg.text((_LEFT + _RIGHT) / 2, _BOTTOM + 46, _name(x_axis), text_anchor="middle",
                   font_weight="bold")
        + svg.text(24, _TOP - 12, f"↑ {_name(y_axis)}", font_weight="bold")
    )  # fmt: skip


def _name(axis):
    return QUANTITIES[axis.quantity] + ("，对数刻度" if axis.logarithmic else "")


def _candidates(width):
    """Corners (left, top) of a label's places around its marker, the nearest ones first."""
    height = _FONT + 3
    places = []
    for distance in (_MARK + 4, 20, 32, 46, 62, 80, 100, 122):
        for right, down in _DIRECTIONS:
            reach = distance * (1 if 0 in (right, down) else 0.75)
            left = {1: reach, -1: -reach - width, 0: -width / 2}[right]
            top = {1: reach, -1: -reach - height, 0: -height / 2}[down]
            places.append((left, top, left + width, top + height))
    return np.array(places)


def _overlap(boxes, others):
    """Area that each of the boxes (n, 4) shares with all others (m, 4), added up."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.prod(np.clip(high - low, 0, None), axis=2).sum(axis=1)


def _labels(points, places):
    """(labels, lines to those that stand away): each where it hides the least of the others."""
    walls = np.array([
        (-999, -999, _LEFT + 1, 2000), (_RIGHT - 1, -999, 2000, 2000),
        (-999, -999, 2000, _TOP + 1), (-999, _BOTTOM - 1, 2000, 2000),
    ])  # fmt: skip
    taken = np.vstack([places.repeat(2, axis=1)[:, [0, 2, 1, 3]] + [-8, -8, 8, 8], walls])
    labels, leaders = "", ""
    for point, place in zip(points, places, strict=True):
        boxes = _candidates(8.2 * len(point.name)) + np.tile(place, 2)
        ends = np.clip(place, boxes[:, :2], boxes[:, 2:])
        costs = _overlap(boxes, taken) + 60 * _touched(place, ends, places)
        best = int(np.argmin(costs))  # the first of equals is the nearest
        taken = np.vstack([taken, boxes[best]])
        anchor, edge = _ANCHORS[best % len(_DIRECTIONS)]
        x, y = float(boxes[best] @ np.array(edge)), float(boxes[best][3]) - 4
        labels += svg.text(x, y, point.name, font_size=_FONT, text_anchor=anchor,
                           paint_order="stroke", stroke="#FFFFFF", stroke_width=3)  # fmt: skip
        if best >= len(_DIRECTIONS):
            leaders += "M{:.5g} {:.5g}L{:.5g} {:.5g}".format(*place, *ends[best])
    return labels, svg.path(leaders, stroke=svg.GREY, fill="none") if leaders else ""


def _touched(start, ends, places):
    """How many markers the line from a marker to each of the ends (n, 2) runs over."""
    way, others = ends - start, places - start
    others = others[np.abs(others).max(axis=1) > _MARK]
    lengths = np.maximum((way**2).sum(axis=1), 1)[:, None]
    share = np.clip(way @ others.T / lengths, 0, 1)  # where the line is nearest to a marker
    apart = np.abs(others - share[:, :, None] * way[:, None]).max(axis=2)
    return (apart < _MARK + 1).sum(axis=1)


def _sentences(result):
    """The budget, who fits, and who has no place."""
    limits = [
        f"{QUANTITIES[name]} ≤ {_written(name, most)}"
        for name, most in result.budgets.items()
        if most < inf
    ]
    if not limits:
        says = ["没有设预算，所有的网络都放得下。"]
    elif result.fitting:
        says = [f"预算：{'，'.join(limits)}。放得下的 {len(result.fitting)} 个："
                f"{'、'.join(result.fitting)}。"]  # fmt: skip
    else:
        says = [f"预算：{'，'.join(limits)}。没有一个放得下，请放宽预算。"]
    if result.left_out:
        says.append(
            f"没有数据、没有画出的 {len(result.left_out)} 个：{'、'.join(result.left_out)}。"
        )
    return says


def _wrapped(words):
    """Lines of at most ``_CHARACTERS`` wide characters, broken after a comma or a full stop."""
    lines, line = [], ""
    for part in words.replace("、", "、\n").replace("。", "。\n").replace("，", "，\n").split("\n"):
        if _cells(line + part) > _CHARACTERS:
            lines, line = [*lines, line], ""
        line += part
    return [*lines, line] if line else lines


def _cells(words):
    return sum(1 if ord(sign) > 0x2000 else 0.55 for sign in words)
