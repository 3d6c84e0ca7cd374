"""Why LeNet-5 pads its digits: where the centres of the receptive fields come to lie."""

import numpy as np
from matplotlib.patches import Rectangle

from ..counting.geometry import output_size
from ._canvas import BLUE, GREY, INK, LARGE, NORMAL, VERMILION, frame, new_figure


def padded_digit(image, field, pad):
    """Draw a digit without and with a ring of zeros, and where a layer's receptive fields lie.

    Args:
        image: (n, n) grey values, 0 for the background.
        field: the layer's ``geometry.Field``, counted from a window in the image's corner.
        pad: zeros added on each side.
    """
    image = np.asarray(image)
    if image.ndim != 2 or image.shape[0] != image.shape[1]:
        raise ValueError(f"image has the shape {image.shape}; give one square image (n, n).")
    if field.size > len(image):
        raise ValueError(f"the field is {field.size} pixels wide, the image {len(image)}.")
    figure = new_figure(9.5, 5.6, layout="constrained")
    size = f"{field.size}×{field.size}"
    figure.suptitle(f"填充前后，{size} 的感受野能以哪里为中心", fontsize=LARGE)
    for ax, ring in zip(figure.subplots(1, 2), (0, pad), strict=True):
        _draw(ax, image, field, pad, ring)
    figure.legend(
        handles=ax.get_legend_handles_labels()[0],
        loc="outside lower center",
        ncols=3,
        fontsize=NORMAL,
        frameon=False,
    )
    return figure


def _draw(ax, image, field, pad, ring):
    """One panel with ``ring`` zeros around the image and room for ``pad``: both to one scale."""
    side, size, jump = len(image), int(field.size), int(field.jump)
    whole, count = side + 2 * ring, output_size(side, size, jump, padding=ring)
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
    frame(ax, -ring, -ring, size, edgecolor=VERMILION, lw=2.5, label="第一个感受野")
    centres = (size - 1) / 2 - ring + jump * np.arange(count)
    ax.plot(*map(np.ravel, np.meshgrid(centres, centres)), "o", color=BLUE, mec="white", ms=6,
            label="各个感受野的中心")  # fmt: skip
    ax.plot(centres[0], centres[0], "o", color=VERMILION, ms=8, label="第一个的中心")
    covered = count * jump
    words = f"填充 {ring} 圈：{whole}×{whole}" if ring else f"不填充：{side}×{side}"
    ax.set_title(f"{words}，{count}×{count} 个中心，覆盖 {covered}×{covered}", fontsize=NORMAL)
    ax.set(xlim=(-pad - 0.6, side + pad - 0.4), ylim=(side + pad - 0.4, -pad - 0.6))
    ax.axis("off")
