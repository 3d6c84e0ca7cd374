"""Why LeNet-5 pads its digits: where the centre of a kernel can come to lie."""

import numpy as np
from matplotlib.patches import Rectangle

from ..geometry import output_size
from ._canvas import (
    BLUE,
    GREY,
    INK,
    LARGE,
    NORMAL,
    VERMILION,
    frame,
    new_figure,
)


def padded_digit(image, pad=2, kernel=5):
    """Draw a digit without and with a ring of zeros, and where a kernel's centre can go.

    Args:
        image: (n, n) grey values, 0 for the background.
        pad: zeros added on each side.
        kernel: odd side of the kernel.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.shape[0] != image.shape[1]:
        raise ValueError(f"image has the shape {image.shape}; give one square image (n, n).")
    if kernel % 2 == 0:
        raise ValueError(f"kernel is {kernel}; it must be odd, so that it has a centre.")
    figure = new_figure(9.5, 5.6, layout="constrained")
    figure.suptitle(f"填充前后，{kernel}×{kernel} 卷积核的中心能到达的范围", fontsize=LARGE)
    for ax, ring in zip(figure.subplots(1, 2), (0, pad), strict=True):
        _draw(ax, image, pad, ring, kernel)
    figure.legend(
        handles=ax.get_legend_handles_labels()[0],
        loc="outside lower center",
        ncols=3,
        fontsize=NORMAL,
        frameon=False,
    )
    return figure


def _draw(ax, image, pad, ring, kernel):
    """One panel with ``ring`` zeros around the image and room for ``pad``: both to one scale."""
    side = len(image)
    whole = side + 2 * ring
    reach = output_size(side, kernel, padding=ring)
    if ring:
        ax.add_patch(
            Rectangle(
                (-ring - 0.5, -ring - 0.5),
                whole,
                whole,
                facecolor="white",
                hatch="////",
                edgecolor=GREY,
                label=f"填充的 {ring} 圈零",
            )
        )
    ax.imshow(image, cmap="gray_r", zorder=1)
    frame(ax, 0, 0, side, edgecolor=INK, lw=1.5, label="原图像的边界")
    first = kernel // 2 - ring
    frame(
        ax, first, first, reach, edgecolor=BLUE, lw=2.5, ls="--", label="卷积核的中心能到达的范围"
    )
    frame(ax, -ring, -ring, kernel, edgecolor=VERMILION, lw=2.5, label="卷积核的第一个位置")
    ax.plot(first, first, "o", color=VERMILION, ms=6, label="卷积核的中心")
    words = f"填充 {ring} 圈：{whole}×{whole}" if ring else f"不填充：{side}×{side}"
    ax.set_title(f"{words}，卷积后 {reach}×{reach}", fontsize=NORMAL)
    ax.set(xlim=(-pad - 0.6, side + pad - 0.4), ylim=(side + pad - 0.4, -pad - 0.6))
    ax.axis("off")
