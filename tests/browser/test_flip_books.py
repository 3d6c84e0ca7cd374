"""Where no widget can be shown: an exported page with no network, a notebook nobody trusts."""

import pytest
from nbconvert import HTMLExporter
from samples import DRAWN, FACTORIES, frame_counts

pytestmark = pytest.mark.browser

# Pairs of texts of which one is written over the other, and texts that leave the picture.
_SPOILT = """() => {
  const picture = document.querySelector('svg').getBoundingClientRect();
  const texts = [...document.querySelectorAll('svg text')]
    .filter(text => text.textContent.trim())
    .map(text => [text.textContent, text.getBoundingClientRect()]);
  const outside = texts.filter(([, box]) =>
    box.left < picture.left - 1 || box.right > picture.right + 1 ||
    box.top < picture.top - 1 || box.bottom > picture.bottom + 1);
  const shared = (a, b, from, to) => Math.min(a[to], b[to]) - Math.max(a[from], b[from]);
  const over = texts.flatMap(([words, a], i) => texts.slice(i + 1)
    .filter(([, b]) => shared(a, b, 'left', 'right') > 2 &&
      shared(a, b, 'top', 'bottom') > 0.45 * Math.min(a.height, b.height))
    .map(([others]) => `${words} | ${others}`));
  return [...outside.map(([words]) => words), ...over];
}"""


def test_exported_page_flips_without_a_network(stored, fresh_page, tmp_path):
    exported = tmp_path / "explorers.html"
    exported.write_text(HTMLExporter().from_notebook_node(stored)[0], encoding="utf-8")
    fresh_page.context.set_offline(True)
    fresh_page.goto(exported.as_uri(), wait_until="domcontentloaded")
    fresh_page.wait_for_function(f"() => ({DRAWN})().length && ({DRAWN})().every(Boolean)")
    counts = frame_counts()
    assert fresh_page.locator("figure").count() == sum(counts)
    assert fresh_page.locator("figure:visible").count() == len(counts)
    for i, count in enumerate(counts):
        fresh_page.locator("input[type=range]").nth(i).press("ArrowRight")
        assert fresh_page.locator("output").nth(i).inner_text() == f"2 / {count}"
        fresh_page.get_by_role("button", name="上一幅").nth(i).press("Enter")
        assert fresh_page.locator("output").nth(i).inner_text() == f"1 / {count}"


@pytest.mark.parametrize("name", FACTORIES)
def test_no_words_are_cut_off_or_written_over_others(fresh_page, name):
    explorer = FACTORIES[name]()
    for caption, settings in explorer.frames():
        picture = explorer.draw(explorer.compute(**settings))
        fresh_page.set_content(f"<div style='width:844px'>{picture}</div>")
        assert fresh_page.evaluate(_SPOILT) == [], caption
