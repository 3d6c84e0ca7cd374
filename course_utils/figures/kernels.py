"""The kernels of a first layer."""

import numpy as np

from ._canvas import SMALL, new_pictures, value_bar


def kernel_grid(weights, title="第一个卷积层的卷积核", columns=8):
    """Draw kernels of one input channel, numbered from 0, in one scale around zero.

    Args:
        weights: (n, 1, height, width).
    """
    weights = np.asarray(weights)
    if weights.ndim != 4 or weights.shape[1] != 1 or not len(weights):
        raise ValueError(f"weights have the shape {weights.shape}; give (n, 1, height, width).")
    limit = abs(weights).max() or 1
    figure, cells = new_pictures(len(weights), columns, title, caption=0.3)
    for number, (ax, kernel) in enumerate(zip(cells, weights[:, 0], strict=True)):
        picture = ax.imshow(kernel, cmap="PuOr_r", vmin=-limit, vmax=limit)
        ax.set_title(number, fontsize=SMALL, pad=3)
    value_bar(figure, picture, cells, "权值")
    return figure
