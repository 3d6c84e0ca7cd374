"""One network on two GPUs: what each of them holds, and what passes between them."""

from matplotlib.patches import FancyBboxPatch

from ._canvas import BLUE, INK, LARGE, NORMAL, SMALL, VERMILION, arrow, new_sheet

# Lengths in inches.
BOX, HIGH = 0.78, 0.56
GAP = 0.34
MARGIN = 1.15  # on the left, for the names of the GPUs
TOP, BOTTOM = 2.95, 1.35  # middles of the two rows
HEIGHT = 4.3


def two_gpus(layers, title="两块 GPU 上的网络"):
    """Draw both halves layer by layer, with the bytes that cross before a layer.

    Args:
        layers: (name, shape, crossing) of each layer: the shape that one GPU computes, (channels,
            height, width) or (features,), and the numbers that each GPU sends to the other
            before this layer, 0 where nothing crosses. A number is a float32 of 4 bytes.
    """
    step = BOX + GAP
    width = MARGIN + step * len(layers) + 0.1
    figure, ax = new_sheet(width, HEIGHT, scale=min(1.0, 10 / width))
    ax.text(width / 2, HEIGHT - 0.12, title, fontsize=LARGE, ha="center", va="top", color=INK)
    for row, name in ((TOP, "GPU 0"), (BOTTOM, "GPU 1")):
        ax.text(0.1, row, name, fontsize=NORMAL, va="center", color=INK)
    for number, (name, shape, crossing) in enumerate(layers):
        left = MARGIN + step * number
        for row, side in ((TOP, 1), (BOTTOM, -1)):
            _box(ax, left, row, name)
            edge = row + side * (HIGH / 2 + 0.06)
            ax.text(
                left + BOX / 2,
                edge,
                "×".join(map(str, shape[1:])) + f"\n×{shape[0]}" if shape[1:] else f"{shape[0]}",
                fontsize=SMALL,
                linespacing=1.1,
                ha="center",
                va="bottom" if side > 0 else "top",
                color=INK,
            )
            arrow(ax, (left - GAP + 0.04, row), (left - 0.04, row))
        if crossing:
            _crossing(ax, left - GAP / 2, 4 * crossing)
    total = sum(2 * 4 * crossing for _, _, crossing in layers)
    ax.text(
        width / 2,
        0.1,
        f"一幅图像前向一次，两个方向合计 {_size(total)}；其余各层只用本 GPU 上的数据",
        fontsize=NORMAL,
        ha="center",
        va="bottom",
        color=INK,
    )
    return figure


def _box(ax, left, middle, name):
    style = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": "#DCEBF7"}
    ax.add_patch(
        FancyBboxPatch((left, middle - HIGH / 2), BOX, HIGH, edgecolor=BLUE, lw=1.2, **style)
    )
    ax.text(left + BOX / 2, middle, name, fontsize=NORMAL, ha="center", va="center", color=INK)


def _crossing(ax, x, size):
    """Arrows both ways between the rows, with the bytes of one direction."""
    gap = HIGH / 2
    for start, end in ((TOP, BOTTOM), (BOTTOM, TOP)):
        slant = 0.07 if start > end else -0.07
        line = {"arrowstyle": "-|>", "color": VERMILION, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
        edge = gap - 0.02
        ends = (
            start - edge if start > end else start + edge,
            end + edge if start > end else end - edge,
        )
        ax.annotate("", xy=(x + slant, ends[1]), xytext=(x + slant, ends[0]), arrowprops=line)
    middle = (TOP + BOTTOM) / 2
    ax.text(
        x + 0.13,
        middle,
        f"各送\n{_size(size)}",
        fontsize=SMALL,
        va="center",
        color=INK,
        linespacing=1.3,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )


def _size(count):
    return f"{count:,} B" if count < 1024 else f"{count / 1024:.1f} KB"
