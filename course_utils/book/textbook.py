"""The printed numbers of the chapter, the verdict on each, and the errata.

``data/textbook/claims/<section>.yaml`` lists what the chapter claims; ``networks.yaml`` says
which classes of a section's notebook the chapter is about and for which input. A claim with a
``check`` is recomputed from the networks in the notebook; one without has a ``source``.
"""

from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from math import prod

from .. import notebooks
from ..counting import geometry, graph
from ..counting.analysis import analyze
from ..counting.table import format_shape, markdown
from ..images import datasets
from ..runtime import REPO
from .claims import VERDICTS, Claim, TextbookError, read_claims, read_yaml

CLAIMS = REPO / "data" / "textbook" / "claims"
NETWORKS = REPO / "data" / "textbook" / "networks.yaml"
TABLES = REPO / "data" / "tables"


@dataclass(frozen=True)
class Finding:
    """A claim with what the networks give; ``problem`` is a sentence, None if all is explained."""

    claim: Claim
    computed: object = None
    problem: str | None = field(default=None)


def sections():
    """The sections that have claims and a notebook, in order."""
    return [s for s in notebooks.sections() if (CLAIMS / f"{s}.yaml").exists()]


def claims(section):
    """The claims of one section, in the order of the book.

    Raises:
        TextbookError: no such section, or an entry that does not keep to the schema.
    """
    path = CLAIMS / f"{section}.yaml"
    if not path.exists():
        raise TextbookError(
            f"section {section!r} has no claims; the sections are: {', '.join(sections())}."
        )
    return read_claims(path)


_NETWORKS = {
    "additionalProperties": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["input"],
            "additionalProperties": False,
            "properties": {
                "input": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            },
        },
    },
    "type": "object",
}


@cache
def networks(section):
    """{class name: {"input": [c, h, w]}} of the networks that the section is about."""
    return read_yaml(NETWORKS, _NETWORKS).get(str(section), {})


def network_table(section, name, module=None, input_shape=None, /, **arguments):
    """Analyse a network of a notebook by name, without weights.

    Args:
        section: e.g. "6.1".
        name: the class, e.g. "LeNet5".
        module: definitions to take it from; by default those of the section's notebook.
        input_shape: (channels, height, width); by default the chapter's.
        arguments: of the class.

    Raises:
        TextbookError: no such class, or arguments that it does not take.
    """
    module = module or notebooks.load_section(section)
    known = networks(section)
    if name not in known:
        raise TextbookError(
            f"section {section} has no network {name!r}; its networks are: {', '.join(known)}."
        )
    if not hasattr(module, name):
        raise TextbookError(f"{module.__file__} no longer defines the class {name}.")
    shape = (1, *(input_shape or known[name]["input"]))
    try:
        net = graph.build(lambda: notebooks.built(getattr(module, name), arguments))
    except notebooks.NotebookError as error:
        raise TextbookError(str(error)) from None
    for weight_name, weight in net.named_parameters():
        if prod(weight.shape) > geometry.LARGEST:
            raise TextbookError(
                f"{name} does not take these arguments: {weight_name} would be "
                f"{list(weight.shape)}, more than {geometry.LARGEST:,} numbers, which take 8 GB."
            )
    return analyze(net, shape)


def audit(section, module=None, claims_list=None, progress=lambda words: None):
    """Recompute every claim of a section.

    Args:
        section: e.g. "6.1".
        module: definitions to audit; by default those of the section's notebook.
        claims_list: claims to audit; by default those of the section.
        progress: is told which network, or which function of the notebook, is at work.

    Returns:
        list of Finding, one a claim; ``problem`` says what is unexplained.
    """
    module = module or notebooks.load_section(section)
    names = _namespace(section, module, progress)
    return [_judge(claim, names) for claim in claims_list or claims(section)]


def _namespace(section, module, progress):
    """What a ``check`` may use: the section's networks and definitions, formulas, images."""

    @cache
    def table(name, **arguments):
        progress(f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})")
        return network_table(section, name, module, **arguments).group()

    @cache
    def once(function):
        progress(getattr(function, "__name__", type(function).__name__))
        return function()

    def shape(row):
        return format_shape(row.output_shape)

    return {
        "table": table,
        "shape": shape,
        "section": module,
        "geometry": geometry,
        "load_mnist": datasets.load_mnist,
        # What a function or class of the notebook gives, computed once for all claims.
        "once": once,
    }


# Enough to look at networks and numbers; none that ends the audit, such as exit.
_BUILTINS = {
    function.__name__: function
    for function in (
        abs, all, any, bool, dict, enumerate, float, getattr, int, isinstance, len, list, map, max,
        min, next, range, round, set, sorted, str, sum, tuple, type, zip,
    )
}  # fmt: skip


def _judge(claim, names):
    """The finding on one claim; a check that ends in any way but its own is a problem.

    A check is the course's own code, committed with it (see ``claims``).
    """
    if claim.check is None:
        return Finding(claim)
    try:
        computed = eval(claim.check, {"__builtins__": _BUILTINS, **names})
        computed = list(computed) if isinstance(computed, tuple) else computed
        return Finding(claim, computed, _unexplained(claim, computed))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit would end the audit with what it likes
        return Finding(claim, None, f"its check fails: {notebooks.reason(error)}")


def _unexplained(claim, computed):
    if not _is_plain(computed):
        return f"its check gives {type(computed).__name__}, not numbers, texts or lists of them"
    agrees = computed == claim.claimed
    given = notebooks.shown(repr(computed))
    if claim.verdict in ("holds", "ambiguous"):
        return None if agrees else f"the book says {claim.claimed!r}, the network gives {given}"
    if agrees:
        return f"the verdict is {claim.verdict!r}, but the network gives just what the book says"
    if computed != claim.correct:
        return f"the correct value is noted as {claim.correct!r}, the network gives {given}"
    return None


def _is_plain(value):
    """Whether a value is made of what a claims file can hold."""
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    return type(value) in (bool, int, float, str)


def printed(section):
    """The printed table of a section: {row: {column: value}}, from the claims with a cell."""
    rows = {}
    for claim in claims(section):
        if claim.cell:
            row, column = claim.cell
            rows.setdefault(row, {})[column] = claim.claimed
    return rows


CELL_HEADERS = {"output_shape": "输出尺寸", "params": "参数量", "connections": "连接数"}


def table_lines(findings):
    """(headers, lines) of the printed table regenerated in the book's layout; what differs is
    shown as ``printed ≠ computed``."""
    cells = {tuple(f.claim.cell): f for f in findings if f.claim.cell}
    rows = list(dict.fromkeys(row for row, _ in cells))
    columns = list(dict.fromkeys(column for _, column in cells))
    lines = [[row] + [_cell(cells.get((row, c))) for c in columns] for row in rows]
    ours = set(columns) <= set(CELL_HEADERS)
    return ["层"] + [CELL_HEADERS[c] if ours else c for c in columns], lines


def _cell(finding):
    if finding is None:
        return ""
    claimed, computed = _plain(finding.claim.claimed), _plain(finding.computed)
    return claimed if claimed == computed else f"{claimed} ≠ {computed}"


def _plain(value):
    return f"{value:,}" if isinstance(value, int) else str(value)


def _shown_in(section, claim):
    """A link to the notebook that shows an erratum, and the heading that it stands under."""
    path = notebooks.section_path(section)
    heading = notebooks.heading_over(path, f"errata.md#{claim.id})")
    where = f"“{heading}”" if heading else "笔记中没有提到"
    return f"[{path.name}](../../notebooks/{path.name})，{where}"


def errata_lines(section, findings):
    """The ledger's entries of one section in Markdown, one an erratum."""
    parts = []
    for finding in findings:
        claim = finding.claim
        if claim.verdict != "erratum":
            continue
        blame = {"book": "本书", "paper": "所引论文"}[claim.fault]
        how = f"`{claim.check}`" if claim.check else claim.source
        shown = _shown_in(section, claim)
        parts.append(
            f'### <a id="{claim.id}"></a>{claim.id}\n\n'
            f"- 书中：“{claim.quote}”，即 {_plain(claim.claimed)}\n"
            f"- 应为：{_plain(claim.correct)}\n"
            f"- 理由：{claim.why}\n"
            f"- 出错的一方：{blame}\n"
            f"- 依据：{how}\n"
            f"- 演示：{shown}\n"
        )
    return parts


def regenerate(section_findings):
    """{path below data/tables: text} of everything that is derived from the networks.

    Args:
        section_findings: {section: list of Finding}.
    """
    files = {}
    ledger = ["# 勘误表\n\n由 `make check` 从各节笔记本中的网络重新计算得到，请勿手工修改。\n"]
    for section, findings in section_findings.items():
        headers, lines = table_lines(findings)
        if lines:
            files[f"{section}.md"] = markdown(headers, lines)
            files[f"{section}.csv"] = (
                "\n".join(",".join(f'"{cell}"' for cell in line) for line in [headers, *lines])
                + "\n"
            )
        entries = errata_lines(section, findings)
        if entries:
            ledger.append(f"## {section} 节\n")
            ledger += entries
    files["errata.md"] = "\n".join(ledger)
    return files


def summary(findings):
    """Counts of the verdicts of one section, e.g. "成立 40，勘误 3"."""
    verdicts = [finding.claim.verdict for finding in findings]
    return "，".join(f"{VERDICTS[v]} {verdicts.count(v)}" for v in VERDICTS if v in verdicts)


def update_tables(files):
    """Write the regenerated files where they differ; returns one sentence for each of them."""
    TABLES.mkdir(parents=True, exist_ok=True)
    problems = []
    for name, text in files.items():
        path = TABLES / name
        stored = path.read_text(encoding="utf-8") if path.exists() else None
        if stored == text:
            continue
        path.write_text(text, encoding="utf-8")
        problems.append(f"data/tables/{name} {_difference(stored, text)}; it has been rewritten.")
    return problems


def _difference(stored, text):
    if stored is None:
        return "was missing"
    pairs = zip_longest(stored.splitlines(), text.splitlines(), fillvalue="(nothing)")
    number, (old, new) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return f"was not what the networks give, first in line {number}: {old!r}, should be {new!r}"
