"""The chapter in one picture: its networks in the order of their years, measured three ways."""

from ._canvas import BLUE, GREEN, INK, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure


def network_timeline(networks, title):
    """Draw depth, parameters and error of some networks as three rows of bars over one time line.

    Args:
        networks: dicts in the order of their years with "name", "year", "depth" in layers,
            "params", and "top5", an error in % or None where none was measured.
    """
    rows = {
        "层数": [network["depth"] for network in networks],
        "参数（百万）": [network["params"] / 1e6 for network in networks],
        "错误率（%）": [network["top5"] for network in networks],
    }
    figure = new_figure(9.5, 6.2, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    panels = figure.subplots(len(rows), 1, sharex=True)
    for ax, (words, values), color in zip(
        panels, rows.items(), (BLUE, GREEN, VERMILION), strict=True
    ):
        _bars(ax, words, values, color)
    names = [f"{network['name']}\n{network['year']}" for network in networks]
    panels[-1].set_xticks(range(len(networks)), names, fontsize=NORMAL, linespacing=1.4)
    return figure


def _bars(ax, words, values, color):
    for position, value in enumerate(values):
        measured = value is not None
        ax.bar(position, value if measured else 0, width=0.55, color=color)
        ax.annotate(
            f"{value:.3g}" if measured else "没有测过",
            (position, value if measured else 0),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=NORMAL if measured else SMALL,
            color=INK,
        )
    ax.set_ylabel(words, fontsize=NORMAL)
    ax.margins(y=0.25)
    ax.set_ylim(bottom=0)
    ax.tick_params(axis="x", length=0)
    ax.tick_params(axis="y", labelsize=SMALL)
    ax.grid(axis="y", color=PALE, lw=0.8)
    ax.set_axisbelow(True)
