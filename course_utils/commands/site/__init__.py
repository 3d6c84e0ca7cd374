"""The course as pages that need neither kernel nor network: ``make site``.

nbconvert makes the pages; formulas become MathML, which browsers draw themselves, and links
between notebooks become links between pages.

The course's own notebooks, known by name, come onto their pages as they are, with the scripts of
their explorers: whoever opens or checks the course runs their code anyway, which is more than a
page can do, and their outputs change with every run, so that no list of them could be kept. Any
other notebook in ``notebooks/`` is somebody's of whom nothing is known; it loses all that acts
(see ``foreign``).
"""

import re
from pathlib import Path

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import read, v4, validate

from ... import notebooks
from ...runtime import REPO
from . import foreign

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

    Raises:
        NotebookError: a notebook that cannot be made into a page.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sources = {page_name(section): path for section, path in notebooks.sections().items()}
    contents = [(name, notebooks.title(path)) for name, path in sources.items()]
    contents.append(("errata.html", "勘误表"))
    written = []
    for name, title in contents:
        path = folder / name
        resources = {"metadata": {"name": title}, "page": name, "contents": contents}
        path.write_text(_page(sources.get(name), resources), encoding="utf-8")
        written.append(path)
    return written


def _page(source, resources):
    """The page of a notebook, or of the ledger where there is none."""
    if source is None:
        ledger = v4.new_markdown_cell(LEDGER.read_text(encoding="utf-8"))
        return _exporter().from_notebook_node(v4.new_notebook(cells=[ledger]), resources)[0]
    own = source.name in notebooks.COURSE
    try:
        notebook = read(source, as_version=4)
        validate(notebook)
        notebook = notebook if own else foreign.without_extras(notebook)
        return _exporter(own).from_notebook_node(notebook, resources)[0]
    except Exception as error:  # nbformat, nbconvert and latex2mathml have a dozen kinds
        said = notebooks.reason(error)
        raise notebooks.NotebookError(
            f"{notebooks.shown(source.name)} 不能导出为网页（{said}）；请用 JupyterLab 打开它检查。"
        ) from error


def _exporter(own=True):
    return HTMLExporter(
        template_file=str(Path(__file__).with_name("page.html.j2")),
        language_code="zh",
        embed_images=own,
        sanitize_html=not own,
        filters={"markdown2html": _markdown} | ({} if own else {"clean_html": foreign.clean}),
    )


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
