"""What several drawings share: colours, figures, arrows and grids of cells."""

import re

import matplotlib.pyplot as plt
from IPython.core.pylabtools import print_figure
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from ..runtime import COLORS

BLUE, VERMILION, GREEN, PURPLE, ORANGE = COLORS[:5]
INK = "#222222"
GREY = "#767676"
PALE = "#D9D9D9"

SMALL, NORMAL, LARGE = 9.5, 11, 13  # font sizes in points


class DescribedFigure(Figure):
    """A figure that tells its words to who cannot see it: a notebook stores them beside it."""

    def _repr_mimebundle_(self, include=None, exclude=None):
        picture = {"image/png": print_figure(self, "png", base64=True)}
        return picture, {"image/png": {"alt": self.description()}}

    def description(self):
        """All that is written in the figure but bare numbers (powers of ten are), each once."""
        words = [
            " ".join(text.get_text().split()) for text in self.findobj(Text) if text.get_visible()
        ]
        words = [word for word in dict.fromkeys(words) if not word.startswith("$\\mathdefault")]
        return "；".join(word for word in words if re.search(r"[^\W\d]", word))


def new_figure(width, height, **options):
    """Figure of ``width`` x ``height`` inches; a notebook shows it as the value of its cell."""
    figure = plt.figure(figsize=(width, height), FigureClass=DescribedFigure, **options)
    plt.close(figure)  # the inline backend shows every open figure once more
    return figure


def new_sheet(width, height, scale=1.0):
    """(figure, axes) to draw on freely: x and y in inches x ``scale``, (0, 0) bottom left."""
    figure = new_figure(width * scale, height * scale)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    return figure, ax


def frame_picture(ax, color=INK, linewidth=1.0):
    """Make axes a picture's frame: all four sides (the plot style drops two), no ticks."""
    ax.spines[:].set(visible=True, color=color, linewidth=linewidth)
    ax.set(xticks=[], yticks=[])
    ax.grid(False)


def new_pictures(count, columns, title, caption):
    """(figure, axes of each picture) for ``count`` small pictures in rows of ``columns``.

    ``caption`` is the height in inches of the text above each picture.
    """
    columns = min(columns, count)
    rows = -(-count // columns)
    side = min(1.2, 9 / columns)
    width = max(columns * side + 0.5, 5)  # room for the title
    figure = new_figure(width, rows * (side + caption) + 0.5 * bool(title), layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    cells = figure.subplots(rows, columns, squeeze=False).flatten()
    for ax in cells[count:]:
        ax.remove()
    for ax in cells[:count]:
        frame_picture(ax, PALE)
    return figure, cells[:count]


def value_bar(figure, picture, cells, words):
    """Colour bar of one scale that all the small pictures share."""
    bar = figure.colorbar(picture, ax=cells, fraction=0.03, pad=0.01, aspect=12)
    bar.set_label(words, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)


def arrow(ax, start, end):
    """Straight arrow from point ``start`` to point ``end`` in data coordinates."""
    style = {"arrowstyle": "-|>", "color": INK, "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", xy=end, xytext=start, arrowprops=style)


def frame(ax, left, top, side, inset=0.0, **style):
    """Square frame around the cells of a picture, ``inset`` cells inside their outer edge.

    (left, top) is the first cell; the centre of cell (0, 0) is the point (0, 0).
    """
    corner = (left - 0.5 + inset, top - 0.5 + inset)
    side -= 2 * inset
    ax.add_patch(Rectangle(corner, side, side, fill=False, clip_on=False, **style))


def number(value):
    """Four significant digits, with a true minus sign."""
    return f"{value:.4g}".replace("-", "−")


def write_cells(ax, values):
    """Write the numbers (rows, columns) into the cells of the picture that shows them."""
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            ax.text(
                column, row, number(value), fontsize=NORMAL, ha="center", va="center", color=INK
            )
