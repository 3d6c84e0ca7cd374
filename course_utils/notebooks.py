"""Reads the definitions out of a notebook as a module, running nothing else.

The notebooks are the only place where a network is defined. A section's module holds the
imports, classes, functions and ALL_CAPS constants of its code cells; cells that build, train or
draw are left out. The module has a real loader with ``get_source``, so that ``inspect`` and
tracebacks show the notebook's code.
"""

import ast
import importlib.abc
import importlib.util
import inspect
import json
import math
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np
from IPython.core.inputtransformer2 import TransformerManager

from .counting.reasons import first_sentence
from .runtime import REPO

NOTEBOOKS = REPO / "notebooks"
# The course's own notebooks by name: any other file beside them is somebody else's.
COURSE = (
    "6.0_start.ipynb",
    "6.1_lenet.ipynb",
    "6.2_alexnet.ipynb",
    "6.3_vgg.ipynb",
    "6.4_googlenet.ipynb",
    "6.5_resnet.ipynb",
    "6.6_densenet.ipynb",
    "6.7_summary.ipynb",
)
LARGEST = 32 * 2**20  # bytes; the course's own have one or two million
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)


class NotebookError(Exception):
    """A notebook that cannot be read; the message is one sentence for people."""


def sections():
    """{section: path} of the notebooks that exist, e.g. ``{"6.1": .../6.1_lenet.ipynb}``.

    A file that somebody puts beside the course's own, such as a copy named 6.1_mine.ipynb, may
    be a section of its own, but takes no section of the course's.
    """
    found = {}
    for path in sorted(NOTEBOOKS.glob("6.*_*.ipynb")):
        section = path.name.split("_", 1)[0]
        if path.name in COURSE or section not in found:
            found[section] = path
    return found


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
    raise NotebookError(f"{Path(path).name} 没有标题；请让它以一行“# …”开头。")


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


def built(factory, arguments):
    """A network of a notebook's class, from arguments that came as text.

    Args:
        arguments: {name: value}; each must be of the kind of its default.

    Raises:
        NotebookError: the class takes no such argument or value, or cannot be built with it.
    """
    _verify_arguments(factory, arguments)
    try:
        with np.errstate(divide="raise", invalid="raise"):  # a layer without any weights
            return factory(**arguments)
    except Exception as error:  # whatever the code of a notebook raises
        if not arguments and not isinstance(error, TypeError):  # that is about arguments, too
            raise NotebookError(f"{factory.__name__} 不能建立，{reason(error)}") from error
        raise NotebookError(
            f"{factory.__name__} does not take these arguments: {first_sentence(error)}"
        ) from error


# More than any network of the chapter has of anything.
_LARGEST = 10**6


def _verify_arguments(factory, arguments):
    taken = inspect.signature(factory).parameters
    for name, value in arguments.items():
        if name not in taken:
            names = ", ".join(taken) or "none at all"
            raise NotebookError(
                f"{factory.__name__} does not take these arguments: it has no {name!r}; those that "
                f"it takes are: {names}."
            )
        default = taken[name].default
        wanted = _wanted(None if default is inspect.Parameter.empty else default, value)
        if wanted:
            raise NotebookError(
                f"{factory.__name__} does not take these arguments: {name} is {value!r}; it must "
                f"be {wanted}."
            )


def _wanted(default, value):
    """What an argument with this default must be, in words, or None if the value is that."""
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number"
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "True or False"
    if isinstance(default, int) or type(value) is int:
        least = min(default, 1) if isinstance(default, int) else -_LARGEST
        fits = type(value) is int and least <= value <= _LARGEST
        if not fits and not (isinstance(default, float) and abs(value) <= _LARGEST):
            return f"a whole number from {least} to {_LARGEST}"
    if isinstance(default, float):
        return None if type(value) in (int, float) else "a finite number"
    if isinstance(default, str):
        return None if isinstance(value, (str, type(None))) else "a word"
    if callable(default):
        return "left as it is: it is no number and no word"
    return None


def load_notebook(path):
    """The definitions of a notebook as a module; read again when the file has changed.

    Raises:
        NotebookError: no notebook, a cell that is no Python, or a definition that fails.
    """
    try:
        path = Path(path).resolve()
        changed = path.stat().st_mtime_ns
    except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle, before 3.13
        raise _missing(path) from None
    return _load(path, changed)


def _missing(path):
    return NotebookError(f"没有文件 {shown(path)}；请给出一个 .ipynb 笔记的路径。")


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
    except BaseException as error:  # sys.exit() in a class body must not end the course
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise NotebookError(
            f"{path.name}：有定义不能单独运行（{reason(error)}）；"
            f"全大写的常量、类和函数只能使用 import 和别的定义。"
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


def reason(error):
    """An exception in one line: its kind and the first line of what it says."""
    try:
        said = shown(str(error).strip().partition("\n")[0])
    except Exception:  # the exception may be a class of the notebook's
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def shown(text):
    """A text of somebody else's as a part of one sentence: printable, and not too long."""
    words = "".join(c if c.isprintable() else " " for c in str(text))
    return words if len(words) <= 200 else f"{words[:200]}…"


def read_notebook(path):
    """The notebook as a dict; each cell has a type and a source, a text or a list of texts.

    Raises:
        NotebookError: the file is no notebook, or no regular file (a pipe would never end).
    """
    try:
        path = Path(path)
        if not path.exists():
            raise _missing(path)
        if not path.is_file():
            raise NotebookError(f"{shown(path)} 不是普通文件；请给出一个保存过的 .ipynb 文件。")
        if path.stat().st_size > LARGEST:
            raise NotebookError(
                f"{shown(path)} 有 {path.stat().st_size / 2**20:.0f} MB，"
                f"超过 {LARGEST // 2**20} MB；请清除它的输出后再保存。"
            )
        notebook = json.loads(path.read_text(encoding="utf-8"))
        whole = all(_is_cell(cell) for cell in notebook["cells"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise NotebookError(
            f"{shown(path)} 不能作为 Jupyter 笔记读取；请给出一个保存过的 .ipynb 文件。"
        )
    return notebook


def _is_cell(cell):
    source = cell["source"]
    lines = [source] if isinstance(source, str) else source
    texts = [cell["cell_type"], *lines]
    return isinstance(lines, list) and all(isinstance(text, str) for text in texts)


def defined_names(path):
    """Names that the definitions of a notebook give, found without running any of them.

    Raises:
        NotebookError: the file is no notebook, or a cell is no Python.
    """
    names = set()
    for node in ast.parse(definitions(path)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets}
        else:
            names.add(node.name)
    return names


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


# Besides a SyntaxError: a NUL character or half a surrogate pair; code nested too deeply.
_UNREADABLE = (ValueError, RecursionError, MemoryError)


def _as_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        with suppress(Exception):  # what IPython cannot read either is told as it stands
            return TransformerManager().transform_cell(source)
    except _UNREADABLE:
        pass
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
    except (SyntaxError, *_UNREADABLE) as error:
        line = getattr(error, "lineno", None)
        where = f"第 {number} 格" + (f"第 {line} 行" if line else "")
        said = shown(getattr(error, "msg", None) or reason(error))
        raise NotebookError(f"{Path(path).name} {where}不是 Python：{said}。") from None


def _is_definition(node):
    if isinstance(node, ast.Assign):
        return all(isinstance(t, ast.Name) and t.id.isupper() for t in node.targets)
    return isinstance(node, _DEFINITIONS)


def _segment(source, node):
    """The node's own source, decorators included, and nothing that shares a line with it."""
    above = [f"@{ast.get_source_segment(source, d)}" for d in getattr(node, "decorator_list", [])]
    return "\n".join([*above, ast.get_source_segment(source, node)])


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
