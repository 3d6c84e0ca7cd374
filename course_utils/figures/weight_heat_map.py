"""What each layer of a dense block takes from the layers before it: a heat map for each block."""

import numpy as np

from ._canvas import INK, LARGE, NORMAL, SMALL, new_figure


def weight_heat_map(rows, last, title):
    """Draw a row of heat maps for each measurement, one map for each block.

    A row has one colour scale. In a cell is what the layer below takes from the layer on the
    left; a cell without a connection stays empty. After Huang et al. 2017, figure 5.

    Args:
        rows: {what was measured, with its unit: [matrix of each block]}; a matrix is
            (layers + 1 sources, layers + 1 listeners), from the input of the block on, NaN where
            there is no connection; the last listener is what follows the block.
        last: short name of what follows each block.

    Raises:
        ValueError: a matrix is not square, or the rows have not as many blocks as ``last``.
    """
    figure = new_figure(10, 0.6 + 3.0 * len(rows), layout="constrained")
    figure.suptitle(title, fontsize=LARGE)
    axes = figure.subplots(len(rows), len(last), squeeze=False)
    for line, (what, blocks) in zip(axes, rows.items(), strict=True):
        blocks = [np.asarray(block, dtype=float) for block in blocks]
        _check(what, blocks, last)
        top = max(np.nanmax(block) for block in blocks)
        for number, (ax, block) in enumerate(zip(line, blocks, strict=True), start=1):
            picture = ax.imshow(block, cmap="viridis", vmin=0, vmax=top)
            _axes(ax, len(block), last[number - 1])
            ax.set_title(f"稠密块 {number}", fontsize=NORMAL)
        line[0].set_ylabel("来自", fontsize=NORMAL)
        bar = figure.colorbar(picture, ax=line, fraction=0.03, pad=0.01, aspect=14)
        bar.set_label(what, fontsize=NORMAL)
        bar.ax.tick_params(labelsize=SMALL)
    return figure


def _check(what, blocks, last):
    if len(blocks) != len(last):
        raise ValueError(f"{what} has {len(blocks)} blocks; {len(last)} have a name in last.")
    for block in blocks:
        if block.ndim != 2 or len(set(block.shape)) != 1:
            raise ValueError(f"{what} has a matrix of shape {block.shape}; it must be square.")


def _axes(ax, size, last):
    """Layers by their numbers; the input of the block and what follows it by their names."""
    ax.set_xticks(range(size), [*range(1, size), last])
    ax.set_yticks(range(size), ["输入", *range(1, size)])
    ax.tick_params(labelsize=SMALL, length=0, labelcolor=INK)
    ax.set_xlabel("去往第几层", fontsize=SMALL)
    ax.grid(False)
