"""Curves in panels side by side, each the mean over the seeds in a band from min to max."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from ._canvas import GREY, LARGE, NORMAL, PALE, SMALL, new_figure
from .curves import STYLES


def curve_panels(panels, title, xlabel, ylabel, xscale="linear", yscale="linear", level=None):
    """Draw the same curves under several conditions, to one scale.

    Args:
        panels: {condition: {label: (x, [values of each seed, ...])}}; a curve has a gap where a
            value is not a number.
        xscale, yscale: "linear" or "log".
        level: (value, words) of a horizontal line, such as what guessing would give.
    """
    labels = list(dict.fromkeys(label for curves in panels.values() for label in curves))
    if not 1 <= len(labels) <= len(STYLES):
        raise ValueError(f"there are {len(labels)} labels; 1 to {len(STYLES)} can be told apart.")
    styles = dict(zip(labels, STYLES, strict=False))
    figure = new_figure(7 if len(panels) == 1 else 10, 4.2, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    drawn = {}
    for ax, (condition, curves) in zip(axes, panels.items(), strict=True):
        for label, (x, seeds) in curves.items():
            drawn[label] = _band(ax, x, np.array(seeds, dtype=float), *styles[label])
        ax.set(xscale=xscale, yscale=yscale)
        if xscale == "linear":  # steps and layers are counted
            ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        if level:
            ax.axhline(level[0], color=GREY, lw=1.2, zorder=1)
        if condition:
            ax.set_title(condition, fontsize=NORMAL)
        ax.set_xlabel(xlabel, fontsize=NORMAL)
        ax.grid(color=PALE, lw=0.8)
        ax.tick_params(labelsize=SMALL, labelleft=True)
    axes[0].set_ylabel(ylabel, fontsize=NORMAL)
    if level:
        axes[0].annotate(level[1], (1, level[0]), xycoords=("axes fraction", "data"), va="bottom",
                         xytext=(-4, 2), textcoords="offset points", ha="right", fontsize=SMALL,
                         color=GREY)  # fmt: skip
    figure.legend(drawn.values(), drawn, loc="outside lower center", ncols=len(labels),
                  fontsize=NORMAL, frameon=False, handlelength=3)  # fmt: skip
    return figure


def _band(ax, x, values, color, line, marker):
    """The line of one label, for the legend."""
    low, mean, high = values.min(axis=0), values.mean(axis=0), values.max(axis=0)
    ax.fill_between(x, low, high, color=color, alpha=0.18, lw=0)
    (drawn,) = ax.plot(x, mean, color=color, ls=line, marker=marker, ms=5, lw=2,
                       markevery=max(1, len(x) // 8))  # fmt: skip
    return drawn
