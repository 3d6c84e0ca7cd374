"""Numbers of several things side by side, layer by layer."""

import numpy as np

from ._canvas import BLUE, INK, LARGE, NORMAL, ORANGE, PALE, SMALL, VERMILION, new_figure

# Colour and hatching change together.
STYLES = ((BLUE, ""), (ORANGE, "///"), (VERMILION, "..."))


def grouped_bars(names, series, ylabel, title, number="{:,.0f}"):
    """Draw one group of bars for each name, with the value above each bar.

    Args:
        names: what the groups are, along the x axis.
        series: {label: a value for each name}, at most three.
        number: how the values are written.
    """
    for label, values in series.items():
        if len(values) != len(names):
            raise ValueError(f"{label} has {len(values)} values for {len(names)} names.")
    figure = new_figure(10, 4.2, layout="constrained")
    ax = figure.add_subplot()
    width = 0.84 / len(series)
    places = np.arange(len(names))
    for i, ((label, values), (color, hatch)) in enumerate(
        zip(series.items(), STYLES, strict=False)
    ):
        x = places + (i - (len(series) - 1) / 2) * width
        ax.bar(x, values, width, label=label, color=color, hatch=hatch, edgecolor="white")
        for place, value in zip(x, values, strict=True):
            ax.text(place, value, number.format(value), fontsize=9, ha="center", va="bottom",
                    color=INK)  # fmt: skip
    ax.set_xticks(places, names, fontsize=NORMAL)
    ax.set_ylabel(ylabel, fontsize=NORMAL)
    ax.set_title(title, fontsize=LARGE)
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.grid(False)
    ax.grid(axis="y", color=PALE, lw=0.8)
    ax.set_axisbelow(True)
    ax.legend(fontsize=NORMAL, frameon=False)
    return figure
