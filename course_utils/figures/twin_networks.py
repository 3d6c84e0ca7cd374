"""A residual network above its plain twin: He et al., "Deep residual learning", 2016, figure 3."""

from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from ._canvas import BLUE, GREY, INK, LARGE, NORMAL, SMALL, VERMILION, arrow, new_sheet

# Lengths in inches.
LEFT, WIDTH = 1.3, 10.0  # the names of the rows stand on the left
BOX = (0.54, 0.52)
BAND = 2.2  # from one row of both networks to the next
PLAIN, RESIDUAL = 1.62, 0.52  # middles of the two rows of a band, above its bottom
ARC, SUM = 0.34, 0.06  # how high a shortcut rises above the boxes; radius of a sum


def twin_networks(rows, shortcuts, title="ResNet-34 与没有捷径分支的孪生网络"):
    """Draw two networks with the same layers, one of which has shortcuts, row by row.

    Example::

        twin_networks(
            [("conv1\\nconv2_x\\n56×56", [("conv1", "7×7\\n64", "conv"), ...]), ...],
            [("2.0.conv1", "2.0.conv2", True), ("3.0.conv1", "3.0.conv2", False), ...],
        )

    Args:
        rows: (words, layers) of each row; a layer is (name, words in its box, kind), the kind
            "conv" for a layer with weights, "pool" for one without. At most 12 a row.
        shortcuts: (first layer, last layer, same shape): the shortcut leaves before the first
            and arrives behind the last; where the shapes differ it is drawn dashed.

    Raises:
        ValueError: a shortcut from or to a layer that is not in one and the same row.
    """
    pitch = (WIDTH - LEFT - 0.25) / max(len(layers) for _, layers in rows)
    height = BAND * len(rows) + 0.95
    figure, ax = new_sheet(WIDTH, height)
    ax.text(WIDTH / 2, height - 0.1, title, fontsize=LARGE, ha="center", va="top", color=INK)
    for number, (words, layers) in enumerate(rows):
        bottom = 0.5 + BAND * (len(rows) - 1 - number)
        _band(ax, bottom, words, layers, pitch)
        places = {name: LEFT + pitch * (i + 0.5) for i, (name, *_) in enumerate(layers)}
        for first, last, same in shortcuts:
            if (first in places) != (last in places):
                raise ValueError(f"the shortcut from {first} to {last} must stay in one row.")
            if first in places:
                _arc(ax, places[first], places[last], bottom + RESIDUAL, pitch, same)
    drawn = {name for _, layers in rows for name, *_ in layers}
    for first, last, _ in shortcuts:
        if not {first, last} <= drawn:
            raise ValueError(f"the shortcut from {first} to {last} needs both layers in the rows.")
    _legend(ax, rows, shortcuts)
    return figure


def _band(ax, bottom, words, layers, pitch):
    """One row of both networks on a common ground."""
    ax.add_patch(
        Rectangle((0.08, bottom + 0.08), WIDTH - 0.16, BAND - 0.14, facecolor="#F3F5F3", lw=0)
    )
    ax.text(0.18, bottom + BAND / 2 + 0.06, words, fontsize=NORMAL, va="center", color=INK,
            linespacing=1.4)  # fmt: skip
    for middle, name in ((PLAIN, "普通"), (RESIDUAL, "残差")):
        y = bottom + middle
        ax.text(LEFT - 0.13, y + 0.06, name, fontsize=SMALL, ha="right", va="bottom", color=GREY)
        for number, (_, text, kind) in enumerate(layers):
            x = LEFT + pitch * (number + 0.5)
            half = BOX[0] / 2
            arrow(ax, (x - pitch + half if number else LEFT - 0.5, y), (x - half, y))
            edge, fill, line = (BLUE, "#DCEBF7", "-") if kind == "conv" else (GREY, "white", ":")
            ax.add_patch(
                FancyBboxPatch((x - half, y - BOX[1] / 2), *BOX, facecolor=fill, ls=line,
                               edgecolor=edge, boxstyle="round,pad=0,rounding_size=0.06", lw=1.4)
            )  # fmt: skip
            ax.text(x, y, text, fontsize=SMALL, ha="center", va="center", linespacing=1.25,
                    color=INK)  # fmt: skip


def _arc(ax, first, last, y, pitch, same):
    """A shortcut above the boxes, from the arrow before the first to the sum behind the last."""
    start, end = first - pitch / 2, last + pitch / 2
    top = y + BOX[1] / 2 + ARC
    style = {"color": VERMILION, "lw": 1.8, "ls": "-" if same else (0, (3, 1.5))}
    ax.plot([start + 0.02, start + 0.12, end - 0.12, end - 0.04], [y, top, top, y + SUM], **style)
    ax.plot([end - BOX[0] / 2, end + 0.12], [y, y], color=INK, lw=1.4, zorder=0.5)
    ax.add_patch(Circle((end, y), SUM, facecolor="white", edgecolor=VERMILION, lw=1.8, zorder=4))


def _legend(ax, rows, shortcuts):
    count = sum(kind == "conv" for _, layers in rows for _, _, kind in layers)
    dashed = sum(not same for *_, same in shortcuts)
    words = (
        f"两个网络各有 {count} 个带权值的层（实线框），一一相同；残差网络多 {len(shortcuts)} 条"
        f"捷径分支（圆圈处相加），其中 {dashed} 条为虚线：形状要改变"
    )
    ax.text(WIDTH / 2, 0.28, words, fontsize=NORMAL, ha="center", va="center", color=INK)
