"""Errors of networks when the images they are tested on move."""

import numpy as np

from ._canvas import GREY, INK, LARGE, NORMAL, PALE, SMALL, new_figure
from .curves import STYLES


def errors_against_shift(curves, title, chance=90):
    """Draw the error against the shift in pixels: mean over the seeds and a min-max band.

    Args:
        curves: {label: [errors in % at 0, 1, 2, … pixels, for each seed]}.
        chance: error in % of who only guesses, drawn as a line.
    """
    if not 1 <= len(curves) <= len(STYLES):
        raise ValueError(f"there are {len(curves)} labels; 1 to {len(STYLES)} can be told apart.")
    figure = new_figure(8.5, 4.8, layout="constrained")
    ax = figure.add_subplot()
    for (label, seeds), (color, line, marker) in zip(curves.items(), STYLES, strict=False):
        errors = np.array(seeds, dtype=float)
        pixels = range(errors.shape[1])
        ax.fill_between(pixels, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.2,
                        lw=0)  # fmt: skip
        name = f"{label}（{len(seeds)} 次）" if len(seeds) > 1 else label
        ax.plot(pixels, errors.mean(axis=0), color=color, ls=line, marker=marker, ms=7, lw=2.2,
                label=name)  # fmt: skip
    ax.axhline(chance, color=INK, lw=1, ls=(0, (1, 2)))
    ax.text(0, chance + 1.5, "只靠乱猜", fontsize=NORMAL, color=GREY, va="bottom")
    ax.set(ylim=(0, 100), xticks=list(pixels))
    ax.set_xlabel("测试图像平移的像素数（训练时一律居中）", fontsize=NORMAL)
    ax.set_ylabel("测试错误率（%）", fontsize=NORMAL)
    ax.set_title(title, fontsize=LARGE)
    ax.tick_params(labelsize=SMALL)
    ax.grid(color=PALE, lw=0.8)
    if len(curves) > 1:
        figure.legend(loc="outside lower center", ncols=2, fontsize=NORMAL, frameon=False,
                      handlelength=3.5)  # fmt: skip
    return figure
