"""Where a network's numbers sit: the share of each layer in several totals."""

from ._canvas import BLUE, GREEN, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure

STYLES = ((BLUE, ""), (VERMILION, "//"), (GREEN, ".."))


def layer_shares(names, quantities, title="各层所占的份额"):
    """Draw a panel for each quantity, with a bar and its per cent for every layer.

    Args:
        names: of the layers, from the input on.
        quantities: {what is counted: [number in each layer]}, at most three.
    """
    if len(quantities) > len(STYLES):
        raise ValueError(f"there are {len(quantities)} quantities; draw at most {len(STYLES)}.")
    for what, numbers in quantities.items():
        if len(numbers) != len(names):
            raise ValueError(f"{what} has {len(numbers)} numbers for {len(names)} layers.")
    figure = new_figure(10, 1.2 + 0.3 * len(names), layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    panels = figure.subplots(1, len(quantities), sharey=True, squeeze=False)[0]
    for ax, (what, numbers), style in zip(panels, quantities.items(), STYLES, strict=False):
        _draw(ax, what, numbers, *style)
    panels[0].set(yticks=range(len(names)), yticklabels=names)
    panels[0].invert_yaxis()
    panels[0].tick_params(axis="y", labelsize=NORMAL, length=0)
    return figure


def _draw(ax, what, numbers, color, hatch):
    total = sum(numbers)
    shares = [100 * number / total for number in numbers]
    bars = ax.barh(range(len(shares)), shares, color=color, hatch=hatch, edgecolor="white")
    ax.bar_label(bars, [f"{share:.1f} %" for share in shares], padding=4, fontsize=SMALL)
    ax.set_title(f"{what}（共 {total:,}）", fontsize=NORMAL)
    ax.set_xlabel("份额（%）", fontsize=NORMAL)
    ax.set_xlim(0, max(shares) * 1.3)
    ax.tick_params(labelsize=SMALL)
    ax.grid(axis="x", color=PALE, lw=0.8)
    ax.set_axisbelow(True)
