"""A quantity along the layers of a network, such as the size of its gradients."""

import numpy as np

from ._canvas import LARGE, NORMAL, PALE, SMALL, new_figure
from .curves import STYLES


def layer_profile(names, series, ylabel, title):
    """Draw values along the layers on a logarithmic axis: mean over the seeds, min-max band.

    Args:
        names: the layers, from the input on.
        series: {label: one list of positive values for each seed, each as long as ``names``}.
    """
    figure = new_figure(9.5, 4.6, layout="constrained")
    ax = figure.add_subplot()
    for (label, seeds), (color, line, marker) in zip(series.items(), STYLES, strict=False):
        values = np.array(seeds, dtype=float)
        if values.shape != (len(seeds), len(names)) or not (values > 0).all():
            raise ValueError(f"{label} needs {len(names)} positive values for each seed.")
        ax.fill_between(range(len(names)), values.min(axis=0), values.max(axis=0), color=color,
                        alpha=0.18, lw=0)  # fmt: skip
        ax.plot(values.mean(axis=0), color=color, ls=line, marker=marker, ms=5, lw=2,
                label=f"{label}（{len(seeds)} 次）")  # fmt: skip
    ax.set_yscale("log")
    ax.set_xticks(range(len(names)), names)
    ax.tick_params(labelsize=SMALL)
    ax.set_xlabel("从输入到输出", fontsize=NORMAL)
    ax.set_ylabel(ylabel, fontsize=NORMAL)
    ax.set_title(title, fontsize=LARGE)
    ax.grid(color=PALE, lw=0.8)
    # Below the axes, since curves may fill them from corner to corner.
    figure.legend(loc="outside lower center", ncols=2, fontsize=NORMAL, frameon=False,
                  handlelength=3)  # fmt: skip
    return figure
