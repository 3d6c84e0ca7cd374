"""Error against parameters and operations, for families of networks."""

from ._canvas import LARGE, NORMAL, PALE, SMALL, new_figure
from .curves import STYLES

PANELS = (("参数量（百万）", 1), ("乘加次数（十亿）", 2))


def error_tradeoff(families, ylabel, source, title="错误率与代价"):
    """Draw two panels with a logarithmic axis: error against parameters, and against operations.

    Example::

        error_tradeoff(
            {"ResNet": [("34", 21.8, 3.66, 26.7), ...], "DenseNet-BC": [("121", 7.98, 2.83, 25.0)]},
            "top-1 错误率（%）", "数据：论文表 3",
        )

    Args:
        families: {label: [(name, parameters in millions, multiply-adds in billions, error in
            per cent), ...]}, each in the order of the size.
        ylabel: which error it is.
        source: where the points come from, written below.

    Raises:
        ValueError: too many families, or a value that has no logarithm.
    """
    if not 1 <= len(families) <= len(STYLES):
        raise ValueError(f"there are {len(families)} families; give 1 to {len(STYLES)}.")
    for label, points in families.items():
        for name, parameters, operations, _ in points:
            if min(parameters, operations) <= 0:
                raise ValueError(f"{label} {name} has a cost of zero or less; give positive ones.")
    figure = new_figure(10, 4.8, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    figure.supxlabel(source, fontsize=SMALL)
    panels = figure.subplots(1, 2, sharey=True)
    for ax, (words, column) in zip(panels, PANELS, strict=True):
        for place, (label, points) in enumerate(families.items()):
            _family(ax, label, points, column, place)
        log_axis(ax, words, [p[column] for points in families.values() for p in points])
    panels[0].set_ylabel(ylabel, fontsize=NORMAL)
    panels[0].margins(y=0.13)
    panels[1].legend(fontsize=NORMAL, frameon=False)
    return figure


def _family(ax, label, points, column, place):
    """One line; names stand right above the first family's points, left below the others."""
    color, line, marker = STYLES[place]
    costs, errors = [p[column] for p in points], [p[3] for p in points]
    ax.plot(costs, errors, color=color, ls=line, marker=marker, ms=7, lw=2, label=label)
    for name, cost, error in zip((p[0] for p in points), costs, errors, strict=True):
        ax.annotate(name, (cost, error), xytext=(7, 5) if place == 0 else (-7, -5), fontsize=SMALL,
                    textcoords="offset points", ha="left" if place == 0 else "right",
                    va="bottom" if place == 0 else "top", color=color)  # fmt: skip


def log_axis(ax, words, costs):
    """A logarithmic axis with plain numbers: 1, 2, 5, 10, ..."""
    ax.set_xscale("log")
    low, high = min(costs) / 1.5, max(costs) * 1.5
    steps = [step * 10**power for power in range(-3, 5) for step in (1, 2, 5)]
    shown = [value for value in steps if low <= value <= high]
    ax.set_xticks(shown, [f"{value:g}" for value in shown])
    ax.set_xticks([], minor=True)
    ax.set_xlim(low, high)
    ax.set_xlabel(words + "，对数刻度", fontsize=NORMAL)
    ax.tick_params(labelsize=SMALL, labelleft=True)
    ax.grid(color=PALE, lw=0.8)
