"""What the chapter claims: ``data/textbook/claims/<section>.yaml``, checked against a schema.

Claims are the course's own code: a ``check`` is a Python expression that the audit evaluates, as
it runs the notebooks. The schema finds slips of the pen; never read a stranger's claims file.
"""

from dataclasses import dataclass

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from ..notebooks import shown

VERDICTS = {
    "holds": "成立",
    "erratum": "勘误",
    "convention": "约定不同",
    "ambiguous": "两种读法",
    "unchecked": "未能核对",
}


class TextbookError(Exception):
    """Wrong data about the book, or a wrong request; the message is one sentence."""


@dataclass(frozen=True)
class Claim:
    """One checkable statement of the chapter.

    Attributes:
        id: unique name, ``<section>-<words>``.
        quote: a few words of the chapter to find it by; a table cell by its row and value.
        claimed: what the book says.
        check: Python expression that recomputes it (names: ``textbook._namespace``).
        source: paper, section or table, where nothing can be recomputed.
        verdict: a key of ``VERDICTS``.
        correct: what it should say, for an erratum or another convention.
        why: one or two sentences for a reader, in Chinese.
        fault: who is at fault for an erratum, "book" or "paper".
        cell: ``[row, column]`` in the regenerated table of the section; its columns are all keys
            of ``textbook.CELL_HEADERS``, or all the book's own headings.
    """

    id: str
    quote: str
    claimed: object
    verdict: str
    check: str | None = None
    source: str | None = None
    correct: object = None
    why: str = ""
    fault: str | None = None
    cell: tuple | None = None


_TEXT = {"type": "string", "minLength": 1}
_VALUE = {"type": ["string", "number", "boolean", "array", "object"]}
_CLAIMS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "required": ["id", "quote", "claimed", "verdict"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "pattern": r"^[\w.-]+$"},
            "quote": _TEXT,
            "claimed": _VALUE,
            "verdict": {"enum": list(VERDICTS)},
            "check": _TEXT,
            "source": _TEXT,
            "correct": _VALUE,
            "why": _TEXT,
            "fault": {"enum": ["book", "paper"]},
            "cell": {"type": "array", "items": _TEXT, "minItems": 2, "maxItems": 2},
        },
    },
}


def read_claims(path):
    """The claims of one file, in its order, which is the book's.

    Raises:
        TextbookError: the file is no YAML, or an entry does not keep to the schema.
    """
    entries = read_yaml(path, _CLAIMS)
    ids = [entry["id"] for entry in entries]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise TextbookError(f"{path.name}: the id {twice[0]!r} stands twice; give each its own.")
    claims = [Claim(**entry) for entry in entries]
    for claim in claims:
        complaint = _complaint(claim)
        if complaint:
            raise TextbookError(f"{path.name}, {claim.id}: {complaint}")
    return claims


def _complaint(claim):
    """What no schema says: the fields that a verdict asks for; None if they are there."""
    if claim.check is None and claim.source is None and claim.verdict != "unchecked":
        return "it has neither a check nor a source."
    if claim.verdict in ("erratum", "convention") and claim.correct is None:
        return f"the verdict {claim.verdict!r} needs what is correct."
    if claim.verdict == "erratum" and claim.fault is None:
        return "an erratum is the fault of 'book' or 'paper'; say whose."
    if claim.verdict != "holds" and not claim.why:
        return f"the verdict {claim.verdict!r} needs a why."
    return None


def read_yaml(path, schema):
    """The content of one of the course's YAML files, made of plain values.

    Args:
        path: a ``Path``.
        schema: a JSON schema (2020-12) that it must keep to.

    Raises:
        TextbookError: it cannot be read, or does not keep to the schema; the sentence names the
            file, the claim if it has an id, and the field.
    """
    try:
        if not path.is_file():  # a pipe would never end
            raise TextbookError(f"{path} is not a file; put a YAML file there.")
        content = yaml.load(path.read_text(encoding="utf-8"), _PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TextbookError(
            f"{path.name}, line {mark.line + 1}: {shown(error.problem)}; write it as plain YAML."
        ) from None
    except (OSError, ValueError, LookupError, RecursionError, yaml.YAMLError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else shown(error)
        raise TextbookError(f"{path.name} cannot be read as YAML: {said}.") from None
    wrong = best_match(Draft202012Validator(schema).iter_errors(content))
    if wrong:
        raise TextbookError(f"{_place(path, content, wrong)}: {shown(wrong.message)}.")
    return content


def _place(path, content, wrong):
    """File, claim and field of a violation, e.g. "6.1.yaml, 6.1-c1-params, cell.0"."""
    steps = list(wrong.absolute_path)
    if steps and isinstance(content, list):
        entry = content[steps[0]]
        name = entry.get("id") if isinstance(entry, dict) else None
        steps[0] = shown(name) if isinstance(name, str) else f"entry {steps[0] + 1}"
    field = ".".join(shown(step) for step in steps[1:])
    return ", ".join(filter(None, [path.name, shown(steps[0]) if steps else "", field]))


class _PlainLoader(yaml.SafeLoader):
    """YAML made of plain values only, in which nothing is lost or grows in silence.

    No dates, sets or bytes; a key that stands twice is an error, and so is an alias: nine lines
    of aliases can stand for a thousand million entries.
    """

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.composer.ComposerError(None, None, "an alias is not allowed here", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                said = f"the key {key.value!r} stands twice"
                raise yaml.constructor.ConstructorError(None, None, said, key.start_mark)
        return super().construct_mapping(node, deep)


_KINDS = [f"tag:yaml.org,2002:{k}" for k in ("null", "bool", "int", "float", "str", "seq", "map")]
_PlainLoader.yaml_constructors = {
    kind: yaml.SafeLoader.yaml_constructors[kind] for kind in [*_KINDS, None]
}
