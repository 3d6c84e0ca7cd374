"""What moves with an image, what stays, and what becomes something else."""

import numpy as np

from ._canvas import GREEN, INK, LARGE, NORMAL, VERMILION, frame_picture, new_figure


def moving_answers(images, maps, means, units, pixels):
    """Draw an image and its shifted copy with three answers each.

    Args:
        images, maps: two pictures each, (height, width): the image in the middle and moved, and
            its feature map.
        means: the two means over all positions of the maps.
        units: the two outputs of one fully connected unit.
        pixels: how far the second image has moved to the right.
    """
    figure = new_figure(9.6, 5.0, layout="constrained")
    figure.suptitle("图像移动以后，三种回答各怎样变", fontsize=LARGE)
    axes = figure.subplots(2, 4, width_ratios=(1, 1, 0.8, 0.8))
    heads = ("图像", "卷积的特征图：跟着移动\n（等变）", "特征图的平均：不变\n（不变）",
             "全连接的一个单元：\n变成别的数")  # fmt: skip
    for ax, words in zip(axes[0], heads, strict=True):
        ax.set_title(words, fontsize=NORMAL, color=INK)
    limit = np.abs(maps).max()
    names = ("居中", f"右移 {pixels} 个像素")
    for row, name in enumerate(names):
        axes[row, 0].imshow(images[row], cmap="gray_r")
        axes[row, 0].set_ylabel(name, fontsize=NORMAL)
        axes[row, 1].imshow(maps[row], cmap="gray_r", vmin=0, vmax=limit)
        for ax, value, color in ((axes[row, 2], means[row], GREEN),
                                 (axes[row, 3], units[row], VERMILION)):  # fmt: skip
            words = f"{value:.3f}".replace("-", "−")
            ax.text(0.5, 0.5, words, fontsize=20, ha="center", va="center", color=color,
                    transform=ax.transAxes)  # fmt: skip
        for ax in axes[row]:
            frame_picture(ax)
        for ax in axes[row, 2:]:
            ax.spines[:].set_visible(False)
    return figure
