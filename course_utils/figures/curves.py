"""Errors of training runs, and their spread over the seeds."""

import numpy as np
import pandas as pd

from ._canvas import (
    BLUE,
    GREEN,
    INK,
    LARGE,
    NORMAL,
    ORANGE,
    PALE,
    PURPLE,
    SMALL,
    VERMILION,
    new_figure,
)

# Colour, line and marker change together, so that none is needed to tell two runs apart.
STYLES = (
    (BLUE, "-", "o"),
    (VERMILION, "--", "s"),
    (GREEN, "-.", "^"),
    (PURPLE, ":", "D"),
    (ORANGE, (0, (6, 1, 1, 1, 1, 1)), "v"),
    (INK, (0, (1, 1)), "P"),
)
PANELS = {"train_error": "训练错误率", "test_error": "测试错误率", "error": "错误率"}


def training_curves(runs, title="训练过程"):
    """Draw errors against epochs: for each label the mean over the seeds and a min-max band.

    There is a panel for each of the columns "train_error", "test_error" and "error" that the
    runs have, all to one scale.

    Args:
        runs: {label: [run of one seed, ...]}; a run is anything that pandas makes a table of
            (``History.epochs``, a dict of lists, a DataFrame), with the columns "epoch" and
            errors in per cent.
    """
    if not 1 <= len(runs) <= len(STYLES):
        raise ValueError(f"there are {len(runs)} labels; 1 to {len(STYLES)} can be told apart.")
    for label, seeds in runs.items():
        if not seeds:
            raise ValueError(f"{label} has no run; give one for each seed.")
    tables = {label: [pd.DataFrame(run) for run in seeds] for label, seeds in runs.items()}
    columns = list(next(iter(tables.values()))[0])
    panels = [name for name in PANELS if name in columns]
    if not panels:
        raise ValueError(f"the runs have the columns {columns}; one of {[*PANELS]} is needed.")
    figure = new_figure(9.5 if len(panels) > 1 else 6, 4.2, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for ax, name in zip(axes, panels, strict=True):
        for (label, seeds), style in zip(tables.items(), STYLES, strict=False):
            _curve(ax, label, seeds, name, *style)
        ax.set_title(PANELS[name], fontsize=NORMAL)
        ax.set_xlabel("训练遍数（epoch）", fontsize=NORMAL)
        ax.set_ylim(bottom=0)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(color=PALE, lw=0.8)
        ax.tick_params(labelsize=SMALL, labelleft=True)
    axes[0].set_ylabel("错误率（%）", fontsize=NORMAL)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center",
        ncols=min(len(runs), 2 * len(panels)), fontsize=NORMAL, frameon=False, handlelength=3,
    )  # fmt: skip
    return figure


def _curve(ax, label, seeds, name, color, line, marker):
    lengths = sorted({len(run) for run in seeds})
    if len(lengths) > 1:
        raise ValueError(f"the runs of {label} have {lengths} epochs; make them equally long.")
    epochs = seeds[0]["epoch"]
    errors = np.array([run[name] for run in seeds])
    ax.fill_between(epochs, errors.min(axis=0), errors.max(axis=0), color=color, alpha=0.18, lw=0)
    ax.plot(
        epochs,
        errors.mean(axis=0),
        color=color,
        ls=line,
        marker=marker,
        ms=5,
        lw=2,
        markevery=max(1, len(epochs) // 10),
        label=f"{label}（{len(seeds)} 次）",
    )


def seed_scatter(results, xlabel="测试错误率（%）", title="各随机种子的结果"):
    """Draw every single result: a row for each variant, a dot for each seed, a bar for the mean.

    Args:
        results: {variant: [final value of each seed, ...]}.
    """
    if not results:
        raise ValueError("results is empty; give the results of at least one variant.")
    for variant, values in results.items():
        if not len(values):
            raise ValueError(f"{variant} has no result; give one value for each seed.")
    figure = new_figure(9.5, 1.4 + 0.5 * len(results), layout="constrained")
    ax = figure.add_subplot()
    for row, values in enumerate(results.values()):
        mean = np.mean(values)
        ax.plot(values, [row] * len(values), "o", ms=9, mfc="none", mec=BLUE, mew=2)
        ax.plot(mean, row, "|", ms=24, mew=3, color=VERMILION)
        each = "、".join(f"{value:.2f}" for value in values)
        ax.annotate(
            f"均值 {mean:.2f}（{each}）",
            (1, row),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=NORMAL,
        )
    ax.set(yticks=range(len(results)), yticklabels=list(results), ylim=(len(results) - 0.5, -0.5))
    ax.set_title(f"{title}（圆圈：每次训练；竖线：均值）", fontsize=LARGE)
    ax.set_xlabel(xlabel, fontsize=NORMAL)
    ax.tick_params(labelsize=NORMAL)
    ax.grid(color=PALE, lw=0.8)
    ax.margins(x=0.1)
    return figure
