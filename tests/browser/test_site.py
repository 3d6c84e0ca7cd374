"""The exported pages: no network, no fault that keeps a reader out, readable on a phone."""

import json
import re

import pytest
from extras import skip_without
from hostile_html import HOSTILE

from course_utils import notebooks
from course_utils.commands import site as site_module
from course_utils.commands.site import page_name, write_site

skip_without("axe_playwright_python")
from axe_playwright_python.sync_playwright import Axe  # noqa: E402

pytestmark = pytest.mark.browser
PAGES = [page_name(section) for section in notebooks.sections()] + ["errata.html"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    assert [path.name for path in write_site(folder)] == PAGES
    return folder


@pytest.fixture(scope="module")
def phone(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_offline(True)
    phone = context.new_page()
    phone.complaints = []
    phone.on("requestfailed", lambda request: phone.complaints.append(request.url))
    phone.on("pageerror", lambda error: phone.complaints.append(str(error)))
    yield phone
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_stands_alone_and_anyone_can_read_it(site, phone, name):
    phone.goto((site / name).as_uri())
    assert phone.complaints == []
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    pictures = phone.evaluate("[...document.images].map(i => i.naturalWidth > 0 && i.alt)")
    assert all(pictures)
    assert not any("No description" in words for words in pictures)
    faults = [
        (fault["id"], fault["nodes"][0]["html"][:200])
        for fault in Axe().run(phone).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]
    assert faults == []


def test_links_lead_to_pages_and_places_that_exist(site):
    texts = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    for name, text in texts.items():
        for target, place in re.findall(r'href="([^"#:]*)(?:#([^"]*))?"', text):
            if target.endswith((".html", ".ipynb", ".md")):
                assert target in texts, f"{name} links to {target}"
                assert not place or f'id="{place}"' in texts[target], f"{target}#{place}"


def test_formulas_are_drawn_by_the_browser(site):
    page = (site / page_name("6.1")).read_text(encoding="utf-8")
    assert page.count("<math") > 10 and "$$" not in page and "\\sum" not in page


def test_nothing_of_a_foreign_notebook_acts_or_fetches(phone, tmp_path, monkeypatch):
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "# 我的"}]
    for text in HOSTILE.values():
        output = {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}
        cells.append({"cell_type": "markdown", "metadata": {}, "source": text})
        cells.append({"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ""})
        cells[-1]["outputs"] = [output]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (tmp_path / "6.8_mine.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(site_module, "LEDGER", tmp_path / "errata.md")
    site_module.LEDGER.write_text("", encoding="utf-8")
    write_site(tmp_path / "site")
    phone.add_init_script("window.evil = () => { window.acted = true }")
    phone.goto((tmp_path / "site" / "6.8_mine.html").as_uri())
    kinds = phone.evaluate("[...document.links].map(link => link.protocol)")
    assert set(kinds) <= {"file:", "http:", "https:", "mailto:"}  # as the browser reads them
    assert phone.evaluate("window.acted") is None
    assert phone.evaluate("document.title") == "我的"
    assert phone.complaints == []
