"""A network as its row of feature maps, in the manner of LeCun et al. 1998, figure 2."""

from matplotlib.patches import Rectangle

from ._canvas import BLUE, GREY, INK, LARGE, NORMAL, ORANGE, SMALL, arrow, new_sheet

MOST = 16  # planes of a volume, or cells of a vector, that are drawn

# Lengths in inches.
SIDE = 1.2  # the largest plane
DEPTH = 0.4  # from the first plane of a volume to the last, at most
CELL = 0.1
COLUMN = 0.85  # the least room for a label
GAP = 0.62  # between two columns, for the arrow
MIDDLE, BOTTOM = 2.0, 1.05
HEIGHT = 3.35
WIDEST = 10.0


def network_volumes(rows, title="网络结构"):
    """Draw the volumes that a network passes from layer to layer.

    Planes have sides in proportion to the square root of the real ones.

    Args:
        rows: one (name, shape) or (name, shape, operation) for each volume, from the input on;
            shape is (channels, height, width) or (features,), without the batch; operation is
            the short text on the arrow that leads to this volume.
    """
    rows = [(*row, "")[:3] for row in rows]
    if not rows:
        raise ValueError("rows is empty; give at least one (name, shape).")
    for name, shape, _ in rows:
        if len(shape) not in (1, 3):
            raise ValueError(
                f"{name} has the shape {tuple(shape)}; give (channels, height, width) or "
                f"(features,), without the batch."
            )
    largest = max(max(shape[1:], default=1) for _, shape, _ in rows)
    unit = SIDE / largest**0.5
    widths = [_width(shape, unit) for _, shape, _ in rows]
    columns = [max(width, COLUMN) for width in widths]
    total = sum(columns) + GAP * len(columns)
    figure, ax = new_sheet(total, HEIGHT, scale=min(1.0, WIDEST / total))

    ax.text(total / 2, HEIGHT - 0.1, title, fontsize=LARGE, ha="center", va="top", color=INK)
    x = GAP / 2
    edge = None
    for (name, shape, operation), width, column in zip(rows, widths, columns, strict=True):
        centre = x + column / 2
        left = centre - width / 2
        if edge is not None:
            arrow(ax, (edge + 0.06, MIDDLE), (left - 0.06, MIDDLE))
            ax.text(
                (edge + left) / 2,
                MIDDLE + 0.06,
                operation,
                fontsize=SMALL,
                ha="center",
                va="bottom",
                color=INK,
            )
        _draw(ax, shape, left, unit)
        ax.text(
            centre,
            BOTTOM,
            f"{name}\n{_size(shape)}",
            fontsize=NORMAL,
            ha="center",
            va="top",
            linespacing=1.4,
            color=INK,
        )
        edge = left + width
        x += column + GAP
    note = f"边长按实际边长的平方根绘制；多于 {MOST} 个的通道或单元只画出 {MOST} 个"
    ax.text(total - 0.1, 0.05, note, fontsize=SMALL, ha="right", va="bottom", color=GREY)
    return figure


def _size(shape):
    """ "28×28×6" for (6, 28, 28), "84" for (84,)."""
    return "×".join(str(length) for length in (*shape[1:], shape[0]))


def _is_vector(shape):
    return len(shape) == 1 or tuple(shape[1:]) == (1, 1)


def _depth(channels):
    """Inches from the first drawn plane to the last."""
    return min(DEPTH, 0.07 * (min(channels, MOST) - 1))


def _width(shape, unit):
    return CELL if _is_vector(shape) else unit * shape[2] ** 0.5 + _depth(shape[0])


def _draw(ax, shape, left, unit):
    drawn = min(shape[0], MOST)
    if _is_vector(shape):
        bottom = MIDDLE - CELL * drawn / 2
        for cell in range(drawn):
            ax.add_patch(
                Rectangle(
                    (left, bottom + CELL * cell),
                    CELL,
                    CELL,
                    facecolor="#FBE5B6",
                    edgecolor=ORANGE,
                    lw=1,
                )
            )
        return
    height, width = (unit * side**0.5 for side in shape[1:])
    depth = _depth(shape[0])
    step = depth / max(drawn - 1, 1)
    for plane in range(drawn):
        # The first plane lies behind, top left; the last in front, bottom right.
        corner = (left + step * plane, MIDDLE - height / 2 + depth / 2 - step * plane)
        ax.add_patch(Rectangle(corner, width, height, facecolor="#DCEBF7", edgecolor=BLUE, lw=1))
