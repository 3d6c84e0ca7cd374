"""Whether the networks in a learner's copy of a notebook are still those of the course.

To count a copy's networks its code has to run: imports, class bodies, default arguments,
decorators, constants, constructors. It runs in a process of its own (see ``limited``), which sends
back rows of tables; this process holds them against the course's own and alone says what differs.
"""

from pathlib import Path

from jsonschema import Draft202012Validator

from .. import notebooks
from ..counting.analysis import AnalysisError
from ..counting.table import HEADERS, NetworkTable, Row, TableDiff
from . import limited, textbook

_SENT = ["name", *TableDiff.COMPARED, "receptive_field"]
_COUNT = {"type": ["integer", "null"]}
# What the copy's process may send, and for each network: rows, or why there are none.
_ANSWER = Draft202012Validator({
    "type": "object",
    "required": ["section", "tables"],
    "properties": {"section": {"type": "string"}, "tables": {"type": "object"}},
})  # fmt: skip
_TABLE = Draft202012Validator({
    "type": ["array", "string"],
    "items": {
        "type": "object",
        "required": _SENT,
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string"},
            "type": {"type": "string"},
            "output_shape": {"type": ["array", "null"]},
            "params": _COUNT,
            "macs": _COUNT,
            "connections": _COUNT,
            "receptive_field": {"type": ["number", "string", "array", "null"]},
        },
    },
})  # fmt: skip


class CopyError(notebooks.NotebookError):
    """A copy whose code gave no tables; the message is one sentence for people."""


def section_of(path):
    """The section that a notebook is a copy of: the one with the most networks in common.

    Found without running anything of the copy.

    Raises:
        NotebookError: the file is no notebook, or defines no network of any section.
    """
    names = notebooks.defined_names(path)
    common = {
        section: len(names & textbook.networks(section).keys()) for section in notebooks.sections()
    }
    best = max(common, key=common.get)
    if not common[best]:
        known = "、".join(p.name for p in notebooks.sections().values())
        raise notebooks.NotebookError(
            f"{notebooks.shown(path)} 没有定义本章的网络；请给出其中一个笔记的副本：{known}。"
        )
    return best


def compare(path, seconds=limited.SECONDS, memory=limited.MEMORY):
    """Hold each network of a copy against the course's own.

    Args:
        path: a notebook, usually a learner's copy.
        seconds, memory: limits of the process that runs the copy, see ``limited.call``.

    Returns:
        {network name: None where all layers agree, else one Chinese sentence that names the
        first layer where they do not}.

    Raises:
        NotebookError: the file is no notebook.
        CopyError: it has no network of the chapter, or its code cannot run, reached a limit, or
            ended in another way than it should.
    """
    path = Path(path)
    notebooks.read_notebook(path)  # what is no notebook is told before a process is started
    name = notebooks.shown(path.name)
    limits = {"seconds": seconds, "memory": memory}
    try:
        answer = limited.call(f"{__name__}:tables", str(path.resolve()), **limits)
    except limited.LimitError as error:
        raise CopyError(f"{name} 中的代码{error}；请检查类、常量和 import 语句。") from None
    if isinstance(answer, str):
        raise CopyError(notebooks.shown(answer))
    networks = textbook.networks(answer["section"]) if _ANSWER.is_valid(answer) else {}
    if not networks:
        raise CopyError(f"{name} 中的代码交出的不是表格；请检查类、常量和 import 语句。")
    return {
        network: _difference(answer["section"], network, answer["tables"].get(network))
        for network in networks
    }


def tables(path):
    """Runs in the copy's own process: what the networks of the copy are made of.

    Returns:
        {"section": the section that it is a copy of, "tables": {network name: list of rows, each
        {column: value}, or a sentence about why there are none}}; a sentence alone where the
        notebook has no networks, or its definitions cannot be run.
    """
    try:
        section = section_of(path)
        module = notebooks.load_notebook(path)
    except notebooks.NotebookError as error:
        return str(error)
    names = textbook.networks(section)
    return {
        "section": section,
        "tables": {name: _rows_or_reason(section, name, module) for name in names},
    }


def _rows_or_reason(section, name, module):
    try:
        return rows(textbook.network_table(section, name, module))
    except (AnalysisError, textbook.TextbookError) as error:
        return f"无法分析：{error}"
    except BaseException as error:  # whatever a learner's constructor raises, SystemExit too
        return f"{name} 不能建立，{notebooks.reason(error)}"


def rows(table):
    """The rows of a table as plain values: what is compared, and what a process can send."""
    return [{column: _plain(getattr(row, column)) for column in _SENT} for row in table.rows]


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


def _table(rows):
    return NetworkTable([Row(input_shape=None, **row) for row in rows], "", ())


def _difference(section, name, answer):
    """What differs between the course's network and what a copy's process sent for it."""
    if not _TABLE.is_valid(answer):
        return "没有得到它的表格"
    if isinstance(answer, str):
        return notebooks.shown(answer)
    difference = first_difference(rows(textbook.network_table(section, name)), answer)
    return difference and notebooks.shown(difference)


def first_difference(original, copy):
    """The first layer where two lists of ``rows`` differ, in one Chinese sentence, or None."""
    original, copy = _table(original), _table(copy)
    different = original.diff(copy).differences
    if different.empty:
        return _other_order_or_field(original, copy)
    layer, column, *values = different.iloc[0].tolist()[:4]
    return _sentence(layer, HEADERS[column][1], *values)


def _other_order_or_field(original, copy):
    """What a comparison layer by layer, by their names, does not see; None where all agree."""
    if len(original) != len(copy):
        return f"层数应为 {len(original)}，现在是 {len(copy)}"
    for ours, theirs in zip(original.rows, copy.rows, strict=True):
        if ours.name != theirs.name:
            return f"第一处不同在 {ours.name} 层：这里应是它，现在是 {theirs.name}"
        if ours.receptive_field != theirs.receptive_field:
            fields = ours.receptive_field, theirs.receptive_field
            return _sentence(ours.name, "感受野", *fields)
    return None


def _sentence(layer, what, original, changed):
    return f"第一处不同在 {layer} 层：{what}应为 {_words(original)}，现在是 {_words(changed)}"


def _words(value):
    return "（没有这一层）" if value is None else str(value)
