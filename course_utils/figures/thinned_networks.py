"""A network of a few units, whole and as dropout thins it."""

from ._canvas import BLUE, GREY, INK, LARGE, NORMAL, PALE, new_figure

SIDE, GAP = 1.0, 0.8  # between layers, between units


def thinned_networks(layers, masks, title="dropout：每一步训练一个变稀的网络"):
    """Draw the whole network first, then one copy for each mask.

    Args:
        layers: number of units of each layer, from the input on.
        masks: for each copy a list of the kept units of each layer, by their numbers.
    """
    whole = [range(units) for units in layers]
    names = ["完整的网络", *(f"第 {n} 步" for n in range(1, len(masks) + 1))]
    figure = new_figure(10, 3.3, layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    axes = figure.subplots(1, len(names))
    for ax, name, kept in zip(axes, names, [whole, *masks], strict=True):
        _draw(ax, layers, [set(units) for units in kept])
        ax.set_title(name, fontsize=NORMAL)
    return figure


def _draw(ax, layers, kept):
    places = [
        [(SIDE * n, GAP * (unit - (units - 1) / 2)) for unit in range(units)]
        for n, units in enumerate(layers)
    ]
    for n in range(len(layers) - 1):
        for i in kept[n]:
            for j in kept[n + 1]:
                ax.plot(*zip(places[n][i], places[n + 1][j], strict=True), color=GREY, lw=0.9)
    for n, column in enumerate(places):
        for i, (x, y) in enumerate(column):
            inside = i in kept[n]
            ax.plot(x, y, "o", ms=15, mfc=BLUE if inside else "white",
                    mec=INK if inside else PALE, mew=1.2, zorder=3)  # fmt: skip
            if not inside:
                ax.plot(x, y, "x", ms=9, color=GREY, mew=1.8, zorder=4)
    ax.set_aspect("equal")
    ax.margins(0.18)
    ax.axis("off")
