"""Which maps of one layer feed which maps of the next: LeCun et al. 1998, table I."""

from itertools import groupby

from ._canvas import BLUE, GREEN, INK, LARGE, NORMAL, ORANGE, SMALL, VERMILION, new_figure

SHADES = (BLUE, ORANGE, GREEN, VERMILION)


def connection_table(table, in_maps=6, in_name="S2", out_name="C3"):
    """Draw a table of crosses: a row for each input map, a column for each output map.

    Neighbouring columns of one kind are bracketed and named: contiguous input maps (the last
    map and map 0 count as neighbours), others, or all of them.

    Args:
        table: for each output map the tuple of input maps it sees; for LeNet-5's C3 16 tuples.
        in_maps: number of input maps.
    """
    for column, maps in enumerate(table):
        if len(set(maps)) != len(maps) or not set(maps) <= set(range(in_maps)):
            raise ValueError(
                f"output map {column} sees {tuple(maps)}; give different numbers "
                f"from 0 to {in_maps - 1}."
            )
    figure = new_figure(9.5, 4.4, layout="constrained")
    ax = figure.add_subplot()
    ax.set(
        xlim=(-0.6, len(table) + 0.3),
        ylim=(in_maps + 0.5, -1.8),
        xticks=range(len(table)),
        yticks=range(in_maps),
    )
    ax.set_xlabel(f"{out_name} 特征图的编号", fontsize=NORMAL)
    ax.set_ylabel(f"{in_name} 特征图的编号", fontsize=NORMAL, labelpad=8)
    ax.set_title(f"{out_name} 的每张特征图与 {in_name} 的哪些特征图相连", fontsize=LARGE, pad=12)
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=NORMAL)

    first = 0
    for number, (kind, group) in enumerate(groupby(table, lambda maps: _kind(maps, in_maps))):
        last = first + len(list(group)) - 1
        _bracket(ax, first, last, kind, SHADES[number % len(SHADES)], in_maps)
        first = last + 1
    crosses = [(column, row) for column, maps in enumerate(table) for row in maps]
    ax.plot(*zip(*crosses, strict=True), "x", ms=10, mew=2.2, color=INK, gid="crosses")

    for column, maps in enumerate(table):
        ax.text(column, in_maps, len(maps), fontsize=NORMAL, ha="center", va="center")
    for row in range(in_maps):
        count = sum(row in maps for maps in table)
        ax.text(len(table), row, count, fontsize=NORMAL, ha="center", va="center")
    ax.text(
        len(table),
        in_maps,
        len(crosses),
        fontsize=NORMAL,
        ha="center",
        va="center",
        bbox={"boxstyle": "round,pad=0.3", "facecolor": "white", "edgecolor": INK},
    )
    ax.text(-1, in_maps, "合计", fontsize=SMALL, ha="center", va="center")
    ax.text(len(table), -0.75, "合计", fontsize=SMALL, ha="center", va="center")
    ax.plot([-0.5, len(table) + 0.3], [in_maps - 0.5] * 2, color=INK, lw=1)
    ax.plot([len(table) - 0.5] * 2, [-0.5, in_maps + 0.4], color=INK, lw=1)
    return figure


def _kind(maps, in_maps):
    """What kind of column this is, in words."""
    if len(maps) == in_maps:
        return f"全部 {in_maps} 张"
    # Going round the circle of input maps, contiguous maps make one single step out of the set.
    ends = sum((number + 1) % in_maps not in maps for number in maps)
    return f"相邻的 {len(maps)} 张" if ends == 1 else f"不全相邻的 {len(maps)} 张"


def _bracket(ax, first, last, words, color, in_maps):
    left, right = first - 0.42, last + 0.42
    ax.fill_between([left, right], -0.5, in_maps - 0.5, color=color, alpha=0.14, lw=0)
    ax.plot([left, left, right, right], [-0.6, -0.85, -0.85, -0.6], color=color, lw=2)
    ax.text((left + right) / 2, -1.0, words, fontsize=NORMAL, ha="center", va="bottom", color=INK)
