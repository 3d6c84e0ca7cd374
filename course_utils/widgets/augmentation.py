"""Data augmentation as AlexNet used it, on a real photo: crop, reflection, lighting.

Source: Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural
networks", NIPS 2012, sections 2 and 4.1.
"""

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np

from ..counting.geometry import output_size
from ..images.augmentation import central_square, lighting_shift, pixel_components
from . import svg
from .explorer import Explorer, dropdown, row, slider

SIDE = 256  # of the square that the paper keeps of an image
SIGMA = 0.1  # standard deviation of the lighting's three factors in the paper
_CROPS = {"224×224（论文的文字）": 224, "227×227（能算出 55×55）": 227}
# How far a factor of 1 shifts the colour, in levels of 255, along a component whose variance
# (pixels from 0 to 1) is given. The paper prints the eigenvalue and names no unit.
READINGS = {
    "λ，像素取 0–1": lambda variance: 255 * variance,
    "λ，像素取 0–255": lambda variance: 255**2 * variance,
    "√λ（作者后来的程序）": lambda variance: 255 * variance**0.5,
}
_STEP = 0.02  # of the factors; a slider corrects values that are none of its steps
_ZOOM = 1.5  # pixels of the drawing for one of the photo
_TOP = 84  # y of the two pictures
_QUALITY = 50  # of the pictures' JPEG: six frames must stay small


@dataclass(frozen=True)
class Augmented:
    """One changed image. ``positions``: places for the crop along one axis; ``shifts``: what each
    of the three components added to red, green and blue, of 255; ``reach``: how far a factor of
    1 goes along each; ``clipped``: share of the values that were cut to 0 or 255."""

    size: int
    top: int
    left: int
    flip: bool
    factors: tuple
    reading: str
    positions: int
    reach: np.ndarray
    shifts: np.ndarray
    clipped: float
    image: np.ndarray

    @property
    def shift(self):
        """What was added to red, green and blue, of 255."""
        return self.shifts.sum(axis=0)

    @property
    def count(self):
        """How many different images crops and reflections make of one."""
        return 2 * self.positions**2


class AugmentationExplorer(Explorer):
    """Move the crop, mirror it, change its light; or let chance do all three as in training.

    Args:
        photo: uint8 (height, width, 3), RGB.
    """

    title = "数据增强：一幅照片能变出多少幅？"
    question = (
        "从 256×256 的图像中裁出 224×224，再允许左右翻转，一共有多少种结果？"
        "光照系数 α 的标准差只有 0.1，颜色的变化看得出来吗？"
    )

    def __init__(self, photo):
        self.square = central_square(photo, SIDE)
        self.components = pixel_components(self.square.transpose(2, 0, 1)[None] / 255)
        self.random = np.random.default_rng(0)
        super().__init__()

    def make_controls(self):
        self.button = widgets.Button(description="随机取一次")
        self.button.on_click(self._draw_at_random)
        size = dropdown("裁切大小", list(_CROPS.items()), 224)
        size.observe(self._limit, "value")
        last = output_size(SIDE, size.value) - 1
        return {
            "size": size,
            "top": slider("上边的行", 0, last, last // 2),
            "left": slider("左边的列", 0, last, last // 2),
            "flip": widgets.Checkbox(description="左右翻转", value=False, indent=False),
            **{f"alpha{i}": slider(f"光照 α{i}", -1.0, 1.0, 0.0, _STEP) for i in (1, 2, 3)},
            "reading": dropdown("λ 怎样读", list(READINGS), next(iter(READINGS))),
        }

    def layout(self):
        return [row([*self.controls.values(), self.button]), self.picture]

    def compute(self, size, top, left, flip, alpha1, alpha2, alpha3, reading):
        """``Augmented``: the square's crop at (top, left), mirrored if ``flip``, then lit."""
        factors = (alpha1, alpha2, alpha3)
        crop = self.square[top : top + size, left : left + size]
        if flip:
            crop = crop[:, ::-1]
        eigenvalues, eigenvectors = self.components
        reach = READINGS[reading](eigenvalues)
        shifts = lighting_shift((reach, eigenvectors), np.diag(factors))
        lit = np.rint(crop + shifts.sum(axis=0))
        return Augmented(
            size,
            top,
            left,
            flip,
            factors,
            reading,
            output_size(SIDE, size),
            reach,
            shifts,
            float(((lit < 0) | (lit > 255)).mean()),
            np.clip(lit, 0, 255).astype(np.uint8),
        )

    def draw(self, result):
        """The square with the crop's frame on the left, the new image on the right, then how
        many there are and what the light added."""
        body = self._square(result) + _result(result) + _counts(result) + self._light(result)
        return svg.picture(860, 706, body, _sentence(result))

    def frames(self):
        middle = (output_size(SIDE, 224) - 1) // 2
        unit, byte, root = READINGS
        changes = [
            ("正中的 224×224", {}),
            ("左上角", {"top": 0, "left": 0}),
            ("右下角，左右翻转", {"top": 2 * middle, "left": 2 * middle, "flip": True}),
            ("α1 = 1，像素值按 0–1 计", {"alpha1": 1.0}),
            ("α1 = 0.3，像素值按 0–255 计", {"alpha1": 0.3, "reading": byte}),
            ("α1 = 0.3，按 √λ 读", {"alpha1": 0.3, "reading": root}),
        ]
        plain = {
            "size": 224, "top": middle, "left": middle, "flip": False,
            "alpha1": 0.0, "alpha2": 0.0, "alpha3": 0.0, "reading": unit,
        }  # fmt: skip
        return [(caption, {**plain, **change}) for caption, change in changes]

    def _limit(self, change):
        for name in ("top", "left"):
            self.controls[name].max = output_size(SIDE, change.new) - 1

    def _draw_at_random(self, button):
        top, left = self.random.integers(
            output_size(SIDE, self.controls["size"].value), size=2
        ).tolist()
        factors = [
            round(_STEP * round(drawn / _STEP), 2) for drawn in self.random.normal(0, SIGMA, 3)
        ]
        self.set(
            top=top,
            left=left,
            flip=bool(self.random.integers(2)),
            **{f"alpha{i}": factor for i, factor in enumerate(factors, 1)},
        )

    def _square(self, result):
        x, length = 24, SIDE * _ZOOM
        left, top, side = (value * _ZOOM for value in (result.left, result.top, result.size))
        shade = (
            f"M{x} {_TOP}h{length}v{length}h-{length}z"
            f"M{x + left} {_TOP + top}v{side}h{side}v-{side}z"
        )
        return (
            svg.text(x, 32, f"保留的 {SIDE}×{SIDE}", font_size=18, font_weight="bold")
            + svg.text(x, 60, f"橙框：从第 {result.top} 行、第 {result.left} 列开始裁切")
            + svg.photo(x, _TOP, length, length, self.square, _QUALITY)
            + svg.path(shade, fill=svg.INK, fill_opacity=0.5)
            + svg.rect(
                x + left, _TOP + top, side, side, fill="none", stroke=svg.ORANGE, stroke_width=4
            )
        )

    def _light(self, result):
        """A line a component: direction, variance, factor, what it adds, what it usually adds."""
        eigenvalues, eigenvectors = self.components
        columns = (24, 282, 412, 470, 692)
        heads = (
            "主成分 p（红，绿，蓝）", "λ（像素取 0–1）", "α", "加到每个像素上（满值 255）",
            f"标准差 {SIGMA} 时通常加",
        )  # fmt: skip
        lines = [heads] + [
            (
                f"p{i + 1} = （{'，'.join(_signed(value, 2) for value in eigenvectors[:, i])}）",
                f"{eigenvalues[i]:.4f}",
                _signed(factor, 2),
                _levels(result.shifts[i]),
                f"±{SIGMA * result.reach[i]:.1f}",
            )
            for i, factor in enumerate(result.factors)
        ]
        table = "".join(
            svg.text(x, 580 + 27 * i, words, font_weight="normal" if i else "bold")
            for i, line in enumerate(lines)
            for x, words in zip(columns, line, strict=True)
        )
        note = (
            f"λ 的读法：{result.reading}。主成分只由这幅照片的像素（取 0–1）算出；"
            "论文用整个训练集的像素，没有写明单位。"
        )
        return table + svg.text(24, 692, note)


def _signed(value, digits):
    rounded = round(float(value), digits)
    return f"{rounded:+.{digits}f}".replace("-", "−") if rounded else "0"


def _levels(shift):
    return "，".join(
        f"{name} {_signed(value, 0 if abs(value) >= 100 else 1)}"
        for name, value in zip("红绿蓝", shift, strict=True)
    )


def _light_of(result):
    return f"每个像素{_levels(result.shift)}" if result.shift.any() else "颜色不变"


def _sentence(result):
    return (
        f"从第 {result.top} 行、第 {result.left} 列裁出 {result.size}×{result.size}"
        f"{'，左右翻转' if result.flip else ''}，{_light_of(result)}（满值 255）；"
        f"裁切和翻转共有 {result.count:,} 种结果。"
    )


def _result(result):
    x, side = 480, result.size * _ZOOM
    change = "裁切、左右翻转" if result.flip else "裁切"
    return (
        svg.text(x, 32, f"送进网络的 {result.size}×{result.size}", font_size=18, font_weight="bold")
        + svg.text(x, 60, f"{change}，{_light_of(result)}")
        + svg.photo(x, _TOP, side, side, result.image, _QUALITY)
        + svg.rect(x, _TOP, side, side, fill="none", stroke=svg.ORANGE, stroke_width=4)
        + svg.text(x, _TOP + side + 26, _clipping(result))
    )


def _clipping(result):
    if not result.clipped:
        return "没有一个值超出 0 到 255"
    share = f"{result.clipped:.1%} " if result.clipped >= 0.001 else "不到 0.1% "
    return f"{share}的值超出 0 到 255，被截断"


def _counts(result):
    y = _TOP + SIDE * _ZOOM + 36
    n = result.positions
    count = (
        f"每个方向有 {SIDE} − {result.size} + 1 = {n} 个位置，"
        f"连同翻转 {n} × {n} × 2 = {result.count:,} 种"
    )
    paper = "论文裁 224×224，写的是 2048 = 32 × 32 × 2；起点从 0 到 32 都算上，是 33 个。"
    return svg.text(24, y, count, font_weight="bold") + svg.text(24, y + 27, paper)
