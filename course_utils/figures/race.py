"""Runs that stop as soon as they reach a goal."""

from ._canvas import GREY, INK, LARGE, NORMAL, PALE, SMALL, new_figure
from .curves import STYLES


def race_curves(runs, target, title="谁先到达目标"):
    """Draw the training error of each run against the steps, up to where the run stopped.

    Args:
        runs: {label: [(steps, errors in %), ...]}, one pair of equally long lists for each seed.
        target: error in % that ends a run, drawn as a line.
    """
    if not 1 <= len(runs) <= len(STYLES):
        raise ValueError(f"there are {len(runs)} labels; 1 to {len(STYLES)} can be told apart.")
    figure = new_figure(8, 4.2, layout="constrained")
    ax = figure.add_subplot()
    for (label, seeds), (color, line, marker) in zip(runs.items(), STYLES, strict=False):
        for number, (steps, errors) in enumerate(seeds):
            name = f"{label}（{len(seeds)} 次）" if number == 0 else None
            ax.plot(steps, errors, color=color, ls=line, lw=2, label=name)
            ax.plot(steps[-1], errors[-1], marker, color=color, ms=9)
    ax.axhline(target, color=INK, lw=1)
    ax.annotate(
        f"目标 {target:g} %",
        (0, target),
        xycoords=("axes fraction", "data"),
        xytext=(6, -4),
        textcoords="offset points",
        va="top",
        fontsize=NORMAL,
        color=GREY,
    )
    ax.set(xlim=(0, None), ylim=(0, None))
    ax.set_xlabel("步数（每步一批图像）", fontsize=NORMAL)
    ax.set_ylabel("最近 50 批的训练错误率（%）", fontsize=NORMAL)
    ax.set_title(f"{title}（标记：最后一个记录点）", fontsize=LARGE)
    ax.tick_params(labelsize=SMALL)
    ax.grid(color=PALE, lw=0.8)
    ax.legend(fontsize=NORMAL, frameon=False)
    return figure
