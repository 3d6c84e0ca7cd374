"""Training and test error of one run in one panel: the distance between them is the message."""

import numpy as np

from ._canvas import BLUE, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure

TOP = 50  # errors above it belong to the first steps of every run


def error_gaps(rows, xlabel, title):
    """Draw a grid of panels, all to one scale, the gap between the two errors shaded.

    Args:
        rows: {row: {column: (x, training errors, test errors)}}, errors in % as one list for each
            seed; the curves are means over the seeds, the number is the last test error's mean.
            What lies above 50 % is not drawn.
    """
    columns = list(next(iter(rows.values())))
    figure = new_figure(min(10, 4 + 3 * len(columns)), 1.4 + 2.4 * len(rows), layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    axes = figure.subplots(len(rows), len(columns), sharex=True, sharey=True, squeeze=False)
    for line, (row, panels) in zip(axes, rows.items(), strict=True):
        for ax, (column, (x, train, test)) in zip(line, panels.items(), strict=True):
            train, test = np.mean(train, axis=0), np.mean(test, axis=0)
            ax.fill_between(x, train, test, color=VERMILION, alpha=0.13, lw=0)
            ax.plot(x, train, color=BLUE, ls="--", lw=2, label="训练错误率")
            ax.plot(x, test, color=VERMILION, lw=2, label="测试错误率")
            ax.annotate(f"{test[-1]:.1f} %", (x[-1], test[-1]), xytext=(0, 5), ha="right",
                        textcoords="offset points", fontsize=NORMAL, color=VERMILION)  # fmt: skip
            ax.grid(color=PALE, lw=0.8)
            ax.tick_params(labelsize=SMALL, labelleft=True)
            if ax in axes[0]:
                ax.set_title(column, fontsize=NORMAL)
            if ax in axes[-1]:
                ax.set_xlabel(xlabel, fontsize=NORMAL)
        line[0].set_ylabel(f"{row}\n错误率（%）", fontsize=NORMAL)
    axes[0, 0].set_ylim(-1, TOP)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2,
                  fontsize=NORMAL, frameon=False, handlelength=3)  # fmt: skip
    return figure
