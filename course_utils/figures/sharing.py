"""Full connection, local connection and weight sharing, on one line of units.

The ideas of Net-2, Net-3 and Net-5 in LeCun, "Generalization and network design strategies",
Technical Report CRG-TR-89-4, University of Toronto, 1989.
"""

from ..counting.geometry import output_size
from ._canvas import BLUE, GREEN, GREY, INK, LARGE, NORMAL, SMALL, VERMILION, new_figure

SHARED = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (INK, ":"))


def local_connections(inputs=9, kernel=3, stride=2):
    """Draw three layers with the same units, and count their links and different weights.

    Numbers on the links say which weight they carry; biases are left out.

    Args:
        inputs: number of input units.
        kernel: inputs that a locally connected unit sees.
        stride: inputs between the windows of two neighbouring units.
    """
    outputs = output_size(inputs, kernel, stride)
    if kernel > len(SHARED):
        raise ValueError(f"kernel is {kernel}; at most {len(SHARED)} weights can be told apart.")
    full = [(start, end, start + inputs * end) for end in range(outputs) for start in range(inputs)]
    local = [
        (stride * end + tap, end, kernel * end + tap)
        for end in range(outputs)
        for tap in range(kernel)
    ]
    shared = [(start, end, weight % kernel) for start, end, weight in local]

    figure = new_figure(9.8, 3.7, layout="constrained")
    figure.suptitle(
        f"{inputs} 个输入单元、{outputs} 个输出单元的三种连接方式"
        "（连线上的数字是权重的编号，不计偏置）",
        fontsize=LARGE,
    )
    left, middle, right = figure.subplots(1, 3)
    _draw(left, "全连接", full, inputs, outputs)
    _draw(middle, f"局部连接：每个单元看 {kernel} 个输入", local, inputs, outputs)
    _draw(right, "局部连接，权重共享", shared, inputs, outputs)
    return figure


def _draw(ax, words, links, inputs, outputs):
    """Draw ``links``, a list of (input unit, output unit, number of its weight)."""
    weights = {weight for *_, weight in links}
    numbered = len(links) <= 3 * inputs
    places = [(inputs - 1) * (unit + 0.5) / outputs for unit in range(outputs)]
    for start, end, weight in links:
        color, line = SHARED[weight] if len(weights) <= len(SHARED) else (GREY, "-")
        ax.plot(
            [start, places[end]],
            [0, 1],
            color=color,
            ls=line,
            lw=1.6 if numbered else 0.8,
            zorder=1,
        )
        if numbered:
            ax.text(
                0.45 * places[end] + 0.55 * start,
                0.45,
                weight + 1,
                fontsize=SMALL,
                ha="center",
                va="center",
                bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
            )
    for xs, y in ((range(inputs), 0), (places, 1)):
        ax.scatter(xs, [y] * len(xs), s=150, facecolor="white", edgecolor=INK, lw=1.5, zorder=2)
    ax.set_title(words, fontsize=NORMAL)
    ax.text(
        (inputs - 1) / 2,
        -0.3,
        f"{len(links)} 条连接，{len(weights)} 个不同的权重",
        fontsize=NORMAL,
        ha="center",
        va="top",
    )
    ax.set(xlim=(-0.6, inputs - 0.4), ylim=(-0.5, 1.15))
    ax.axis("off")
