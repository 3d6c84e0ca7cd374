"""Errors of small trained networks against several costs: every seed, and the mean of each."""

import numpy as np

from ._canvas import LARGE, NORMAL, new_figure
from .curves import STYLES
from .error_tradeoff import log_axis


def errors_against_costs(families, title, ylabel="测试错误率（%）"):
    """Draw a panel for each cost on a logarithmic axis: a dot a seed, a line through the means.

    Args:
        families: {label: [({cost with its unit: value}, [error in % of each seed]), ...]}, each
            in the order of the size; all networks have the same costs.

    Raises:
        ValueError: too many families, or a cost that has no logarithm.
    """
    if not 1 <= len(families) <= len(STYLES):
        raise ValueError(f"there are {len(families)} families; give 1 to {len(STYLES)}.")
    costs = list(next(iter(families.values()))[0][0])
    figure = new_figure(10, 4.2, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    panels = figure.subplots(1, len(costs), sharey=True, squeeze=False)[0]
    for ax, cost in zip(panels, costs, strict=True):
        for (label, networks), style in zip(families.items(), STYLES, strict=False):
            _family(ax, label, [(prices[cost], errors) for prices, errors in networks], *style)
        values = [prices[cost] for networks in families.values() for prices, _ in networks]
        log_axis(ax, cost, values)
    panels[0].set_ylabel(ylabel, fontsize=NORMAL)
    panels[0].legend(fontsize=NORMAL, frameon=False)
    return figure


def _family(ax, label, points, color, line, marker):
    for price, errors in points:
        if price <= 0:
            raise ValueError(f"{label} has a cost of {price}; give values above zero.")
        ax.plot([price] * len(errors), errors, marker, color=color, ms=6, mfc="none", ls="none")
    prices, means = zip(*((price, np.mean(errors)) for price, errors in points), strict=True)
    ax.plot(prices, means, color=color, ls=line, lw=2, marker=marker, ms=4, label=label)
