"""One image's way through a residual block: x, F(x), the shortcut, their sum, the ReLU.

Source: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 3.2 and
figures 2 and 7 (the sizes of the responses).
"""

from dataclasses import dataclass

import numpy as np

from . import svg
from .explorer import Explorer, choice_slider, slider
from .photos import drawn_photo

_MAP = 150  # side of a drawn map
# Left and top corner of each map: x, F(x), shortcut, sum, output.
_PLACES = ((24, 210), (262, 84), (262, 336), (478, 210), (694, 210))
_BARS = 634  # y of the ground of the bars


@dataclass(frozen=True)
class Walk:
    """One channel of a block's five maps, float arrays (height, width).

    ``shapes``: (channels, height, width) of each. ``cells``: (row, column) of the marked place in
    each. ``ratios``: for each block the standard deviation of F(x) over that of the shortcut.
    """

    block: str
    channel: int
    photo: np.ndarray
    maps: tuple
    shapes: tuple
    cells: tuple
    identity: bool
    ratios: dict

    @property
    def values(self):
        """The marked value of each map."""
        return tuple(float(m[cell]) for m, cell in zip(self.maps, self.cells, strict=True))


class ResidualBlockExplorer(Explorer):
    """Follow one channel through a residual block; all five maps have one grey scale.

    Args:
        steps: {block: (x, residual, shortcut, output)}, arrays (channels, height, width) that one
            forward pass of one image gave; output = relu(residual + shortcut).
        photo: uint8 array (height, width, 3), the image.

    Raises:
        ValueError: no block, or an output that is not the ReLU of the sum.
    """

    title = "跟着一张照片走进残差模块"
    question = (
        "F(x) 有正有负，x 刚过 ReLU 没有负值；相加、再过 ReLU 之后，输出更像 F(x)，还是更像 x？"
        "一组的第一个模块里，x 与 F(x) 形状不同，还能直接相加吗？"
    )

    def __init__(self, steps, photo):
        if not steps:
            raise ValueError("steps is empty; give the arrays of at least one block.")
        self.photo, self.steps = photo, {}
        for name, arrays in steps.items():
            x, residual, shortcut, output = map(np.asarray, arrays)
            total = residual + shortcut
            if not np.allclose(output, np.maximum(total, 0), atol=1e-3 * np.abs(total).max()):
                raise ValueError(
                    f"the output of {name} is not relu(residual + shortcut); "
                    "give the four arrays of one and the same pass."
                )
            self.steps[name] = (x, residual, shortcut, total, output)
        self.ratios = {
            name: float(residual.std() / shortcut.std())
            for name, (_, residual, shortcut, *_) in self.steps.items()
        }
        super().__init__()

    def make_controls(self):
        names = list(self.steps)
        fewest = min(array.shape[0] for arrays in self.steps.values() for array in arrays)
        self.places = min(array.shape[1] for arrays in self.steps.values() for array in arrays)
        middle = self.places // 2
        return {
            "block": choice_slider("残差模块", names, names[0]),
            "channel": slider("通道", 0, fewest - 1, 0),
            "row": slider("橙框的行", 0, self.places - 1, middle),
            "column": slider("橙框的列", 0, self.places - 1, middle),
        }

    def compute(self, block, channel, row, column):
        """A ``Walk``; row and column count the cells of the smallest map of all."""
        arrays = self.steps[block]
        x, _, shortcut, *_ = arrays
        return Walk(
            block,
            channel,
            self.photo,
            tuple(array[channel] for array in arrays),
            tuple(array.shape for array in arrays),
            tuple(
                tuple(int((place + 0.5) * n / self.places)
                      for place, n in zip((row, column), array.shape[1:], strict=True))
                for array in arrays
            ),
            np.array_equal(x, shortcut),
            self.ratios,
        )  # fmt: skip

    def draw(self, result):
        """The walk from left to right, the addition in numbers, a bar for each block."""
        body = _photo(result) + _arrows() + _maps(result) + _words(result) + _bars(result)
        return svg.picture(860, 710, body, _sentence(result))

    def frames(self):
        names, now = list(self.steps), self.settings()
        changing = [name for name, (x, shape, *_) in self.steps.items() if x.shape != shape.shape]
        chosen = dict.fromkeys([*names[:2], *changing[:3], names[-1]])
        return [
            *((name, now | {"block": name}) for name in chosen),
            (f"{names[0]}，另一个通道", now | {"channel": self.controls["channel"].max}),
        ]


def _signed(value):
    return f"{round(value, 2) + 0:.2f}".replace("-", "−")


def _bracketed(value):
    return f"({_signed(value)})" if value < 0 else _signed(value)


def _sentence(result):
    _, residual, shortcut, total, output = map(_signed, result.values)
    return (
        f"{result.block}，第 {result.channel} 通道，橙框处：F(x) 为 {residual}，"
        f"捷径分支为 {shortcut}，和为 {total}，过 ReLU 之后为 {output}。"
    )


def _size(shape):
    return f"{shape[1]}×{shape[2]}×{shape[0]}"


def _photo(result):
    words = f"照片 {len(result.photo)}×{len(result.photo)}"
    return svg.text(24, 26, words, font_weight="bold") + drawn_photo(24, 36, 110, 110, result.photo)


def _arrows():
    """The two ways from x to the sum, then the ReLU."""
    middle = _PLACES[0][1] + _MAP / 2
    high, low = (y + _MAP / 2 for _, y in _PLACES[1:3])
    lines = (
        f"M{24 + _MAP} {middle}H206V{high}H256M206 {middle}V{low}H256"
        f"M{262 + _MAP} {high}H446V{middle - 16}M{262 + _MAP} {low}H446V{middle + 16}"
        f"M462 {middle}H472M{478 + _MAP} {middle}H688"
    )
    heads = (
        "".join(
            f"M{x} {y}l-8 -5v10z"
            for x, y in ((260, high), (260, low), (476, middle), (692, middle))
        )
        + f"M446 {middle - 14}l-5 -8h10zM446 {middle + 14}l-5 8h10z"
    )
    cross = f"M438 {middle}h16M446 {middle - 8}v16"
    return (
        svg.path(lines, stroke=svg.INK, stroke_width=1.8, fill="none")
        + svg.path(heads, fill=svg.INK)
        + svg.element("circle", cx=446, cy=middle, r=14, fill="#FFFFFF", stroke=svg.INK,
                      stroke_width=2)
        + svg.path(cross, stroke=svg.INK, stroke_width=2)
        + svg.text(661, middle - 10, "ReLU", text_anchor="middle", font_size=14)
    )  # fmt: skip


def _maps(result):
    limit = max(float(np.abs(m).max()) for m in result.maps) or 1.0
    way = "恒等映射" if result.identity else "改变形状的捷径"
    names = ("x", "F(x)：主分支", f"x：{way}" if result.identity else way, "相加", "输出")
    drawn = ""
    for (x, y), name, values, shape, cell in zip(
        _PLACES, names, result.maps, result.shapes, result.cells, strict=True
    ):
        step_y, step_x = (_MAP / n for n in values.shape)
        flat = "，处处相同" if np.ptp(values) == 0 else ""
        drawn += (
            svg.text(x, y - 10, name, font_weight="bold", font_size=16)
            + svg.image(x, y, _MAP, _MAP, 0.5 + values / (2 * limit))
            + svg.rect(x, y, _MAP, _MAP, fill="none", stroke=svg.INK)
            + svg.rect(x + cell[1] * step_x - 2, y + cell[0] * step_y - 2, step_x + 4, step_y + 4,
                       fill="none", stroke=svg.ORANGE, stroke_width=3)
            + svg.text(x, y + _MAP + 19, _size(shape) + flat, font_size=14)
            + svg.text(x, y + _MAP + 38, f"橙框处 {_signed(values[cell])}", font_size=14)
        )  # fmt: skip
    return drawn


def _words(result):
    """What happens, and the addition with the numbers of the marked place."""
    x_shape, residual_shape, *_ = result.shapes
    _, residual, shortcut, total, output = result.values
    lines = [
        f"x 是 {_size(x_shape)}，F(x) 是 {_size(residual_shape)}",
        "先把 x 变成 F(x) 的形状，再相加",
    ]
    if x_shape == residual_shape:
        lines = ["x 与 F(x) 形状相同，逐个元素相加"]
    added = (
        f"橙框处：{_signed(residual)} + {_bracketed(shortcut)} ≈ {_signed(total)}，"
        f"过 ReLU → {_signed(output)}"
    )
    return (
        svg.text(160, 40, f"{result.block}，第 {result.channel} 通道", font_size=18,
                 font_weight="bold")
        + "".join(svg.text(478, 84 + 24 * i, words) for i, words in enumerate(lines))
        + svg.text(478, 456, added)
        + svg.text(478, 482, "五幅图同一灰度：中灰为 0，白为正，黑为负。", fill="#555555")
    )  # fmt: skip


def _bars(result):
    """How large F(x) is beside the shortcut, for every block."""
    left, width, high = 62, 774, 56
    step = width / len(result.ratios)
    most = max(*result.ratios.values(), 1.0)
    drawn = svg.text(24, _BARS - high - 14, "各模块：F(x) 的标准差 ÷ 捷径分支的标准差",
                     font_weight="bold")  # fmt: skip
    for number, (name, ratio) in enumerate(result.ratios.items()):
        chosen = name == result.block
        x, tall = left + number * step, high * ratio / most
        drawn += svg.rect(x, _BARS - tall, step * 0.6, tall, fill=svg.BLUE if chosen else "#B8B8B8",
                          stroke=svg.INK if chosen else "none", stroke_width=2)  # fmt: skip
        weight = "bold" if chosen else "normal"
        middle = x + step * 0.3
        drawn += svg.text(middle, _BARS + 18, f"{ratio:.2f}", text_anchor="middle", font_size=14,
                          font_weight=weight)  # fmt: skip
        drawn += svg.text(middle, _BARS + 38, number + 1, text_anchor="middle", font_size=14,
                          font_weight=weight)  # fmt: skip
    y = _BARS - high / most
    drawn += svg.path(f"M{left - 6} {y:.5g}H{left + width}", stroke=svg.RED, stroke_dasharray="6 4")
    drawn += svg.text(left - 10, y + 5, "1", text_anchor="end", font_size=14)
    drawn += svg.path(f"M{left - 6} {_BARS}H{left + width}", stroke=svg.INK)
    chosen = list(result.ratios).index(result.block) + 1
    note = f"从左到右第 1 到第 {len(result.ratios)} 个残差模块，现在是第 {chosen} 个。"
    return drawn + svg.text(24, _BARS + 66, note, fill="#555555")
