"""Reads the definitions out of a notebook as a module, running nothing else.

The notebooks are the only place where a network is defined. A section's module holds the
imports, classes, functions and ALL_CAPS constants of its code cells; cells that build, train or
draw are left out. The module has a real loader with ``get_source``, so that ``inspect`` and
tracebacks show the notebook's code.
"""

import ast
import importlib.abc
import importlib.util
import json
import re
import sys
from functools import cache
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

from .runtime import REPO

NOTEBOOKS = REPO / "notebooks"
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)


class NotebookError(Exception):
    """A notebook that cannot be read; the message is one sentence for people."""


def sections():
    """{section: path} of the notebooks that exist, e.g. ``{"6.1": .../6.1_lenet.ipynb}``."""
    return {path.name.split("_", 1)[0]: path for path in sorted(NOTEBOOKS.glob("6.*_*.ipynb"))}


def section_path(section):
    """Path of a section's notebook.

    Raises:
        NotebookError: there is no such section.
    """
    known = sections()
    if str(section) not in known:
        raise NotebookError(
            f"there is no section {section!r}; the sections are: {', '.join(known)}."
        )
    return known[str(section)]


def title(path):
    """The title of a notebook: the first heading of its prose.

    Raises:
        NotebookError: the file is no notebook, or has no heading.
    """
    for cell in read_notebook(path)["cells"]:
        heading = re.search(r"^# (.+)$", "".join(cell["source"]), flags=re.MULTILINE)
        if cell["cell_type"] == "markdown" and heading:
            return heading[1]
    raise NotebookError(f"{Path(path).name} has no title; let it begin with a line '# …'.")


def split_name(network):
    """(section, class) of "SECTION:CLASS".

    Raises:
        NotebookError: there is no colon.
    """
    section, separator, name = network.partition(":")
    if not separator:
        raise NotebookError(f"{network!r} names no network; write it like 6.1:LeNet5.")
    return section, name


def load_section(section):
    """The definitions of one section, e.g. ``load_section("6.1").LeNet5``."""
    return load_notebook(section_path(section))


def load_notebook(path):
    """The definitions of a notebook as a module; read again when the file has changed.

    Raises:
        NotebookError: no notebook, a cell that is no Python, or a definition that fails.
    """
    path = Path(path).resolve()
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise NotebookError(
            f"{path} does not exist; give the path of a notebook (.ipynb)."
        ) from None
    return _load(path, changed)


@cache
def _load(path, changed):
    name = "notebook_" + re.sub(r"\W", "_", path.stem)
    loader = _NotebookLoader(path, definitions(path))
    spec = importlib.util.spec_from_loader(name, loader, origin=str(path))
    module = importlib.util.module_from_spec(spec)
    module.__file__ = f"{path}.py"
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise NotebookError(
            f"{path.name}: a definition cannot be run on its own "
            f"({type(error).__name__}: {error}); ALL_CAPS constants, classes and functions may "
            f"use only imports and other definitions."
        ) from error
    return module


class _NotebookLoader(importlib.abc.InspectLoader):
    def __init__(self, path, source):
        self._path = path
        self._source = source

    def get_source(self, fullname):
        return self._source

    def is_package(self, fullname):
        return False

    def get_code(self, fullname):
        # A name of its own: the file at the notebook's path holds JSON, not this source.
        return compile(self._source, f"{self._path}.py", "exec", dont_inherit=True)


def read_notebook(path):
    """The notebook as a dict.

    Raises:
        NotebookError: the file is no notebook.
    """
    try:
        notebook = json.loads(Path(path).read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell["cell_type"], "".join(cell["source"])
    except (OSError, ValueError, KeyError, TypeError):
        raise NotebookError(
            f"{path} cannot be read as a Jupyter notebook; give a saved .ipynb file."
        ) from None
    return notebook


def definitions(path):
    """Python source of a notebook's definitions, each under a comment with its cell number."""
    parts = []
    for number, source in code_cells(path):
        kept = [node for node in _parse(source, path, number).body if _is_definition(node)]
        if kept:
            parts.append(f"# cell {number}")
            parts += [_segment(source, node) for node in kept]
    return "\n\n".join(parts) + "\n"


def code_cells(path):
    """[(cell number from 1, source)] of the code cells; what only IPython reads is translated."""
    return [
        (number, _as_python("".join(cell["source"])))
        for number, cell in enumerate(read_notebook(path)["cells"], start=1)
        if cell["cell_type"] == "code"
    ]


def _as_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return TransformerManager().transform_cell(source)
    return source


def heading_over(path, words):
    """The heading that some words of a notebook's text stand under, None if they are not there."""
    heading = None
    for cell in read_notebook(path)["cells"]:
        if cell["cell_type"] == "markdown":
            for line in "".join(cell["source"]).splitlines():
                heading = line.lstrip("# ") if re.match(r"#+ ", line) else heading
                if words in line:
                    return heading
    return None


def _parse(source, path, number):
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise NotebookError(
            f"{Path(path).name}, cell {number}, line {error.lineno} is not Python: {error.msg}."
        ) from None


def _is_definition(node):
    if isinstance(node, ast.Assign):
        return all(isinstance(t, ast.Name) and t.id.isupper() for t in node.targets)
    return isinstance(node, _DEFINITIONS)


def _segment(source, node):
    """The node's own lines, decorators included."""
    lines = source.splitlines()
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    return "\n".join(lines[first - 1 : node.end_lineno])


_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def without_widget_views(model, **_):
    """JupyterLab's hook before saving: keep the pictures of explorers, not their live views.

    A live view needs its kernel: stored, it would show "model not found" in place of the
    picture when the notebook is opened again.

    Args:
        model: Jupyter's contents model of the file to be saved; changed in place.
    """
    if model["type"] != "notebook":
        return
    for cell in model["content"]["cells"]:
        for output in cell.get("outputs", []):
            if "text/html" in output.get("data", {}):
                output["data"].pop(_WIDGET_VIEW, None)
