"""What a learner has mastered, kind by kind."""

from ._canvas import BLUE, INK, LARGE, NORMAL, PALE, SMALL, new_figure


def mastery_map(counts):
    """Draw how many exercises of each kind were right at the first try.

    Args:
        counts: {kind: (right at the first try, tried)}; a kind that was never tried stays empty.
    """
    figure = new_figure(8, 0.5 * len(counts) + 1, layout="constrained")
    ax = figure.add_subplot()
    places = range(len(counts))
    for place, (right, tried) in zip(places, counts.values(), strict=True):
        ax.barh(place, 1, color=PALE)
        if tried:
            ax.barh(place, right / tried, color=BLUE, hatch="///", edgecolor="white")
        words = f"{right}/{tried}" if tried else "还没有做"
        ax.text(1.02, place, words, fontsize=SMALL, va="center", color=INK)
    ax.set_yticks(places, counts, fontsize=NORMAL)
    ax.set(xlim=(0, 1.18), xticks=[0, 0.5, 1])
    ax.set_xticklabels(["0", "一半", "全对"], fontsize=SMALL)
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_title("第一次就做对的比例", fontsize=LARGE)
    return figure
