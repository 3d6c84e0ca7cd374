"""Activation functions beside their derivatives."""

import numpy as np

from ._canvas import BLUE, INK, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure

FLAT = 0.05  # a slope below it is shaded: the unit hardly passes a gradient on


def activation_curves(curves, title="激活函数（实线）与它的导数（虚线）"):
    """Draw a panel for each function, shaded where it is nearly flat.

    Args:
        curves: {name: (inputs, values, slopes)}, three equally long arrays each.
    """
    figure = new_figure(10, 3.9, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    for ax, (name, (z, values, slopes)) in zip(
        figure.subplots(1, len(curves), sharey=True, squeeze=False)[0], curves.items(), strict=True
    ):
        ax.fill_between(z, 0, 1, where=np.abs(slopes) < FLAT, color=PALE, alpha=0.6, lw=0,
                        transform=ax.get_xaxis_transform(),
                        label=f"导数小于 {FLAT}")  # fmt: skip
        ax.axhline(0, color=INK, lw=0.8)
        ax.plot(z, values, color=BLUE, lw=2.4, label="函数值")
        ax.plot(z, slopes, color=VERMILION, lw=2.4, ls="--", label="导数")
        ax.set_title(f"{name}：导数最大 {np.max(slopes):.2g}", fontsize=NORMAL)
        ax.set_xlabel("输入 $z$", fontsize=NORMAL)
        ax.set_ylim(-1.2, 2.2)
        ax.grid(color=PALE, lw=0.8)
        ax.tick_params(labelsize=SMALL, labelleft=True)
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  fontsize=NORMAL, frameon=False, handlelength=3)  # fmt: skip
    return figure
