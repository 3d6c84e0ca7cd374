"""Makes a page of a notebook that is not the course's own: its text and tables, nothing that acts.

Scripts, event handlers, ``javascript:`` links, forms, frames and what a page would fetch are left
out, from Markdown and from outputs. Tables, headings, formulas and pictures stay.
"""

import re

import bleach
from bleach.css_sanitizer import CSSSanitizer
from nbformat import v4

_TEXT = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "del", "details", "div", "em",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li",
    "ol", "p", "pre", "s", "span", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_FORMULAS = {
    "math", "menclose", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow",
    "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr",
    "munder", "munderover",
}  # fmt: skip
_ATTRIBUTES = {
    "alt", "class", "colspan", "href", "id", "rowspan", "scope", "src", "style", "title",
    # of formulas
    "columnalign", "display", "displaystyle", "fence", "form", "height", "linethickness", "lspace",
    "mathvariant", "maxsize", "minsize", "rspace", "scriptlevel", "separator", "stretchy", "width",
}  # fmt: skip
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_OUTPUTS = ("text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "text/plain")


def clean(html):
    """HTML with what may stand on a page; everything else is taken out.

    Takes the place of nbconvert's filter ``clean_html``, which knows no headings and formulas.
    """
    html = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>", "", str(html))  # else shown as text
    return bleach.clean(
        html,
        tags=_TEXT | _FORMULAS,
        attributes=_may_stay,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(),
        strip=True,
    )


def _may_stay(tag, name, value):
    """Data is for pictures, and pictures are nothing but data: a page fetches nothing."""
    if name == "src":
        return tag == "img" and bool(_PICTURE.fullmatch(value))
    if name == "href":
        return tag == "a" and not value.strip().lower().startswith("data:")
    return name in _ATTRIBUTES


def without_extras(notebook):
    """A notebook with only what ``clean`` can look at: no metadata, attachments or raw cells, and
    of each output only the kinds that are drawn as text, tables or pixels.

    Args:
        notebook: nbformat's NotebookNode, version 4; left as it is.
    """
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cells.append(v4.new_markdown_cell(cell.source))
        elif cell.cell_type == "code":
            outputs = [plain for output in cell.outputs if (plain := _plain(output))]
            count = cell.get("execution_count")
            cells.append(v4.new_code_cell(cell.source, execution_count=count, outputs=outputs))
    return v4.new_notebook(cells=cells)


def _plain(output):
    """An output with the kinds that are drawn here, None if it has none of them."""
    if "data" not in output:  # a stream, or an error
        return output
    data = {kind: value for kind, value in output.data.items() if kind in _OUTPUTS}
    return v4.new_output("display_data", data) if data else None
