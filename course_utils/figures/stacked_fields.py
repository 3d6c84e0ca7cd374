"""What one output sees through a stack of convolutions, seen from the side.

The argument of Simonyan & Zisserman, "Very deep convolutional networks for large-scale image
recognition", ICLR 2015, section 2.3.
"""

from matplotlib.patches import Polygon, Rectangle

from ..counting.geometry import Field
from ._canvas import BLUE, INK, LARGE, NORMAL, PALE, new_figure

CELL = 0.8  # side of a cell, where neighbours are 1 apart
RISE = 2.0  # from one row of cells to the next


def stacked_fields(*stacks):
    """Draw a panel for each stack: one output on top, its window in every row below.

    Under each panel stand the receptive field and the weights in units of C², for layers with
    C input and C output channels and without biases.

    Args:
        stacks: for each panel the kernel sizes of its layers from the input on, e.g. (3, 3);
            all strides are 1.
    """
    figure = new_figure(10, 3.7, layout="constrained")
    figure.suptitle("一个输出（最上一格）在每一层看见的格子（侧视图，步长为 1）", fontsize=LARGE)
    sizes = [_seen(kernels)[0] for kernels in stacks]
    panels = figure.subplots(1, len(stacks), width_ratios=[size + 1 for size in sizes])
    deepest = max(map(len, stacks))
    for ax, kernels in zip(panels, stacks, strict=True):
        _draw(ax, kernels, deepest)
    return figure


def _seen(kernels):
    """Cells seen in each row, from the input up to the single output."""
    return [_field(kernels[first:]) for first in range(len(kernels) + 1)]


def _field(kernels):
    field = Field()
    for kernel in kernels:
        field = field.window(kernel)
    return int(field.size)


def _draw(ax, kernels, deepest):
    sizes = _seen(kernels)
    # Panels of different depth end at one height, so that equal fields are easy to compare.
    heights = [RISE * deepest * row / len(kernels) for row in range(len(sizes))]
    for row, (size, y) in enumerate(zip(sizes, heights, strict=True)):
        if row < len(kernels):
            _cone(ax, size, y + CELL, sizes[row + 1], heights[row + 1])
        for cell in range(size):
            x = cell - (size - 1) / 2 - CELL / 2
            colour = BLUE if row == len(kernels) else "#DCEBF7" if row else PALE
            ax.add_patch(Rectangle((x, y), CELL, CELL, facecolor=colour, edgecolor=INK, lw=1))
    for row, kernel in enumerate(kernels):
        middle = (heights[row] + CELL + heights[row + 1]) / 2
        ax.text(0, middle, f"{kernel}×{kernel}", fontsize=NORMAL, ha="center", va="center")
    side = sizes[0]
    half = max(side, 5) / 2
    ax.set(xlim=(-half - 0.4, half + 0.4), ylim=(-0.2, RISE * deepest + CELL + 0.2), aspect="equal")
    layers = "1 层" if len(kernels) == 1 else f"{len(kernels)} 层"
    ax.set_title(f"{layers} {kernels[0]}×{kernels[0]}", fontsize=NORMAL)
    weights = sum(kernel**2 for kernel in kernels)
    ax.set_xlabel(f"感受野 {side}×{side}\n权值 {weights}C²", fontsize=NORMAL)
    ax.spines[:].set_visible(False)
    ax.set(xticks=[], yticks=[])


def _cone(ax, wide, bottom, narrow, top):
    """The window between two rows of cells."""
    low, high = (wide - 1 + CELL) / 2, (narrow - 1 + CELL) / 2
    corners = [(-low, bottom), (low, bottom), (high, top), (-high, top)]
    ax.add_patch(Polygon(corners, facecolor=BLUE, alpha=0.12, edgecolor=BLUE, lw=1))
