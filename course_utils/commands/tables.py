"""``table`` and ``tables``: one network's layers, and a section's printed table."""

import pandas as pd

from .. import notebooks
from ..book import textbook
from ..counting.table import markdown


def network(name, input_shape, arguments, form):
    """The table of one network as text.

    Args:
        name: "SECTION:CLASS", e.g. "6.1:LeNet5".
        input_shape: (C, H, W), or None for the chapter's.
        arguments: {name: value}, handed to the class.
        form: "markdown", "latex", "csv" or "html".
    """
    section, class_name = notebooks.split_name(name)
    table = textbook.network_table(section, class_name, None, input_shape, **arguments)
    exports = {
        "markdown": table.to_markdown,
        "latex": table.to_latex,
        "csv": table.to_csv,
        "html": table._repr_html_,
    }
    return exports[form]()


def printed(section, form):
    """The table that the book prints in a section, regenerated, as text; ``form`` as above.

    Raises:
        ValueError: the book prints no table there.
    """
    notebooks.section_path(section)  # a section that is not there is told first
    if not textbook.printed(section):
        raise ValueError(f"the book prints no table in section {section}.")
    headers, lines = textbook.table_lines(textbook.audit(section))
    frame = pd.DataFrame(lines, columns=headers)
    if form == "markdown":
        return markdown(headers, lines)
    if form == "csv":
        return frame.to_csv(index=False)
    if form == "html":
        return frame.to_html(index=False)
    return frame.style.hide(axis="index").format(escape="latex").to_latex(hrules=True)
