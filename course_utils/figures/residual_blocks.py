"""Residual blocks side by side: He et al., "Deep residual learning", CVPR 2016, figures 2 and 5."""

from matplotlib.patches import Circle, FancyBboxPatch

from ..counting.geometry import conv_parameters
from ._canvas import BLUE, INK, LARGE, NORMAL, ORANGE, SMALL, VERMILION, arrow, new_sheet

# Lengths in inches.
BOX = (2.3, 0.56)
COLUMN = 4.9  # of one block with its shortcut
STEP = 1.04  # from one box to the next
BEND = 1.95  # from the middle of the boxes to the shortcut
SUM, TAIL = 0.17, 0.95  # radius of the sum sign; its height above the bottom


def residual_blocks(blocks, title="两种残差模块"):
    """Draw each block from top to bottom: its convolutions, its shortcut, the sum, the last ReLU.

    Weights are counted without biases and normalisation, and written beside each convolution.
    Example::

        residual_blocks({
            "(a) 基本模块": (64, [(3, 64), (3, 64)], None),
            "(b) 瓶颈模块": (256, [(1, 64), (3, 64), (1, 256)], None),
        })

    Args:
        blocks: {words: (input channels, [(kernel, output channels), ...], shortcut)}; the
            shortcut is None for the identity, or the kernel of its projection, and is then
            drawn dashed.
    """
    deepest = max(len(layers) for _, layers, _ in blocks.values())
    top = TAIL + STEP * deepest + 0.75
    width = COLUMN * len(blocks)
    figure, ax = new_sheet(width, top + 1.15, scale=min(1.0, 10 / width))
    ax.text(width / 2, top + 1.07, title, fontsize=LARGE, ha="center", va="top", color=INK)
    for number, (words, block) in enumerate(blocks.items()):
        _block(ax, COLUMN * (number + 0.5) - 0.55, top, words, *block)
    return figure


def _block(ax, x, top, title, channels, layers, shortcut):
    """One column; a block with fewer layers has longer arrows."""
    inputs, total = channels, 0
    ax.text(x + 0.4, top + 0.5, title, fontsize=NORMAL, ha="center", color=INK)
    ax.text(x - 0.12, top + 0.24, f"x：{channels} 个通道", fontsize=NORMAL, ha="right", va="center",
            color=INK)  # fmt: skip
    ax.plot([x, x], [top + 0.36, top], color=INK, lw=1.4)
    step = (top - TAIL - 0.35) / len(layers)
    start = top
    for number, (kernel, outputs) in enumerate(layers):
        y = top - step * (number + 0.5) - 0.06
        weights = conv_parameters(channels, outputs, (kernel, kernel), bias=False)
        arrow(ax, (x, start), (x, y + BOX[1] / 2))
        _box(
            ax, x, y, f"{kernel}×{kernel} 卷积，{channels} → {outputs}\n{weights:,} 个权值", kernel
        )
        if number + 1 < len(layers):
            ax.text(x - 0.12, y - BOX[1] / 2 - 0.2, "批归一化、ReLU", fontsize=SMALL, ha="right",
                    va="center", color=INK)  # fmt: skip
        start, channels, total = y - BOX[1] / 2, outputs, total + weights
    ax.text(x - 0.3, TAIL + 0.27, "批归一化，F(x)", fontsize=SMALL, ha="right", va="center",
            color=INK)  # fmt: skip
    arrow(ax, (x, start), (x, TAIL + SUM))
    ax.add_patch(Circle((x, TAIL), SUM, facecolor="white", edgecolor=INK, lw=1.6))
    ax.plot([x - 0.09, x + 0.09], [TAIL, TAIL], color=INK, lw=1.6)
    ax.plot([x, x], [TAIL - 0.09, TAIL + 0.09], color=INK, lw=1.6)
    arrow(ax, (x, TAIL - SUM), (x, TAIL - 0.52))
    result = "F(x) + Wx" if shortcut else "F(x) + x"
    ax.text(x + 0.12, TAIL - 0.35, f"{result}，再过 ReLU：{channels} 个通道", fontsize=NORMAL,
            va="center", color=INK)  # fmt: skip
    ax.text(x - 0.12, TAIL - 0.35, f"主分支 {total:,} 个权值", fontsize=NORMAL, ha="right",
            va="center", color=INK)  # fmt: skip
    _shortcut(ax, x, top, inputs, channels, shortcut)


def _shortcut(ax, x, top, inputs, outputs, kernel):
    """The way round the boxes, from above the first one to the sum."""
    line = {"color": VERMILION, "lw": 2.2, "ls": "--" if kernel else "-"}
    away = x + BEND
    ax.plot([x, away, away, x + SUM + 0.1], [top, top, TAIL, TAIL], **line)
    arrow(ax, (x + SUM + 0.12, TAIL), (x + SUM, TAIL))
    words = "恒等映射\n没有参数"
    if kernel:
        weights = conv_parameters(inputs, outputs, (kernel, kernel), bias=False)
        words = f"{kernel}×{kernel} 投影\n{inputs} → {outputs}\n{weights:,} 个权值"
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 3}
    ax.text(away, (top + TAIL) / 2, words, fontsize=SMALL, ha="center", va="center", color=INK,
            linespacing=1.4, bbox=ground)  # fmt: skip


def _box(ax, x, y, words, kernel):
    """A convolution; those of 1×1 have a dashed edge."""
    edge, fill, line = (ORANGE, "#FBE5B6", "--") if kernel == 1 else (BLUE, "#DCEBF7", "-")
    ax.add_patch(
        FancyBboxPatch((x - BOX[0] / 2, y - BOX[1] / 2), *BOX,
                       boxstyle="round,pad=0,rounding_size=0.08", facecolor=fill, edgecolor=edge,
                       lw=1.6, ls=line)
    )  # fmt: skip
    ax.text(x, y, words, fontsize=SMALL + 0.5, ha="center", va="center", linespacing=1.35,
            color=INK)  # fmt: skip
