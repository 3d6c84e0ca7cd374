"""The ten digit codes of LeNet-5's output layer, and how much noise they bear.

Source: LeCun et al., "Gradient-based learning applied to document recognition", 1998,
section II.B: the output units compute y_i = sum_j (x_j - w_ij)^2, the w_ij being 7x12 bitmaps
of the digits with values -1 and +1.
"""

from dataclasses import dataclass

import numpy as np

from . import svg
from .explorer import Explorer, slider


@dataclass(frozen=True)
class NoisyCode:
    """A disturbed code (rows, columns) and its squared distance to each of the codes.

    ``flipped``: (row, column) of the pixels that changed sign; ``nearest``: the digits with the
    smallest penalty (several after a tie); ``distances``: squared distances between the codes.
    """

    codes: np.ndarray
    digit: int
    code: np.ndarray
    flipped: tuple
    penalties: np.ndarray
    nearest: tuple
    distances: np.ndarray


class CodeExplorer(Explorer):
    """Disturb a digit's code and see whether its own centre is still the nearest.

    Args:
        codes: array (10, 12, 7) of -1 and +1.
    """

    title = "RBF 输出：离哪个编码最近？"
    question = "F6 的 84 个值里错多少个，输出层还能认出这个数字？哪些数字最容易混淆？"

    def __init__(self, codes):
        self.codes = np.asarray(codes, dtype=float)
        if self.codes.ndim != 3:
            raise ValueError(
                f"codes have the shape {self.codes.shape}; give one drawing of rows x columns for "
                f"each class."
            )
        flat = self.codes.reshape(len(self.codes), -1)
        self.distances = ((flat[:, None] - flat[None]) ** 2).sum(axis=-1)
        super().__init__()

    def make_controls(self):
        return {
            "digit": slider("数字", 0, len(self.codes) - 1, 3),
            "flips": slider("翻转的像素数", 0, 42, 8),
            "seed": slider("随机种子", 0, 20, 0),
            "amplitude": slider("幅度", 0.5, 1.7, 1.0, step=0.1),
        }

    def compute(self, digit, flips, seed, amplitude):
        """A ``NoisyCode``: ``flips`` pixels of the code change sign, then it is scaled."""
        code = self.codes[digit].copy()
        # RandomState's stream is frozen, so that stored pictures stay what they are.
        places = np.random.RandomState(seed).permutation(code.size)[:flips]
        code.flat[places] *= -1
        code *= amplitude
        penalties = ((code - self.codes) ** 2).sum(axis=(1, 2))
        nearest = tuple(np.flatnonzero(np.isclose(penalties, penalties.min())).tolist())
        flipped = tuple(divmod(int(i), code.shape[1]) for i in places)
        return NoisyCode(self.codes, digit, code, flipped, penalties, nearest, self.distances)

    def draw(self, result):
        """The code, the penalties as bars over the ten centres, the distances between them."""
        return svg.picture(
            860, 620, _code(result) + _bars(result) + _matrix(result), _sentence(result)
        )

    def frames(self):
        return [
            (
                f"数字 {digit}，翻转 {flips} 个像素，幅度 {amplitude:g}",
                {"digit": digit, "flips": flips, "seed": 0, "amplitude": amplitude},
            )
            for digit, flips, amplitude in [
                (3, 8, 1.0),
                (3, 0, 1.0),
                (3, 20, 1.0),
                (3, 36, 1.0),
                (8, 20, 1.0),
                (1, 30, 1.0),
                (0, 0, 1.7),
                (0, 20, 0.5),
            ]
        ]


def _verdict(result):
    if len(result.nearest) > 1:
        return f"{'、'.join(map(str, result.nearest))} 并列最小，无法判断"
    nearest = result.nearest[0]
    right = nearest == result.digit
    return f"判为 {nearest}，" + ("正确" if right else f"错误（应为 {result.digit}）")


def _sentence(result):
    return (
        f"数字 {result.digit} 的编码翻转 {len(result.flipped)} 个像素；惩罚值 "
        + "、".join(f"{i}：{value:.1f}" for i, value in enumerate(result.penalties))
        + f"。{_verdict(result)}。"
    )


def _bitmap(code, x, y, side):
    """Black for positive, white for negative, as the paper prints them."""
    rows, columns = code.shape
    return svg.image(x, y, columns * side, rows * side, code < 0) + svg.rect(
        x, y, columns * side, rows * side, fill="none", stroke=svg.GREY
    )


def _code(result):
    x, y, side = 30, 56, 22
    rows, columns = result.code.shape
    flipped = "".join(
        svg.element("circle", cx=x + (j + 0.5) * side, cy=y + (i + 0.5) * side, r=6)
        for i, j in sorted(result.flipped)
    )
    size = np.abs(result.code).max()
    foot = y + rows * side
    return (
        svg.text(x, 34, "F6 输出的编码", font_weight="bold", font_size=17)
        + _bitmap(result.code, x, y, side)
        + svg.path(svg.grid(x, y, rows, columns, side), stroke=svg.PALE, stroke_width=0.6)
        + svg.group(flipped, fill=svg.ORANGE, stroke="#FFFFFF", stroke_width=1.5)
        + svg.text(x, foot + 24, f"黑：+{size:.1f}　白：−{size:.1f}")
        + svg.element("circle", cx=x + 7, cy=foot + 43, r=6, fill=svg.ORANGE)
        + svg.text(x + 20, foot + 48, f"翻转的像素（{len(result.flipped)} 个）")
    )


def _bars(result):
    left, base, high, step = 250, 268, 170, 60
    scale = high / max(result.penalties.max(), 1)
    title = svg.text(
        left, 34, "惩罚值 yᵢ = Σⱼ (xⱼ − wᵢⱼ)²：越小越像", font_weight="bold", font_size=17
    )
    verdict = svg.text(
        850,
        34,
        _verdict(result),
        font_size=18,
        font_weight="bold",
        text_anchor="end",
        fill=svg.BLUE if result.nearest == (result.digit,) else svg.RED,
    )
    bars = ""
    for i, value in enumerate(result.penalties):
        x, height = left + i * step, float(value * scale)
        best = i in result.nearest
        bars += svg.rect(
            x + 6,
            base - height,
            38,
            height,
            fill=svg.BLUE if best else "#B8B8B8",
            stroke=svg.INK if best else "none",
            stroke_width=2,
        )
        bars += svg.text(
            x + 25, base - height - 6, f"{value:.1f}", font_weight="bold" if best else "normal"
        )
        if best:
            bars += svg.text(
                x + 25, base - height - 24, "★ 最小", font_weight="bold", fill=svg.BLUE
            )
        bars += _bitmap(result.codes[i], x + 11, base + 8, 4)
        bars += svg.text(
            x + 25, base + 74, i, font_weight="bold" if i == result.digit else "normal"
        )
    axis = svg.path(f"M{left} {base}h{10 * step - 10}", stroke=svg.INK)
    return title + verdict + svg.group(bars, text_anchor="middle", font_size=14) + axis


def _matrix(result):
    x, y, side = 280, 398, 20
    numbers = result.distances
    closest = numbers[~np.eye(len(numbers), dtype=bool)].min()
    marks = "".join(
        svg.rect(x + j * 2 * side, y + i * side, 2 * side, side, fill=svg.ORANGE)
        for i, j in np.argwhere(numbers == closest).tolist()
        if i > j
    )
    cells = "".join(
        svg.text(x + (j + 0.5) * 2 * side, y + (i + 0.75) * side, f"{value:.0f}")
        for (i, j), value in np.ndenumerate(numbers)
        if i > j
    )
    heads = "".join(
        svg.text(x - 12, y + (i + 0.75) * side, i)
        + svg.text(x + (i + 0.5) * 2 * side, y + (i + 0.75) * side, i)
        for i in range(len(numbers))
    )
    pairs = [f"{j} 与 {i}" for i, j in np.argwhere(numbers == closest).tolist() if i > j]
    return (
        svg.text(x, y - 12, "两个编码之间的惩罚值（相差一个像素计 4）", font_weight="bold")
        + marks
        + svg.group(cells, text_anchor="middle", font_size=13)
        + svg.group(heads, text_anchor="middle", font_size=13, font_weight="bold")
        + svg.text(30, 430, "最接近的编码：" if len(pairs) > 1 else "最接近的一对：")
        + "".join(svg.text(30, 456 + 26 * i, pair) for i, pair in enumerate(pairs[:4]))
        + svg.text(
            30, 456 + 26 * min(len(pairs), 4), f"相差 {closest / 4:.0f} 个像素（右表橙色格）"
        )
    )
