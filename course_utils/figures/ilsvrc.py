"""The ImageNet challenge year by year."""

from ._canvas import BLUE, GREY, INK, LARGE, NORMAL, PALE, SMALL, VERMILION, new_figure


def challenge_errors(entries, human, title="ILSVRC 图像分类的 top-5 错误率"):
    """Draw the winner's error of each year as a bar, with the network and its depth below.

    Args:
        entries: (year, name, error in %, words) from the first year on; the words say how deep the
            networks were, None stands for features made by hand.
        human: error in % of a trained person, drawn as a line.
    """
    figure = new_figure(10, 4.8, layout="constrained")
    ax = figure.add_subplot()
    for position, (_, _, error, words) in enumerate(entries):
        style = {"color": BLUE} if words else {"color": PALE, "edgecolor": GREY, "hatch": "//"}
        ax.bar(position, error, width=0.62, **style)
        ax.annotate(
            f"{error:g}",
            (position, error),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=NORMAL,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    ax.axhline(human, color=VERMILION, ls="--", lw=1.5, zorder=1.5)
    ax.annotate(
        f"人：{human:g}",
        (len(entries) - 0.55, human),
        xytext=(0, 4),
        textcoords="offset points",
        ha="right",
        fontsize=NORMAL,
        color=VERMILION,
    )
    ticks = [f"{year}\n{name}\n{words or '手工特征'}" for year, name, _, words in entries]
    ax.set_xticks(range(len(entries)), ticks, fontsize=SMALL, linespacing=1.4)
    ax.tick_params(axis="x", length=0)
    ax.set_ylabel("top-5 错误率（%）", fontsize=NORMAL)
    ax.set_title(f"{title}（蓝色：卷积网络；斜线：手工特征）", fontsize=LARGE)
    ax.grid(axis="y", color=PALE, lw=0.8)
    ax.set_axisbelow(True)
    return figure
