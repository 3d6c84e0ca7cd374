"""One image on its way through a network: every feature map of every layer."""

import numpy as np

from ._canvas import INK, LARGE, NORMAL, frame_picture, new_figure

MOST = 16  # maps of a layer that are drawn
CODE = (12, 7)  # rows and columns of F6

# Lengths in inches.
LABEL, SIDE, GAP, ROW, TITLE = 1.8, 0.44, 0.06, 0.62, 0.45


def layer_walk(layers, title):
    """Draw what each layer makes of one image, a row for each layer, each in its own greys.

    Args:
        layers: {name: maps (channels, height, width), an image (height, width) or 84 values, a
            drawing of 7x12}, from the input on; of more than 16 maps the first 16 are drawn.
    """
    width = LABEL + MOST * (SIDE + GAP)
    height = ROW * len(layers) + TITLE
    figure = new_figure(width, height)
    figure.text(0.5, 1 - 0.1 / height, title, fontsize=LARGE, ha="center", va="top", color=INK)
    for number, (name, values) in enumerate(layers.items()):
        words, maps = _maps(name, np.asarray(values))
        bottom = height - TITLE - ROW * (number + 1) + (ROW - SIDE) / 2
        figure.text(0.1 / width, (bottom + SIDE / 2) / height, words, fontsize=NORMAL,
                    va="center", color=INK)  # fmt: skip
        side = SIDE * maps.shape[2] / maps.shape[1]
        for place, one in enumerate(maps[:MOST]):
            left = LABEL + place * (side + GAP)
            ax = figure.add_axes((left / width, bottom / height, side / width, SIDE / height))
            ax.imshow(one, cmap="gray_r", vmin=maps.min(), vmax=maps.max(), aspect="auto")
            frame_picture(ax, "#BBBBBB")
    return figure


def _maps(name, values):
    """(label, maps) of one layer."""
    if values.ndim == 2:
        return f"输入：{values.shape[0]}×{values.shape[1]}", values[None]
    if values.ndim == 1:
        return f"{name}：{len(values)} 个数", values.reshape(1, *CODE)
    return f"{name}：{len(values)} 张 {values.shape[1]}×{values.shape[2]}", values
