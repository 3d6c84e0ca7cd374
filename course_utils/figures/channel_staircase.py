"""How many channels each layer of a dense network receives: Huang et al., CVPR 2017, section 3."""

from ._canvas import INK, LARGE, NORMAL, PALE, SMALL, new_figure
from .curves import STYLES


def channel_staircase(series, title="每一层收到多少个通道"):
    """Draw the channels along the layers: stairs inside a block, a fall at each transition.

    Example::

        channel_staircase({"θ = 0.5": [[64, 96, 128], [64, 96, 128, 160]], "θ = 1": [...]})

    Here the first block has two layers, which receive 64 and 96 channels, and hands on 128;
    the transition halves them.

    Args:
        series: {label: blocks}; a block is the channels that each of its layers receives and,
            last, those it hands on. All labels have blocks of the same lengths.

    Raises:
        ValueError: too many labels, or blocks of different lengths.
    """
    if not 1 <= len(series) <= len(STYLES):
        raise ValueError(f"there are {len(series)} labels; 1 to {len(STYLES)} can be told apart.")
    lengths = {tuple(map(len, blocks)) for blocks in series.values()}
    if len(lengths) > 1:
        raise ValueError(f"the blocks have the lengths {sorted(lengths)}; make them the same.")
    figure = new_figure(10, 4.6, layout="constrained")
    ax = figure.add_subplot()
    for (label, blocks), (color, line, marker) in zip(series.items(), STYLES, strict=False):
        channels = [count for block in blocks for count in block]
        ax.plot(range(len(channels)), channels, color=color, ls=line, lw=2, label=label,
                drawstyle="steps-post")  # fmt: skip
        ax.plot(range(len(channels)), channels, marker, color=color, ms=3.5)
    _blocks(ax, next(iter(lengths)))
    _falls(ax, list(series.values()))
    ax.set_ylim(0, ax.get_ylim()[1] * 1.12)
    ax.set_title(title, fontsize=LARGE)
    ax.set_ylabel("通道数", fontsize=NORMAL)
    ax.tick_params(labelsize=SMALL, bottom=False)
    ax.grid(axis="y", color=PALE, lw=0.8)
    if len(series) > 1:
        ax.legend(fontsize=NORMAL, frameon=False, loc="upper left", bbox_to_anchor=(0, 0.9))
    return figure


def _blocks(ax, lengths):
    """The blocks as bands, with their layers counted; what a block hands on is not a layer."""
    start, ticks = 0, []
    for number, length in enumerate(lengths):
        ax.axvspan(start - 0.5, start + length - 0.5, color=INK, lw=0,
                   alpha=0.07 if number % 2 == 0 else 0.02)  # fmt: skip
        ticks.append((start + (length - 1) / 2, f"第 {number + 1} 块\n{length - 1} 层"))
        start += length
    ax.set_xticks(*zip(*ticks, strict=True))
    ax.grid(axis="x", visible=False)
    ax.set_xlim(-0.5, start - 0.5)


def _falls(ax, families):
    """What each block hands on, written at the end of its stairs, the labels apart."""
    tallest = max(max(block) for blocks in families for block in blocks)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
    start = 0
    for place, block in enumerate(families[0]):
        start += len(block)
        written = []
        for count in sorted({blocks[place][-1] for blocks in families}):
            if all(abs(count - other) > 0.07 * tallest for other in written):
                written.append(count)
                ax.annotate(
                    f"{count:,}",
                    (start - 1, count),
                    xytext=(-4, 4),
                    fontsize=SMALL,
                    textcoords="offset points",
                    ha="right",
                    va="bottom",
                    bbox=ground,
                )
