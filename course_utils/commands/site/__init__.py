"""The course as pages that need neither kernel nor network: ``make site``.

nbconvert makes the pages; formulas become MathML, which browsers draw themselves, and links
between notebooks become links between pages.
"""

import re
from pathlib import Path

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import read, v4

from ... import notebooks
from ...runtime import REPO

HOME = "6.0"  # the map of the chapter
LEDGER = REPO / "data" / "tables" / "errata.md"


def page_name(section):
    """File name of a section's page: the map of the chapter is the index."""
    return "index.html" if section == HOME else f"{notebooks.section_path(section).stem}.html"


def write_site(folder):
    """Write one page a section and the errata ledger.

    Args:
        folder: made if it is missing; pages of the same names are replaced.

    Returns:
        list of the written paths.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        page_name(section): (notebooks.title(path), read(path, as_version=4))
        for section, path in notebooks.sections().items()
    }
    pages["errata.html"] = ("勘误表", _as_notebook(LEDGER.read_text(encoding="utf-8")))
    contents = [(name, title) for name, (title, _) in pages.items()]
    written = []
    for name, (title, notebook) in pages.items():
        path = folder / name
        path.write_text(_page(notebook, title, name, contents), encoding="utf-8")
        written.append(path)
    return written


def _as_notebook(text):
    return v4.new_notebook(cells=[v4.new_markdown_cell(text)])


def _page(notebook, title, name, contents):
    exporter = HTMLExporter(
        template_file=str(Path(__file__).with_name("page.html.j2")),
        language_code="zh",
        embed_images=True,
        filters={"markdown2html": _markdown},
    )
    resources = {"metadata": {"name": title}, "page": name, "contents": contents}
    return exporter.from_notebook_node(notebook, resources)[0]


def _markdown(source):
    return MarkdownWithMath(renderer=_PageRenderer(escape=False)).render(source)


class _PageRenderer(IPythonRenderer):
    def block_math(self, body):
        return convert(body, display="block")

    def inline_math(self, body):
        return convert(body)

    def link(self, text, url, title=None):
        return super().link(text, _page_link(url), title)


def _page_link(url):
    """A link of a notebook or of the ledger as a link of a page."""
    url = re.sub(r"^\.\./data/tables/errata\.md", "errata.html", url)
    section = re.fullmatch(r"(?:\.\./\.\./notebooks/)?(6\.\d)_\w+\.ipynb", url)
    return page_name(section[1]) if section else url
