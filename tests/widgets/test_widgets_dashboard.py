"""The dashboard of section 6.7: who fits a budget, what is drawn, and that it can be read."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from browser.samples import NETWORKS

from course_utils import load_section
from course_utils.widgets import DashboardExplorer
from course_utils.widgets.dashboard import QUANTITIES, count_words

LARGE = {"name": "Large", "family": "Wide", "main": True, "params": 2e8, "macs": 3e10,
         "memory": 3e8, "depth": 20, "year": 2014, "top5": 9.0, "field": 300}  # fmt: skip


@pytest.fixture(scope="module")
def explorer():
    """The explorer of the notebook, with all the networks of the chapter."""
    return DashboardExplorer(load_section("6.7").chapter_networks())


def words(svg):
    return "|".join(ElementTree.fromstring(svg).itertext())


def view(explorer, **changes):
    return explorer.compute(**{**explorer.frames()[0][1], **changes})


@pytest.mark.parametrize("budget", [{"params": 1e7}, {"macs": 2e9, "memory": 5e7}, {"params": 1e5}])
def test_who_fits_by_comparing_one_by_one(explorer, budget):
    result = view(explorer, x="params", y="macs", **budget)
    expected = [
        network["name"]
        for network in explorer.networks
        if not any(network[quantity] > most for quantity, most in budget.items())
    ]
    assert list(result.fitting) == expected
    assert [point.name for point in result.points if point.fits] == expected
    drawn = words(explorer.draw(result))
    assert f"放得下的 {len(expected)} 个" in drawn
    assert drawn.count("超出预算") == len(budget.keys() & {"params", "macs"})


def test_nothing_fits_and_no_budget_are_told(explorer):
    assert "没有一个放得下" in words(explorer.draw(view(explorer, params=1e5, family="VGG")))
    assert "没有设预算" in words(explorer.draw(view(explorer)))


def test_networks_without_a_value_are_named(explorer):
    missing = [network["name"] for network in explorer.networks if network["top5"] is None]
    result = view(explorer, y="top5")
    assert list(result.left_out) == missing and "ResNet-18" in missing
    assert f"没有画出的 {len(missing)} 个" in words(explorer.draw(result))
    assert "没有数据" in words(explorer.draw(view(explorer, y="top5", family="LeNet")))


def test_filters_choose_the_networks(explorer):
    families = {point.family for point in view(explorer, y="macs", family="ResNet").points}
    assert families == {"ResNet"}
    only_main = view(explorer, y="macs", variants=False).points
    assert [point.family for point in only_main] == explorer.families


def test_years_are_never_logarithmic(explorer):
    assert view(explorer, x="year", x_log=True, y_log=True).logs == (False, True)


def marks(svg):
    """(fill, path) of the signs of the networks, without the legend."""
    root = ElementTree.fromstring(svg)
    groups = [g for g in root.iter("{http://www.w3.org/2000/svg}g") if "transform" in g.attrib]
    return [(g[0].attrib["fill"], g[0].attrib["d"], len(g)) for g in groups]


def test_families_differ_in_shape_and_budgets_in_fill(explorer):
    legend = marks(explorer.draw(view(explorer)))[: len(explorer.families)]
    assert len({shape for _, shape, _ in legend}) == len({fill for fill, _, _ in legend}) == 6
    result = view(explorer, params=1e7)
    signs = marks(explorer.draw(result))[len(explorer.families) + 2 :]
    assert len(signs) == len(result.points)
    for point, (fill, _, parts) in zip(result.points, signs, strict=True):
        assert (fill != "#FFFFFF", parts == 1) == (point.fits, point.fits)


def test_larger_values_stand_farther_on(explorer):
    for x_log in (True, False):
        result = view(explorer, x="params", y="macs", x_log=x_log)
        places = re.findall(r"translate\(([\d.]+) ([\d.]+)\)", explorer.draw(result))[8:]
        pairs = sorted(
            zip([p.x for p in result.points], [float(x) for x, _ in places], strict=True)
        )
        assert [place for _, place in pairs] == sorted(place for _, place in pairs)


def labels(svg):
    """{network: (left, top, right, bottom)} of the names in the plot; a letter takes 7.4 pixels."""
    boxes = {}
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        if "paint-order" in text.attrib:
            x, y, width = float(text.get("x")), float(text.get("y")), 7.4 * len(text.text)
            left = x - width * {"start": 0, "middle": 0.5, "end": 1}[text.get("text-anchor")]
            boxes[text.text] = (left, y - 11, left + width, y + 2)
    return boxes


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 1 and min(a[3], b[3]) - max(a[1], b[1]) > 1


def test_names_cover_neither_each_other_nor_the_edges(explorer):
    for caption, settings in explorer.frames():
        result = explorer.compute(**settings)
        boxes = labels(explorer.draw(result))
        assert set(boxes) == {point.name for point in result.points}, caption
        covered = [(a, b) for a, b in combinations(boxes, 2) if overlap(boxes[a], boxes[b])]
        assert covered == [], caption
        assert all(left >= 84 and right <= 836 for left, _, right, _ in boxes.values()), caption


def test_flip_book_shows_the_presets(explorer):
    assert [caption for caption, _ in explorer.frames()] == list(explorer.preset_settings)
    assert explorer.flip_book().count("<figure") == len(explorer.frames()) == 8


def test_presets_set_the_controls_and_give_way_to_the_own_setting():
    explorer = DashboardExplorer(NETWORKS)
    explorer.presets.value = "年份与深度"
    assert explorer.settings() == explorer.preset_settings["年份与深度"]
    explorer.controls["params"].value = 1e6
    assert explorer.presets.value == ""


def test_every_pair_of_axes_can_be_drawn():
    explorer = DashboardExplorer(NETWORKS)
    for x in QUANTITIES:
        for y in QUANTITIES:
            for log in (True, False):
                drawn = words(explorer.draw(view(explorer, x=x, y=y, x_log=log, y_log=log)))
                assert QUANTITIES[x] in drawn and QUANTITIES[y] in drawn


def test_a_single_network_has_its_axes():
    drawn = words(DashboardExplorer([LARGE]).picture.value)
    assert "Large" in drawn and "2 亿" in drawn


@pytest.mark.parametrize(
    "value, written", [(5_000, "5,000"), (78_000, "7.8 万"), (1e7, "1,000 万"), (4.1e9, "41 亿")]
)
def test_counts_in_words(value, written):
    assert count_words(value) == written


@pytest.mark.parametrize(
    "networks, complaint",
    [
        ([], "networks has no entry"),
        ([{"name": "x"}], "networks has no depth; give a dict with the keys depth, family"),
        ([{**LARGE, "family": str(n)} for n in range(7)], "there are 7 families"),
    ],
)
def test_wrong_data_is_told_in_a_sentence(networks, complaint):
    with pytest.raises(ValueError, match=f"^{complaint}"):
        DashboardExplorer(networks)
