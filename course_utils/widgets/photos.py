"""Photos in explorers: fitted to a network's input, and drawn."""

import numpy as np
from PIL import Image

from ..counting.effective_field import extent
from ..images.augmentation import central_square
from . import svg

_SIDE = 160  # pixels of a stored photo at most


def fitted(photo, name, shape):
    """The middle of the photo as large as the network's input, uint8; grey for one channel."""
    if len(shape) != 4 or shape[1] not in (1, 3) or shape[2] != shape[3]:
        raise ValueError(
            f"the input_shape of {name} is {tuple(shape)}; a photo needs (1, 3, n, n), or "
            f"(1, 1, n, n) to be shown in grey."
        )
    square = central_square(photo, shape[2])
    return square if shape[1] == 3 else np.asarray(Image.fromarray(square).convert("L"))


def drawn_photo(x, y, width, height, pixels):
    """A photo, few pixels as plain squares."""
    longest = max(pixels.shape[:2])
    if longest > _SIDE:
        size = [round(n * _SIDE / longest) for n in pixels.shape[1::-1]]
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    else:
        times = _SIDE // longest
        pixels = pixels.repeat(times, axis=0).repeat(times, axis=1)
    return svg.photo(x, y, width, height, pixels)


def window_frame(window, x, y, scale, **style):
    """A window drawn where pixel (0, 0) has its corner at (x, y)."""
    (top, _), (left, _) = window
    height, width = extent(window)
    return svg.rect(
        float(x + left * scale),
        float(y + top * scale),
        float(width * scale),
        float(height * scale),
        **style,
    )
