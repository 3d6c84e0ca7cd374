"""A kernel at several places of an image, and the cells of the feature map that it gives."""

import numpy as np

from ._canvas import (
    BLUE,
    GREEN,
    LARGE,
    NORMAL,
    VERMILION,
    frame,
    frame_picture,
    new_figure,
    number,
    write_cells,
)

MARKS = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."))


def sliding_kernel(image, kernel, places):
    """Draw an image, a kernel and their feature map; the same kernel answers at every place.

    Args:
        image: (height, width).
        kernel: (k, k); it slides one cell at a time and never leaves the image.
        places: up to three (row, column) of the first cell of a window, which is also the place
            of its answer in the feature map.
    """
    image, kernel = np.asarray(image, dtype=float), np.asarray(kernel, dtype=float)
    if len(places) > len(MARKS):
        raise ValueError(f"there are {len(places)} places; at most {len(MARKS)} can be marked.")
    side = len(kernel)
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side))
    maps = (windows * kernel).sum(axis=(2, 3))

    figure = new_figure(9.6, 4.2, layout="constrained")
    figure.suptitle("同一个卷积核扫过整幅图像：对应的格相乘，再全部相加", fontsize=LARGE)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 0.5, 1))
    left.imshow(image, cmap="gray_r")
    middle.imshow(kernel, cmap="PuOr_r", vmin=-2 * abs(kernel).max(), vmax=2 * abs(kernel).max())
    write_cells(middle, kernel)
    limit = abs(maps).max()
    right.imshow(maps, cmap="PuOr_r", vmin=-limit, vmax=limit)
    for (row, column), (color, line) in zip(places, MARKS, strict=False):
        frame(left, column, row, side, edgecolor=color, ls=line, lw=3)
        frame(right, column, row, 1, edgecolor=color, lw=2.5)
        right.annotate(number(round(maps[row, column], 1) + 0.0), (column, row), xytext=(9, 9),
                       textcoords="offset points", fontsize=NORMAL, color=color,
                       bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": color})  # fmt: skip
    for ax, words in ((left, f"图像 {_size(image)}"), (middle, f"卷积核 {_size(kernel)}"),
                      (right, f"特征图 {_size(maps)}")):  # fmt: skip
        frame_picture(ax)
        ax.set_title(words, fontsize=NORMAL)
    return figure


def _size(picture):
    return "×".join(str(length) for length in picture.shape)
