"""Pages: of the course's notebooks as they are, of anybody else's without what acts."""

import json
from html.parser import HTMLParser

import pytest
from hostile_html import HOSTILE
from sentences import one_sentence

from course_utils import notebooks
from course_utils.commands import site

TABLE = (
    '<table class="d"><thead><tr><th scope="col">层</th></tr></thead><tr><td>卷积</td></tr></table>'
)


def markdown(text, **fields):
    return {"cell_type": "markdown", "metadata": {}, "source": text} | fields


def code(data, **fields):
    output = {"output_type": "display_data", "data": data, "metadata": {}} | fields
    cell = {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": "x = 1"}
    return cell | {"outputs": [output]}


def write(path, *cells, **fields):
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4} | fields
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


class Acts(HTMLParser):
    """Collects what acts or fetches in a piece of HTML."""

    TAGS = {
        "script", "iframe", "object", "embed", "form", "input", "button", "svg", "style", "link",
        "meta", "base", "video", "textarea", "noscript", "title",
    }  # fmt: skip

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag in self.TAGS:
            self.found.append(tag)
        for name, value in attributes:
            value = "".join((value or "").lower().split())
            acts = value.startswith(("javascript:", "vbscript:", "data:text", "data:image/svg"))
            fetches = name == "src" and not value.startswith("data:image/")
            if name.startswith("on") or acts or fetches or "url(" in value:
                self.found.append(f"{tag} {name}={value}")


def page(path):
    """The notebook's part of a page."""
    resources = {"metadata": {"name": "t"}, "page": "p.html", "contents": [("p.html", "t")]}
    html = site._page(path, resources)
    return html.partition("<main>")[2].rpartition("</main>")[0]


def hostile_cells():
    """Each piece in a Markdown cell, in an HTML output and in a Markdown output."""
    kinds = (markdown, lambda t: code({"text/html": t}), lambda t: code({"text/markdown": t}))
    return [kind(text) for text in HOSTILE.values() for kind in kinds]


def test_a_foreign_notebook_s_page_does_nothing(tmp_path):
    assert Acts(page(write(tmp_path / "6.8_mine.ipynb", *hostile_cells()))).found == []


KINDS = {
    "JavaScript": {"application/javascript": "evil()"},
    "SVG": {"image/svg+xml": "<svg onload='evil()'/>"},
    "a diagram": {"text/vnd.mermaid": "<script>evil()</script>"},
    "a live view": {"application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>"}},
    "a picture of no pixels": {"image/png": '"><script>evil()</script>'},
    "a photo of no pixels": {"image/jpeg": '"><script>evil()</script>'},
    "LaTeX": {"text/latex": "<script>evil()</script>"},
    "plain text": {"text/plain": "<script>evil()</script>\x1b[31m<b>"},
    "a kind of its own": {"text/x-<script>evil()</script>": "<script>evil()</script>"},
}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_a_foreign_output_does_nothing(data, tmp_path):
    assert Acts(page(write(tmp_path / "6.8_mine.ipynb", code(data)))).found == []


def test_what_foreign_metadata_says_does_nothing(tmp_path):
    trick = '1 onerror=evil() x="><script>evil()</script>'
    photo = code({"image/jpeg": "AA=="}, metadata={"image/jpeg": {"width": trick, "height": trick}})
    tagged = markdown("x", metadata={"tags": [trick]}, attachments={"a.png": {"image/png": trick}})
    raw = {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": trick}
    error = {"output_type": "error", "ename": trick, "evalue": trick, "traceback": [trick]}
    stream = {"output_type": "stream", "name": "stdout", "text": trick}
    said = code({}) | {"outputs": [error, stream]}
    state = {"application/vnd.jupyter.widget-state+json": {"state": "</script><script>evil()"}}
    metadata = {"title": trick, "widgets": state, "language_info": {"name": trick}}
    path = write(tmp_path / "6.8_mine.ipynb", photo, tagged, raw, said, metadata=metadata)
    assert Acts(page(path)).found == []


def test_a_foreign_notebook_keeps_text_tables_formulas_and_pixels(tmp_path):
    path = write(
        tmp_path / "6.8_mine.ipynb",
        markdown("# 我的网络\n\n**卷积**层，`a < b`，$x^2$\n\n> 引用\n\n" + TABLE),
        markdown("| 层 | 数 |\n| --- | --- |\n| C1 | 156 |"),
        code({"text/html": "<style>td { color: red }</style>" + TABLE, "text/plain": "x"}),
        code({"image/png": "iVBORw0KGgo="}),
        code({"text/markdown": "| 池化 |\n| --- |\n| 2 |"}),
    )  # fmt: skip
    html = page(path)
    for kept in (
        "我的网络", "<strong>卷积</strong>", "a &lt; b", "<msup>", "<td>156</td>", "<blockquote>",
        '<th scope="col">层</th>', "<td>卷积</td>", "data:image/png;base64,iVBORw0KGgo=", "池化",
    ):  # fmt: skip
        assert kept in html
    assert "color: red" not in html


def test_the_course_s_own_notebooks_stay_as_they_are(tmp_path):
    path = write(tmp_path / notebooks.COURSE[0], *hostile_cells())
    assert len(Acts(page(path)).found) > len(HOSTILE)  # what the first test looks for is there
    explorer = "<style>b { color: red }</style><b onclick='f()'>x</b><script>f()</script>"
    path = write(tmp_path / notebooks.COURSE[1], code({"text/html": explorer}))
    assert {"style", "script", "b onclick=f()"} <= set(Acts(page(path)).found)


def test_the_site_has_pages_of_both(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(notebooks, "NOTEBOOKS", folder)
    monkeypatch.setattr(site, "LEDGER", tmp_path / "errata.md")
    site.LEDGER.write_text("# 勘误表", encoding="utf-8")
    write(folder / notebooks.COURSE[0], markdown("# 开始"), code({"text/html": "<b onclick=f()>"}))
    write(folder / "6.8_<b>.ipynb", markdown("# 我的<b>"), code({"text/html": "<b onclick=f()>"}))
    names = [path.name for path in site.write_site(tmp_path / "site")]
    assert names == ["index.html", "6.8_<b>.html", "errata.html"]
    start, mine, _ = [(tmp_path / "site" / name).read_text(encoding="utf-8") for name in names]
    assert "onclick" in start and "onclick" not in mine
    assert 'href="6.8_&lt;b&gt;.html"' in start and "我的&lt;b&gt;" in start


UNREADABLE = {
    "no version": {"nbformat": 9},
    "an old version": {"nbformat": 2},
    "a version that is a text": {"nbformat": "4"},
    "metadata that are a list": {"metadata": []},
    "outputs that are a text": {"cells": [markdown("# t"), code({}) | {"outputs": "<script>"}]},
    "a count that is a text": {"cells": [markdown("# t"), code({}) | {"execution_count": "<b>"}]},
    "an output of no kind": {"cells": [markdown("# t"), code({}, output_type="<b>")]},
    "data that are a list": {"cells": [markdown("# t"), code([])]},
    "a formula that is none": {"cells": [markdown("# t\n$x^$ $\\frac{$ $\\end{a}$")]},
    "an attachment that is not there": {"cells": [markdown("# t\n![x](attachment:none.png)")]},
    "a cell of no kind": {"cells": [markdown("# t") | {"cell_type": "x"}, markdown("# t")]},
}


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE)
def test_a_notebook_that_gives_no_page_gets_one_sentence(fields, tmp_path):
    path = write(tmp_path / "6.8_mine.ipynb", markdown("# t"), **fields)
    try:
        assert Acts(page(path)).found == []
    except notebooks.NotebookError as error:
        assert "6.8_mine.ipynb" in str(error) and one_sentence(error)
