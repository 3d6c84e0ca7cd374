"""How large the signal is, layer by layer: forwards the outputs, backwards the gradients."""

from ._canvas import BLUE, GREEN, INK, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure

# Colour, line and marker change together, so that none is needed to tell two curves apart.
STYLES = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"), (INK, ":", "D"))


def layer_signals(panels, title):
    """Draw a panel of curves over the layers, on a logarithmic scale.

    Args:
        panels: {what was measured: {label: [value of each layer, from the input on]}}; the
            labels are the same in each panel.
    """
    figure = new_figure(10, 4.2, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for ax, (what, curves) in zip(axes, panels.items(), strict=True):
        for (label, values), (color, line, marker) in zip(curves.items(), STYLES, strict=False):
            layers = range(1, len(values) + 1)
            ax.plot(layers, values, color=color, ls=line, marker=marker, ms=5, label=label)
        ax.set_yscale("log")
        ax.set_title(what, fontsize=NORMAL)
        ax.set_xlabel("第几个有权值的层", fontsize=NORMAL)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.tick_params(labelsize=SMALL)
        ax.grid(color=PALE, lw=0.8)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), fontsize=NORMAL,
        frameon=False, handlelength=3,
    )  # fmt: skip
    return figure
