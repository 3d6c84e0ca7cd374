"""The stylised digits that LeNet-5's output layer compares with: LeCun et al. 1998, figure 3."""

import numpy as np

from ._canvas import LARGE, NORMAL, PALE, new_figure


def digit_codes(codes):
    """Draw the target code of each class as a bitmap, +1 black and -1 white.

    Args:
        codes: (classes, height, width) of +1 and -1; for LeNet-5 (10, 12, 7).
    """
    codes = np.asarray(codes)
    if codes.ndim != 3:
        raise ValueError(f"codes have the shape {codes.shape}; give (classes, height, width).")
    if not np.isin(codes, (-1, 1)).all():
        other = codes[~np.isin(codes, (-1, 1))][0]
        raise ValueError(f"codes contain {other}; they must be +1 or -1.")
    count, height, width = codes.shape
    figure = new_figure(9.5, 2.25, layout="constrained")
    figure.suptitle(f"每个数字的编码：{width}×{height} 位图，黑为 +1，白为 −1", fontsize=LARGE)
    for digit, (ax, code) in enumerate(zip(figure.subplots(1, count), codes, strict=True)):
        ax.imshow(code, cmap="gray_r", vmin=-1, vmax=1)
        ax.set(
            xticks=np.arange(width + 1) - 0.5,
            yticks=np.arange(height + 1) - 0.5,
            xticklabels=[],
            yticklabels=[],
        )
        ax.grid(color=PALE, lw=0.8)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(True)
        ax.set_xlabel(digit, fontsize=NORMAL)
    return figure
