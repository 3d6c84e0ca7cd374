"""A long network as boxes in reading order, divided into parts by its pooling layers."""

from matplotlib.patches import FancyBboxPatch, Rectangle

from ._canvas import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LARGE,
    NORMAL,
    ORANGE,
    PALE,
    PURPLE,
    SMALL,
    VERMILION,
    arrow,
    new_sheet,
)

POOLING = "pooling"
FILLS = {
    POOLING: (VERMILION, "#FBE3D6"),
    "convolution": (BLUE, "#DCEBF7"),
    "module": (INK, "white"),
    "other": (GREY, "#F4F4F4"),
}
BRANCHES = (BLUE, ORANGE, GREEN, PURPLE)
NUMBERS = "一二三四五六七八九十"
# Lengths in inches.
BOX, GAP, STRIP = (0.86, 0.62), 0.22, 0.13
MARGIN, WIDTH = 0.18, 10.0
ROW = 1.75  # from one row of boxes to the next
HEAD = (2.35, 0.98)  # box of an auxiliary head; a row with heads is taller by the second


def network_stages(rows, heads=None, branch_names=(), title="网络结构"):
    """Draw a network row by row; between two pooling layers lies a part, numbered from one.

    Args:
        rows: lists of layers (name, kind, (channels, height, width), branch widths or None);
            kind is "pooling", "convolution", "module" or "other" (no part of its own before the
            first convolution). The widths draw a strip: what each branch gives to the output.
        heads: {name of a layer: words of the head that reads its output}.
        branch_names: names of the branches, in the order of the strip.
    """
    heads = heads or {}
    taller = [bool(set(heads) & {layer[0] for layer in row}) for row in rows]
    height = 0.95 + ROW * len(rows) + HEAD[1] * sum(taller)
    figure, ax = new_sheet(WIDTH, height)
    ax.text(WIDTH / 2, height - 0.1, title, fontsize=LARGE, ha="center", va="top", color=INK)
    places, y = {}, height - 1.3
    for row, has_heads in zip(rows, taller, strict=True):
        for column, layer in enumerate(row):
            places[layer[0]] = (MARGIN + BOX[0] / 2 + column * (BOX[0] + GAP), y)
        y -= ROW + HEAD[1] * has_heads
    layers = [layer for row in rows for layer in row]
    for number, part in enumerate(_parts(layers)):
        _shade(ax, [places[name] for name in part], f"第{NUMBERS[number]}部分")
    for layer in layers:
        _layer(ax, places[layer[0]], layer)
    for (one, *_), (other, *_) in zip(layers, layers[1:], strict=False):
        _connect(ax, places[one], places[other])
    for name, words in heads.items():
        _head(ax, places[name], words)
    _legend(ax, branch_names)
    return figure


def _parts(layers):
    """Names of the layers between two poolings; what precedes the first convolution is none."""
    parts = [[]]
    for name, kind, *_ in layers:
        if kind == POOLING:
            parts.append([])
        elif kind != "other" or any(parts):
            parts[-1].append(name)
    return [part for part in parts if part]


def _shade(ax, places, words):
    left, right = places[0][0] - BOX[0] / 2, places[-1][0] + BOX[0] / 2
    y = places[0][1]
    corner = (left - 0.08, y - BOX[1] / 2 - 0.36)
    ax.add_patch(Rectangle(corner, right - left + 0.16, BOX[1] + 0.74, facecolor="#EEF3EE", lw=0,
                           zorder=0))  # fmt: skip
    ax.text((left + right) / 2, y + BOX[1] / 2 + 0.34, words, fontsize=SMALL, ha="center",
            va="top", color=INK)  # fmt: skip


def _layer(ax, place, layer):
    name, kind, shape, widths = layer
    x, y = place
    edge, fill = FILLS[kind]
    _rounded(ax, x, y, BOX, edge, fill)
    ax.text(x, y + (STRIP / 2 if widths else 0), name, fontsize=NORMAL - 0.5, ha="center",
            va="center", color=INK, linespacing=1.2)  # fmt: skip
    size = "×".join(str(n) for n in (*shape[1:], shape[0]))
    ax.text(x, y - BOX[1] / 2 - 0.07, size, fontsize=9, ha="center", va="top", color=INK)
    left, room = x - BOX[0] / 2 + 0.06, BOX[0] - 0.12
    for width, color in zip(widths or (), BRANCHES, strict=False):
        share = room * width / sum(widths)
        ax.add_patch(Rectangle((left, y - BOX[1] / 2 + 0.06), share, STRIP, facecolor=color,
                               edgecolor="white", lw=0.8))  # fmt: skip
        left += share


def _rounded(ax, x, y, size, edge, fill, line="-"):
    corner = (x - size[0] / 2, y - size[1] / 2)
    ax.add_patch(
        FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.07", facecolor=fill,
                       edgecolor=edge, lw=1.4, ls=line)
    )  # fmt: skip


def _connect(ax, one, other):
    """An arrow to the next box, or round the end of the row to the next one."""
    half = BOX[0] / 2
    if one[1] == other[1]:
        arrow(ax, (one[0] + half, one[1]), (other[0] - half, other[1]))
        return
    turn = other[1] + BOX[1] / 2 + 0.52
    edge = one[0] + half + GAP / 2
    path = [(one[0] + half, one[1]), (edge, one[1]), (edge, turn), (other[0], turn)]
    ax.plot(*zip(*path, strict=True), color=INK, lw=1.4)
    arrow(ax, path[-1], (other[0], other[1] + BOX[1] / 2))


def _head(ax, place, words):
    x, y = place
    top = y - BOX[1] / 2 - 0.42
    arrow(ax, (x, top + 0.16), (x, top - 0.1))
    middle = top - 0.1 - 0.36
    _rounded(ax, x, middle, (HEAD[0], 0.72), PURPLE, "#F7EAF2", "--")
    ax.text(x, middle, words, fontsize=SMALL, ha="center", va="center", color=INK, linespacing=1.3)


def _legend(ax, names):
    """What the strips and the line styles mean, along the bottom."""
    if not names:
        return
    x, y = MARGIN, 0.22
    words = "模块下部的色条：各分支占输出通道的比例，从左到右为"
    text = ax.text(x, y, words, fontsize=SMALL, va="center", color=INK)
    x += text.get_window_extent().width / ax.figure.dpi + 0.1
    for name, color in zip(names, BRANCHES, strict=False):
        ax.add_patch(Rectangle((x, y - 0.07), 0.22, 0.14, facecolor=color, edgecolor=PALE, lw=0.5))
        text = ax.text(x + 0.28, y, name, fontsize=SMALL, va="center", color=INK)
        x += 0.28 + text.get_window_extent().width / ax.figure.dpi + 0.2
