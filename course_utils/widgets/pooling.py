"""Overlapping pooling against plain pooling on a real feature map.

Source: Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural
networks", NIPS 2012, section 3.4: windows of side z, s cells apart; they overlap if s < z.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..counting.geometry import output_size
from . import svg
from .explorer import Explorer, dropdown, slider

KINDS = {"最大池化": "max", "平均池化": "average"}
_VIEW = 7  # cells of the magnified part, along one side
_CELL = 44  # pixels of a magnified cell
_SMALL = 200  # pixels of a whole map
_TOP = 108  # y of the magnified parts
_FACTS = _TOP + _VIEW * _CELL + 26  # y of the sentences below them
_MAPS = _FACTS + 142  # y of the whole maps
_MARKS = (
    (svg.BLUE, "none"),
    (svg.RED, "8 4"),
    (svg.GREEN, "3 3"),
    (svg.PURPLE, "12 3 3 3"),
)


@dataclass(frozen=True)
class Pooled:
    """One pooling of the feature map, all positions being (row, column).

    ``windows``: the outputs whose windows see the chosen cell. ``unread``: how many input cells
    no window sees. ``shared``: the share of those that more than one window sees. ``sources``:
    how many different input cells the outputs of a max pooling come from, the first one where
    several are equal; None for an average.
    """

    kernel: int
    stride: int
    values: np.ndarray
    windows: tuple
    unread: int
    shared: float
    sources: int | None


@dataclass(frozen=True)
class Poolings:
    """The two poolings at the chosen cell: ``plain`` has windows as large as its stride."""

    kind: str
    row: int
    column: int
    plain: Pooled
    other: Pooled


class PoolingExplorer(Explorer):
    """Two poolings of one feature map side by side, and the windows that share a cell.

    Args:
        feature_map: float array (rows, columns), at least 8 each.

    Raises:
        ValueError: another number of axes, or too small a map.
    """

    title = "重叠池化与不重叠池化"
    question = (
        "窗口 2×2、步长 2 与窗口 3×3、步长 2，输出一样大吗？"
        "一个很大的值，在两种输出里各会出现几次？"
    )

    def __init__(self, feature_map):
        self.map = np.asarray(feature_map, dtype="float64")
        if self.map.ndim != 2 or min(self.map.shape) <= _VIEW:
            raise ValueError(
                f"the feature map has shape {list(self.map.shape)}; it needs two axes of at least "
                f"{_VIEW + 1} cells."
            )
        # The largest value of the even rows and columns, where four windows of AlexNet's meet.
        even = self.map[::2, ::2]
        self.bright = tuple(2 * int(i) for i in np.unravel_index(even.argmax(), even.shape))
        super().__init__()

    def make_controls(self):
        rows, columns = self.map.shape
        row, column = self.bright
        return {
            "kind": dropdown("池化方式", list(KINDS.items()), "max"),
            "kernel": slider("窗口边长 z", 2, 5, 3),
            "stride": slider("步长 s", 2, 4, 2),
            "row": slider("输入格：行", 0, rows - 1, row),
            "column": slider("输入格：列", 0, columns - 1, column),
        }

    def compute(self, kind, kernel, stride, row, column):
        """``Poolings`` of windows stride x stride and kernel x kernel, ``stride`` cells apart."""
        plain, other = (
            _pool(self.map, kind, side, stride, (row, column)) for side in (stride, kernel)
        )
        return Poolings(kind, row, column, plain, other)

    def draw(self, result):
        """Magnified windows on top, the two outputs and the input, in one scale of grey, below."""
        corner = self._corner(result)
        body = self._input(corner)
        for pooled, x, left in ((result.plain, 24, 24), (result.other, 452, 636)):
            body += (
                _formula(pooled, self.map.shape, x)
                + self._magnified(result, pooled, corner, x)
                + self._facts(pooled, x)
                + self._output(pooled, left)
            )
        return svg.picture(860, _MAPS + _SMALL + 36, body, self._sentence(result))

    def frames(self):
        rows, columns = self.map.shape
        row, column = self.bright
        settings = [
            ("max", 3, 2, (row, column)),
            ("max", 3, 2, (min(row + 1, rows - 1), min(column + 1, columns - 1))),
            ("average", 3, 2, (row, column)),
            ("max", 5, 2, (row, column)),
            ("max", 2, 3, (row, column)),
            ("max", 3, 2, (rows - 1, columns - 1)),
        ]
        names = {value: name for name, value in KINDS.items()}
        return [
            (
                f"{names[kind]}，z = {kernel}，s = {stride}，输入格（{row}，{column}）",
                {"kind": kind, "kernel": kernel, "stride": stride, "row": row, "column": column},
            )
            for kind, kernel, stride, (row, column) in settings
        ]

    def _grey(self, values):
        """Grey levels, the same for all maps: the least value of the input black, the largest
        white."""
        low, high = self.map.min(), self.map.max()
        return (values - low) / (high - low or 1)

    def _number(self, value):
        largest = np.abs(self.map).max()
        digits = 2 if largest < 10 else 1 if largest < 100 else 0
        return f"{value:.{digits}f}".replace("-", "−")

    def _corner(self, result):
        """First row and column of the magnified part."""
        return tuple(
            int(np.clip(place - _VIEW // 2, 0, size - _VIEW))
            for place, size in zip((result.row, result.column), self.map.shape, strict=True)
        )

    def _magnified(self, result, pooled, corner, x):
        top, left = corner
        seen = self.map[top : top + _VIEW, left : left + _VIEW]
        grey = self._grey(seen)
        numbers = {True: "", False: ""}
        for (i, j), value in np.ndenumerate(seen):
            numbers[bool(grey[i, j] < 0.5)] += svg.text(
                x + j * _CELL + _CELL // 2, _TOP + i * _CELL + 27, self._number(value)
            )
        side = _VIEW * _CELL
        chosen = (result.row - top, result.column - left)
        return (
            svg.image(x, _TOP, side, side, grey)
            + svg.path(svg.grid(x, _TOP, _VIEW, _VIEW, _CELL), stroke=svg.GREY, stroke_width=0.5)
            + svg.group(numbers[True], text_anchor="middle", font_size=15, fill="#FFFFFF")
            + svg.group(numbers[False], text_anchor="middle", font_size=15, fill="#000000")
            + svg.path(
                svg.cells([chosen], x, _TOP, _CELL),
                fill="none",
                stroke=svg.ORANGE,
                stroke_width=6,
            )
            + _windows(pooled, corner, x)
        )

    def _facts(self, pooled, x):
        count = len(pooled.windows)
        seen = f"{count} 个窗口看到这一格" if count else "没有窗口看到这一格"
        listed = count if count <= len(_MARKS) else 0  # more would not fit
        if listed:
            seen += f"，{'它' if count == 1 else '它们'}的输出："
        outputs = "".join(
            svg.text(left, y, f"({i},{j}) → {self._number(pooled.values[i, j])}")
            + svg.path(
                f"M{left} {y + 7}h120",
                stroke=color,
                stroke_width=3.5,
                stroke_dasharray=dashes,
            )
            for (i, j), (left, y), (color, dashes) in zip(
                pooled.windows[:listed], _places(x), _MARKS, strict=False
            )
        )
        cover = "没有一格被两个窗口同时看到"
        if pooled.shared:
            cover = f"全图 {pooled.shared:.0%} 的格被不止一个窗口看到"
        if pooled.unread:
            cover += f"，{pooled.unread:,} 格没有窗口看到"
        return (
            svg.text(x, _FACTS, seen)
            + svg.group(outputs, font_size=14, font_weight="bold")
            + svg.text(x, _FACTS + (84 if listed > 2 else 54), cover)
        )

    def _input(self, corner):
        x, y = 330, _MAPS
        side = _SMALL / max(self.map.shape)
        rows, columns = self.map.shape
        return (
            svg.text(x, y - 12, f"输入 {rows}×{columns}", font_weight="bold")
            + svg.image(x, y, columns * side, rows * side, self._grey(self.map))
            + svg.rect(
                x + corner[1] * side,
                y + corner[0] * side,
                _VIEW * side,
                _VIEW * side,
                fill="none",
                stroke=svg.ORANGE,
                stroke_width=3,
            )
            + svg.text(x, y + 220, "橙框：上面放大的部分")
        )

    def _output(self, pooled, x):
        y = _MAPS
        rows, columns = pooled.values.shape
        side = _SMALL / max(pooled.values.shape)
        marks = "".join(
            svg.rect(
                x + j * side,
                y + i * side,
                side,
                side,
                fill="none",
                stroke=_mark(number)[0],
                stroke_width=3,
            )
            for number, (i, j) in enumerate(pooled.windows)
        )
        return (
            svg.text(
                x,
                y - 12,
                f"{_relation(pooled)}：{rows}×{columns} = {rows * columns} 个值",
                font_weight="bold",
            )
            + svg.image(x, y, columns * side, rows * side, self._grey(pooled.values))
            + marks
            + svg.text(x, y + 220, _sources(pooled))
        )

    def _sentence(self, result):
        value = self._number(self.map[result.row, result.column])
        both = "；".join(
            f"{_relation(pooled)}（窗口 {pooled.kernel}×{pooled.kernel}，步长 {pooled.stride}）"
            f"输出 {'×'.join(map(str, pooled.values.shape))}，"
            f"这一格被 {len(pooled.windows)} 个窗口看到"
            for pooled in (result.plain, result.other)
        )
        return f"输入格（{result.row}，{result.column}）的值是 {value}。{both}。"


def _pool(values, kind, kernel, stride, cell):
    windows = np.lib.stride_tricks.sliding_window_view(values, (kernel, kernel))
    windows = windows[::stride, ::stride].reshape(
        *(output_size(size, kernel, stride) for size in values.shape), kernel**2
    )
    # How many windows see each row and each column of the input.
    seen = [
        np.bincount(
            (np.arange(count)[:, None] * stride + np.arange(kernel)).ravel(), minlength=size
        )
        for count, size in zip(windows.shape[:2], values.shape, strict=True)
    ]
    rows, columns = (
        range(max(0, -(-(place - kernel + 1) // stride)), min(place // stride, count - 1) + 1)
        for place, count in zip(cell, windows.shape[:2], strict=True)
    )
    return Pooled(
        kernel,
        stride,
        windows.max(axis=2) if kind == "max" else windows.mean(axis=2),
        tuple(product(rows, columns)),
        int((np.outer(*seen) == 0).sum()),
        float((np.outer(*seen) > 1).mean()),
        _sources_of(windows, kernel, stride) if kind == "max" else None,
    )


def _sources_of(windows, kernel, stride):
    """How many different cells of the input the largest values of the windows lie in."""
    rows, columns = np.divmod(windows.argmax(axis=2), kernel)
    rows += np.arange(len(windows))[:, None] * stride
    columns += np.arange(windows.shape[1]) * stride
    return len(set(zip(rows.flat, columns.flat, strict=True)))


def _places(x):
    """Where the outputs of up to four windows are named: two rows of two."""
    return [(x + 160 * (n % 2), _FACTS + 24 + 30 * (n // 2)) for n in range(len(_MARKS))]


def _relation(pooled):
    if pooled.kernel == pooled.stride:
        return "不重叠"
    return "重叠" if pooled.kernel > pooled.stride else "有空隙"


def _formula(pooled, shape, x):
    z, s = pooled.kernel, pooled.stride
    sign = "=" if z == s else ">" if z > s else "<"
    rows = len(pooled.values)
    return (
        svg.text(
            x, 32, f"{_relation(pooled)}：z = {z} {sign} s = {s}", font_size=18, font_weight="bold"
        )
        + svg.text(x, 62, f"输出边长 = ⌊({shape[0]} − {z}) / {s}⌋ + 1 = {rows}", font_size=17)
        + svg.text(x, 94, "放大：粗橙框是选中的输入格，彩色框是看到它的窗口")
    )


def _mark(number):
    """(colour, dashes) of a window."""
    return _MARKS[number % len(_MARKS)]


def _windows(pooled, corner, x):
    """Frames around the windows that see the chosen cell, clipped to the magnified part; each a
    little smaller than the one before, so that none hides another."""
    frames = ""
    for number, (i, j) in enumerate(pooled.windows):
        colour, dashes = _mark(number)
        (top, bottom), (left, right) = (
            np.clip(
                [place * pooled.stride - first, place * pooled.stride - first + pooled.kernel],
                0,
                _VIEW,
            ).tolist()
            for place, first in zip((i, j), corner, strict=True)
        )
        inset = 2 + 2 * (number % len(_MARKS))
        frames += svg.rect(
            x + left * _CELL + inset,
            _TOP + top * _CELL + inset,
            (right - left) * _CELL - 2 * inset,
            (bottom - top) * _CELL - 2 * inset,
            fill="none",
            stroke=colour,
            stroke_width=3.5,
            stroke_dasharray=dashes,
        )
    return frames


def _sources(pooled):
    if pooled.sources is None:
        return "每个输出是窗口的平均值"
    return f"这些值来自 {pooled.sources:,} 个不同的输入格"
