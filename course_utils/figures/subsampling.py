"""Subsampling and pooling, window by window."""

from math import isclose, tanh

import numpy as np

from ..counting.geometry import output_size
from ._canvas import (
    BLUE,
    INK,
    LARGE,
    NORMAL,
    ORANGE,
    PALE,
    VERMILION,
    arrow,
    frame,
    frame_picture,
    new_figure,
    new_sheet,
    number,
    write_cells,
)

POOLINGS = {"average": ("平均池化", np.mean), "max": ("最大池化", np.max)}
MARKS = ((BLUE, "-"), (VERMILION, "--"), (INK, ":"))


def subsampling_step(window, coefficient, bias, scale=1.0):
    """Draw how a trainable subsampling layer turns one window into one value.

    scale * sum of the window, times the coefficient, plus the bias, then the squashing function
    1.7159 tanh(2a / 3) (LeCun et al. 1998, section II.B and appendix A).

    Args:
        window: (k, k) numbers.
        scale: 1 adds the values, as the paper does; 1 / k**2 averages them.
    """
    window = np.asarray(window, dtype=float)
    if window.ndim != 2 or window.shape[0] != window.shape[1]:
        raise ValueError(f"window has the shape {window.shape}; give a square of numbers (k, k).")
    pooled = scale * window.sum()
    activation = coefficient * pooled + bias
    output = 1.7159 * tanh(2 / 3 * activation)
    terms = " + ".join(_signed(value) for value in window.flat)
    stages = [
        (*_pooling_words(terms, window.size, scale), pooled),
        (
            "乘系数，加偏置",
            f"{_signed(coefficient)} × {_signed(pooled)} + {_signed(bias)}",
            activation,
        ),
        ("激活函数", f"1.7159 tanh(2/3 × {_signed(activation)})", output),
    ]

    width, height, middle = 10.0, 3.0, 1.85
    figure, ax = new_sheet(width, height)
    ax.text(
        width / 2,
        height - 0.1,
        "下采样：由一个窗口得到一个输出值",
        fontsize=LARGE,
        ha="center",
        va="top",
    )
    inset = ax.inset_axes((0.4, middle - 0.55, 1.1, 1.1), transform=ax.transData)
    _show_numbers(inset, window)
    ax.text(
        0.95,
        middle - 0.63,
        f"{len(window)}×{len(window)} 的窗口",
        fontsize=NORMAL,
        ha="center",
        va="top",
    )
    right = 1.5
    for step, (words, formula, value) in enumerate(stages):
        arrow(ax, (right + 0.1, middle), (right + 1.6, middle))
        ax.text(right + 0.83, middle + 0.08, words, fontsize=NORMAL, ha="center", va="bottom")
        ax.text(
            right + 2.1,
            middle,
            number(value),
            fontsize=LARGE,
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.4", "facecolor": "#FBE5B6", "edgecolor": ORANGE},
        )
        right += 2.6
        line = f"{words}：{formula} {_equals(value)} {number(value)}"
        ax.text(1.65, 0.85 - 0.29 * step, line, fontsize=NORMAL, va="center")
    return figure


def pooling_windows(image, kernel, stride, pooling="average"):
    """Draw an image with its pooling windows, and the pooled image beside it.

    The first, the second and the last window are framed, as are their results.

    Args:
        image: (height, width) numbers; they are written out up to 10 x 10.
        kernel, stride: side and step of the square windows.
        pooling: "average" or "max".
    """
    image = np.asarray(image, dtype=float)
    if image.ndim != 2:
        raise ValueError(f"image has the shape {image.shape}; give one image (height, width).")
    if pooling not in POOLINGS:
        raise ValueError(f"pooling is {pooling!r}; it must be one of {', '.join(POOLINGS)}.")
    words, reduce = POOLINGS[pooling]
    rows, columns = (output_size(side, kernel, stride) for side in image.shape)
    pooled = np.array(
        [
            [
                reduce(image[top : top + kernel, left : left + kernel])
                for left in range(0, columns * stride, stride)
            ]
            for top in range(0, rows * stride, stride)
        ]
    )

    figure = new_figure(9, 4.6, layout="constrained")
    figure.suptitle(f"{words}：{kernel}×{kernel} 的窗口，步长 {stride}", fontsize=LARGE)
    before, after = figure.subplots(1, 2)
    for ax, values, name in ((before, image, "输入"), (after, pooled, "输出")):
        _show_numbers(ax, values, limits=(image.min(), image.max()))
        ax.set_title(f"{name} {values.shape[0]}×{values.shape[1]}", fontsize=NORMAL)
    cells = [(row, column) for row in range(rows) for column in range(columns)]
    for row, column in cells:
        frame(before, column * stride, row * stride, kernel, edgecolor=PALE, lw=1)
        frame(after, column, row, 1, edgecolor=PALE, lw=1)
    marked = dict.fromkeys([*cells[:2], cells[-1]])
    for (row, column), (color, line) in zip(marked, MARKS, strict=False):
        style = {"edgecolor": color, "ls": line, "lw": 3}
        frame(before, column * stride, row * stride, kernel, inset=0.05, **style)
        frame(after, column, row, 1, inset=0.05 / stride, **style)
    return figure


def _signed(value):
    """The number as it stands inside a formula: in brackets if negative."""
    return f"({number(value)})" if value < 0 else number(value)


def _equals(value):
    """The sign between a formula and the digits of its value."""
    return "=" if isclose(float(f"{value:.4g}"), value) else "≈"


def _pooling_words(terms, count, scale):
    """(what is done to the window, its formula)."""
    if scale == 1:
        return f"{count} 个值求和", terms
    if isclose(scale * count, 1):
        return f"{count} 个值求平均", f"({terms}) ÷ {count}"
    return "求和后缩放", f"{number(scale)} × ({terms})"


def _show_numbers(ax, values, limits=None):
    """Grey picture of ``values``, written into the cells where they have room."""
    low, high = limits or (values.min(), values.max())
    # Three times the range keeps every cell pale enough for dark digits on it.
    room = max(values.shape) <= 10
    ax.imshow(values, cmap="gray_r", vmin=low, vmax=low + (3 if room else 1) * (high - low or 1))
    frame_picture(ax)
    if room:
        write_cells(ax, values)
