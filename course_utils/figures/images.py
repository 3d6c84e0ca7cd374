"""Many small pictures: samples with their labels, the maps of one layer."""

import numpy as np

from ._canvas import SMALL, VERMILION, frame_picture, new_pictures, value_bar


def image_grid(images, labels=None, predictions=None, columns=10, title=""):
    """Draw grey images row by row, each with its label and its prediction where given.

    A wrong prediction is marked by a thick frame and a cross.

    Args:
        images: (n, height, width).
        labels, predictions: n values each.
    """
    images = np.asarray(images)
    if images.ndim != 3 or not len(images):
        raise ValueError(f"images have the shape {images.shape}; give (n, height, width).")
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values is not None and len(values) != len(images):
            raise ValueError(f"there are {len(values)} {name} for {len(images)} images.")
    lines = (labels is not None) + (predictions is not None)
    figure, cells = new_pictures(len(images), columns, title, caption=0.24 * lines)
    for number, (ax, image) in enumerate(zip(cells, images, strict=True)):
        ax.imshow(image, cmap="gray_r")
        words = []
        if labels is not None:
            words.append(f"标签 {labels[number]}")
        if predictions is not None:
            wrong = labels is not None and predictions[number] != labels[number]
            words.append(f"预测 {predictions[number]}{' ×' if wrong else ''}")
            if wrong:
                frame_picture(ax, VERMILION, linewidth=3)
        ax.set_title("\n".join(words), fontsize=SMALL, pad=4, linespacing=1.35)
    return figure


def feature_map_strip(maps, title="", columns=16):
    """Draw the maps of one layer, numbered from 0, in one common scale of grey.

    Args:
        maps: (channels, height, width).
    """
    maps = np.asarray(maps)
    if maps.ndim != 3 or not len(maps):
        raise ValueError(f"maps have the shape {maps.shape}; give (channels, height, width).")
    figure, cells = new_pictures(len(maps), columns, title, caption=0.3)
    for number, (ax, one) in enumerate(zip(cells, maps, strict=True)):
        picture = ax.imshow(one, cmap="gray", vmin=maps.min(), vmax=maps.max())
        ax.set_title(number, fontsize=SMALL, pad=3)
    value_bar(figure, picture, cells, "取值")
    return figure
