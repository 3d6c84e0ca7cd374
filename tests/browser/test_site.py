"""The exported pages: no network, no fault that keeps a reader out, readable on a phone."""

import re

import pytest
from extras import skip_without

from course_utils import notebooks
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
