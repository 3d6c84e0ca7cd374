"""A dense block and all its connections: Huang et al., "Densely connected", CVPR 2017, figure 1."""

from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from ._canvas import BLUE, GREEN, INK, LARGE, NORMAL, ORANGE, PURPLE, SMALL, VERMILION, new_sheet

# The connections that leave one source share colour and line.
STYLES = (
    (VERMILION, "-"),
    (BLUE, (0, (5, 2))),
    (GREEN, (0, (1.5, 1.2))),
    (PURPLE, (0, (6, 1.5, 1.5, 1.5))),
    (ORANGE, "-"),
    (INK, (0, (3, 1.5))),
)
# Lengths in inches.
WIDTH, PITCH, BOX = 10.0, 1.85, (1.12, 0.62)
ROW = 1.55  # middle of the boxes above the bottom
PLANE = 0.09  # width of one feature map
APART = 0.055  # between arcs of one span from neighbouring sources


def dense_block(nodes, connections, title="稠密连接模块"):
    """Draw the nodes from left to right and every connection as an arc above them.

    Below a node stand the channels it receives and those it adds; the maps it adds are drawn as
    planes in its colour, at most 12. Example (Figure 6.13)::

        nodes = [("输入 $x_0$", None, 6), ("$H_1$", 6, 4), ("$H_2$", 10, 4), ...]
        connections = [(0, 1), (0, 2), (1, 2), ...]  # numbers of nodes

    Args:
        nodes: (words, channels it receives or None, channels it adds or None); at most 7.
        connections: (from, to) of each connection, numbers in ``nodes``.

    Raises:
        ValueError: more nodes than can be told apart, or a connection that does not lead forward.
    """
    if not 2 <= len(nodes) <= len(STYLES) + 1:
        raise ValueError(f"there are {len(nodes)} nodes; give 2 to {len(STYLES) + 1}.")
    for start, end in connections:
        if not 0 <= start < end < len(nodes):
            raise ValueError(
                f"the connection from {start} to {end} does not lead forward; give numbers "
                f"from 0 to {len(nodes) - 1}, the smaller first."
            )
    pitch = min(PITCH, (WIDTH - 0.3) / len(nodes))
    longest = max(end - start for start, end in connections)
    height = ROW + 0.95 + _rise(longest)
    figure, ax = new_sheet(WIDTH, height)
    ax.text(WIDTH / 2, height - 0.1, title, fontsize=LARGE, ha="center", va="top", color=INK)
    left = (WIDTH - pitch * (len(nodes) - 1)) / 2
    places = [left + pitch * i for i in range(len(nodes))]
    for number, (node, x) in enumerate(zip(nodes, places, strict=True)):
        _node(ax, x, node, STYLES[number % len(STYLES)])
    for start, end in sorted(connections, key=lambda c: c[0] - c[1]):
        incoming = sorted((s for s, e in connections if e == end), reverse=True)
        outgoing = sorted(e for s, e in connections if s == start)
        _arc(
            ax,
            places[start] + _port(outgoing.index(end), len(outgoing), 1),
            places[end] + _port(incoming.index(start), len(incoming), -1),
            _rise(end - start) + APART * start,
            STYLES[start],
        )
    ax.text(WIDTH / 2, 0.12, f"共 {len(connections)} 条连接", fontsize=NORMAL, ha="center",
            va="bottom", color=INK)  # fmt: skip
    return figure


def _rise(span):
    """How high an arc over so many nodes rises above the boxes."""
    return 0.22 + 0.36 * span


def _port(place, count, side):
    """Where an arc touches a box: short ones outside, long ones towards the middle."""
    return side * (BOX[0] / 2 - 0.08 - 0.44 * place / max(count, 4))


def _arc(ax, start, end, rise, style):
    """An arrow up, along and down with round corners."""
    color, line = style
    bottom = ROW + BOX[1] / 2
    top = bottom + rise
    ax.plot([start, start, end, end], [bottom, top, top, bottom + 0.1], color=color, ls=line,
            lw=1.7)  # fmt: skip
    ax.add_patch(
        FancyArrowPatch((end, bottom + 0.14), (end, bottom), arrowstyle="-|>", mutation_scale=9,
                        color=color, shrinkA=0, shrinkB=0)
    )  # fmt: skip


def _node(ax, x, node, style):
    """A box, the maps it adds as planes, and its channels."""
    words, received, added = node
    color, _ = style
    edge = INK if added is None else color
    ax.add_patch(
        FancyBboxPatch((x - BOX[0] / 2, ROW - BOX[1] / 2), *BOX, facecolor="white", edgecolor=edge,
                       boxstyle="round,pad=0,rounding_size=0.08", lw=1.8)
    )  # fmt: skip
    ax.text(x, ROW, words, fontsize=NORMAL, ha="center", va="center", color=INK, linespacing=1.2)
    shown = min(added or 0, 12)
    for plane in range(shown):
        corner = (x + PLANE * (plane - shown / 2) + 0.01, ROW - BOX[1] / 2 - 0.27)
        ax.add_patch(Rectangle(corner, PLANE - 0.02, 0.2, facecolor=color, lw=0))
    lines = [] if received is None else [f"收到 {received} 个通道"]
    lines += [] if added is None else [f"{'新增' if lines else '送出'} {added} 个"]
    ax.text(x, ROW - BOX[1] / 2 - 0.34, "\n".join(lines), fontsize=SMALL, ha="center", va="top",
            color=INK, linespacing=1.35)  # fmt: skip
