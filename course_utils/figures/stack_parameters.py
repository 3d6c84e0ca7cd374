"""Parameters of stacked small kernels and of one large kernel, against the channels."""

from ..counting.geometry import conv_parameters
from ._canvas import BLUE, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure

# Colour, line and marker change together, so that none is needed to tell the curves apart.
STYLES = ((BLUE, "-", "o"), (VERMILION, "--", "s"))


def stack_parameters(*pairs, channels=range(64, 513, 64)):
    """Draw a panel for each pair: weights and biases for C input and C output channels.

    The panel's title says how many per cent of the second stack's parameters the first has at
    the last C.

    Args:
        pairs: (kernel sizes of a stack, kernel sizes of another), e.g. ((3, 3, 3), (7,)).
        channels: the values of C.
    """
    figure = new_figure(10, 4.2, layout="constrained")
    figure.suptitle("感受野相同，参数量不同", fontsize=LARGE)
    panels = figure.subplots(1, len(pairs), sharey=True, squeeze=False)[0]
    for ax, pair in zip(panels, pairs, strict=True):
        _draw(ax, pair, channels)
    panels[0].set_ylabel("参数量（百万，含偏置）", fontsize=NORMAL)
    panels[0].set_ylim(bottom=0)
    return figure


def _draw(ax, pair, channels):
    for kernels, (color, line, marker) in zip(pair, STYLES, strict=True):
        millions = [_parameters(kernels, c) / 1e6 for c in channels]
        ax.plot(channels, millions, color=color, ls=line, marker=marker, label=_name(kernels))
    small, large = (_parameters(kernels, channels[-1]) for kernels in pair)
    ax.set_title(
        f"C = {channels[-1]} 时，{_name(pair[0])} 的参数量是 {_name(pair[1])} 的"
        f" {100 * small / large:.1f} %",
        fontsize=NORMAL,
    )
    ax.set_xlabel("通道数 C（输入与输出相同）", fontsize=NORMAL)
    ax.set_xticks(list(channels))
    ax.tick_params(labelsize=SMALL, labelleft=True)
    ax.grid(color=PALE, lw=0.8)
    ax.legend(fontsize=NORMAL, frameon=False, loc="upper left")


def _parameters(kernels, channels):
    return sum(conv_parameters(channels, channels, (k, k)) for k in kernels)


def _name(kernels):
    return f"{len(kernels)} 层 {kernels[0]}×{kernels[0]}"
