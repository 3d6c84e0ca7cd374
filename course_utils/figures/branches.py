"""A module of parallel branches, joined along the channels: Szegedy et al. 2015, figure 2."""

from matplotlib.patches import FancyBboxPatch

from ._canvas import BLUE, GREY, INK, LARGE, NORMAL, ORANGE, SMALL, arrow, new_sheet

POOLING = "最大池化"
# Edge, fill and line of a box; the words in it say the same.
STYLES = {
    "plain": (BLUE, "#DCEBF7", "-"),
    "thin": (ORANGE, "#FBE5B6", "--"),
    "pool": (GREY, "#EEEEEE", ":"),
    "end": (INK, "white", "-"),
}
# Lengths in inches.
WIDTH, COLUMN = 9.8, 2.35
BOX = (1.95, 0.62)
STEP = 1.02  # from one row of boxes to the next
BOTTOM = 0.55  # centre of the last box


def branch_module(branches, in_channels, side, title):
    """Draw a module whose branches read the same input, from top to bottom.

    A 1×1 convolution that shares its branch is marked: before another convolution it reduces
    the channels, after a pooling it projects them.

    Args:
        branches: for each branch its layers (words, kernel, output channels), from the input on;
            the words of a pooling are ``POOLING``.
        in_channels: channels of the input.
        side: side of the maps, the same for input and output.
    """
    deepest = max(map(len, branches))
    top = BOTTOM + 0.2 + STEP * (deepest + 1)
    height = top + 0.95
    figure, ax = new_sheet(WIDTH, height)
    middle = WIDTH / 2
    ax.text(middle, height - 0.1, title, fontsize=LARGE, ha="center", va="top", color=INK)
    _box(ax, middle, top, f"输入\n{side}×{side}×{in_channels}", "end")
    outputs = [branch[-1][2] for branch in branches]
    total = " + ".join(map(str, outputs))
    _box(ax, middle, BOTTOM, f"沿通道拼接：{total} = {sum(outputs)}\n{side}×{side}×{sum(outputs)}",
         "end", width=4.2)  # fmt: skip
    left = middle - COLUMN * (len(branches) - 1) / 2
    for number, branch in enumerate(branches):
        _branch(ax, left + COLUMN * number, branch, in_channels, middle, top)
    return figure


def _branch(ax, x, branch, channels, middle, top):
    """One column of boxes with its arrows."""
    start = (x + (middle - x) * 0.86, top - BOX[1] / 2)
    for place, (words, kernel, out_channels) in enumerate(branch):
        y = top - STEP * (place + 1)
        arrow(ax, start, (x, y + BOX[1] / 2 + 0.03))
        text, style = _describe(branch, place, words, kernel)
        _box(ax, x, y, f"{text}\n{channels} → {out_channels} 个通道", style)
        start, channels = (x, y - BOX[1] / 2), out_channels
    arrow(ax, start, (x + (middle - x) * 0.5, BOTTOM + BOX[1] / 2 + 0.03))


def _describe(branch, place, words, kernel):
    """(words of a box, its style)."""
    text = f"{words} {kernel}×{kernel}"
    if words == POOLING:
        return text, "pool"
    if kernel > 1 or len(branch) == 1:
        return text, "plain"
    return text + ("（降维）" if place + 1 < len(branch) else "（投影）"), "thin"


def _box(ax, x, y, words, style, width=BOX[0]):
    edge, fill, line = STYLES[style]
    corner = (x - width / 2, y - BOX[1] / 2)
    ax.add_patch(
        FancyBboxPatch(corner, width, BOX[1], boxstyle="round,pad=0,rounding_size=0.08",
                       facecolor=fill, edgecolor=edge, lw=1.6, ls=line)
    )  # fmt: skip
    size = NORMAL if style == "end" else SMALL + 0.5
    ax.text(x, y, words, fontsize=size, ha="center", va="center", linespacing=1.35, color=INK)
