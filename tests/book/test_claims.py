"""Claims files with every slip of the pen: one sentence, with the file, the claim and the field."""

import os

import pytest
import yaml
from sentences import one_sentence

from course_utils.__main__ import main
from course_utils.book import claims, textbook

ENTRY = {"id": "6.1-x", "quote": "q", "claimed": 1, "check": "1", "verdict": "holds"}
ERRATUM = {"verdict": "erratum", "why": "w", "correct": 2, "fault": "book"}


def entry(**change):
    """A claims file with one entry, some of its fields changed; None takes a field away."""
    fields = {**ENTRY, **change}
    return yaml.safe_dump([{key: fields[key] for key in fields if fields[key] is not None}])


def line(field, text):
    """A claims file with one field written as it stands."""
    return entry(**{field: None}) + f"  {field}: {text}\n"


BOMB = "a: &a [1, 2]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b]\n"
NO_YAML = {
    "empty": "",
    "blanks": " \n\n",
    "a comment": "# claims\n",
    "null": "null",
    "a text": "claims",
    "a number": "3",
    "an object": "id: x",
    "an empty list": "[]",
    "cut off": "- id: 'x",
    "brackets": "[[[",
    "a tab": "-\tid: x\n\t- y",
    "wrong indentation": "- id: x\n quote: y",
    "two documents": "- 1\n---\n- 2",
    "percent": "%YAML 9.9\n---\n- 1",
    "an unknown mark": "- @",
    "nested without end": "[" * 5000,
    "nested without end, and closed": "[" * 5000 + "]" * 5000,
    "aliases": "- &a {id: x}\n- *a",
    "an alias of nothing": "- *a",
    "aliases of aliases": BOMB,
    "an alias of itself": "&a [*a]",
    "a merged key": "- {<<: {id: x}}",
    "a Python object": "- !!python/object/apply:os.system ['echo run']",
    "an unknown tag": "- !mine x",
    "bytes": "- !!binary aGVsbG8=",
    "a set": "!!set {a, b}",
    "an ordered map": "!!omap [a: 1]",
    "no integer": "- !!int foo",
    "no truth": "- !!bool maybe",
    "a list as a key": "- ? [a]\n  : b",
    "an object as a key": "- ? {a: 1}\n  : b",
    "GBK": "- id: 勘误".encode("gbk"),
    "UTF-16": "- id: x".encode("utf-16"),
    "zeros": bytes(100),
    "control characters": "- \x07",
    "half a pair of surrogates": '- id: "\\ud800"',
    "null entries": "[null, null]",
    "texts for entries": "[a, b]",
    "lists for entries": "- [id, x]",
}
NO_CLAIM = {  # what is said about it, and the file
    "no id": ("'id' is a required", entry(id=None)),
    "no quote": ("'quote' is a required", entry(quote=None)),
    "no claim": ("'claimed' is a required", entry(claimed=None)),
    "no verdict": ("'verdict' is a required", entry(verdict=None)),
    "an unknown field": ("'colour' was unexpected", entry(colour="red")),
    "a number for a field": ("was unexpected", entry() + "  3: x\n"),
    "a field twice": ("the key 'check' stands twice", entry() + "  check: '2'\n"),
    "an id that is a number": ("id: 3 is not of type 'string'", entry(id=3)),
    "an id that is a list": ("id: ['x'] is not", entry(id=["x"])),
    "an id that is empty": ("id: '' does not match", entry(id="")),
    "an id of two lines": ("does not match", entry(id="a\nb")),
    "an id that is HTML": ("does not match", entry(id='"><script>')),
    "an id of null": ("id: None is not", line("id", "null")),
    "a quote that is a number": ("quote: 3 is not", entry(quote=3)),
    "a claim of null": ("claimed: None is not", line("claimed", "null")),
    "a claim that is a date": ("timestamp", line("claimed", "2001-02-03")),
    "a claim that is no date": ("timestamp", line("claimed", "2001-99-99")),
    "a claim of many digits": ("cannot be read", line("claimed", "9" * 5000)),
    "a check that is a number": ("check: 3 is not", entry(check=3)),
    "a check that is a list": ("check: ['1'] is not", entry(check=["1"])),
    "a check of null": ("check: None is not", line("check", "null")),
    "an empty check": ("check: '' should be non-empty", entry(check="")),
    "an unknown verdict": ("verdict: 'maybe' is not one of", entry(verdict="maybe")),
    "a verdict that is true": ("verdict: True is not", entry(verdict=True)),
    "a verdict that is a list": ("verdict: ['holds'] is not", entry(verdict=["holds"])),
    "an unknown fault": ("fault: 'me' is not", entry(**{**ERRATUM, "fault": "me"})),
    "a source that is an object": ("source: {'a': 1} is not", entry(source={"a": 1})),
    "a cell that is a text": ("cell: 'C1' is not", entry(cell="C1")),
    "a cell of one": ("cell: ['C1'] is too short", entry(cell=["C1"])),
    "a cell of three": ("cell: ['a', 'b', 'c'] is", entry(cell=list("abc"))),
    "a cell of numbers": ("cell.1: 2 is not", entry(cell=["C1", 2])),
    "why as a list": ("why: ['w'] is not", entry(why=["w"])),
    "neither check nor source": ("neither a check nor a source", entry(check=None)),
    "nothing correct": ("needs what is correct", entry(**{**ERRATUM, "correct": None})),
    "nobody's fault": ("say whose", entry(**{**ERRATUM, "fault": None})),
    "no reason": ("needs a why", entry(verdict="ambiguous")),
    "an id twice": ("the id '6.1-x' stands twice", entry() + entry()),
}  # fmt: skip


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The claims of section 6.1, in a folder of their own."""
    monkeypatch.setattr(textbook, "CLAIMS", tmp_path)
    return tmp_path / "6.1.yaml"


@pytest.mark.parametrize("content", NO_YAML.values(), ids=NO_YAML)
def test_a_file_that_holds_no_claims_gets_one_sentence(content, file, capfd):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(textbook.TextbookError) as caught:
        textbook.claims("6.1")
    assert one_sentence(caught.value) and "6.1.yaml" in str(caught.value)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("said, content", NO_CLAIM.values(), ids=NO_CLAIM)
def test_a_claim_that_does_not_keep_to_the_schema_is_named(said, content, file):
    file.write_text(content, encoding="utf-8")
    with pytest.raises(textbook.TextbookError) as caught:
        textbook.claims("6.1")
    assert one_sentence(caught.value) and "6.1.yaml" in str(caught.value)
    assert said in str(caught.value)


def test_the_claim_and_the_field_are_named(file):
    file.write_text(entry() + entry(id="6.1-y", cell=["a", 2]), encoding="utf-8")
    with pytest.raises(textbook.TextbookError, match=r"^6\.1\.yaml, 6\.1-y, cell\.1: 2 is not"):
        textbook.claims("6.1")


def test_a_folder_or_a_pipe_gets_one_sentence_at_once(file):
    file.mkdir()
    with pytest.raises(textbook.TextbookError, match="is not a file"):
        textbook.claims("6.1")
    file.rmdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(file)
        with pytest.raises(textbook.TextbookError, match="is not a file"):
            textbook.claims("6.1")


@pytest.mark.parametrize("content", ["", "[]", "'6.1': 3", "'6.1': {Net1: {input: x}}", "a: *b"])
def test_networks_that_do_not_keep_to_their_schema_get_one_sentence(content, tmp_path, monkeypatch):
    monkeypatch.setattr(textbook, "NETWORKS", tmp_path / "networks.yaml")
    textbook.NETWORKS.write_text(content)
    textbook.networks.cache_clear()
    with pytest.raises(textbook.TextbookError, match="networks.yaml"):
        textbook.networks("6.1")


CHECKS = {
    "exit": "exit(0)",
    "quit": "quit()",
    "an import": "__import__('os')._exit(0)",
    "SystemExit": "section.stop()",
    "a generator that throws": "(i for i in ()).throw(GeneratorExit)",
    "a name that is not there": "nothing",
    "no expression": "x = 1",
    "two lines": "1\n2",
    "a NUL": "'\\0' + '\0'",
    "parentheses without end": "(" * 5000,
    "recursion": "(lambda f: f(f))(lambda f: f(f))",
    "many digits": "10 ** 5000",
    "a NumPy array": "geometry.np.zeros(3)",
    "a class": "int",
    "a module": "geometry",
    "nothing": "None",
    "not implemented": "section.odd",
    "a set": "set(range(3))",
    "a list in itself": "section.ring",
    "an agreeing stranger": "section.agreeing",
    "an endless text": "'x' * 10_000_000",
    "a text of two lines": "'a\\nb\\x1b[2J'",
}


class Agreeing:
    def __eq__(self, other):
        return True


class Section:
    """What the checks of these tests see as a section's module."""

    odd = NotImplemented
    agreeing = Agreeing()
    ring = []
    ring.append(ring)

    def stop():
        raise SystemExit(0)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_a_check_that_ends_oddly_is_a_problem_and_ends_nothing(check, file, monkeypatch, capsys):
    odd = claims.Claim(**{**ENTRY, "check": check})
    (finding,) = textbook.audit("6.1", Section, [odd])
    assert finding.problem and one_sentence(finding.problem)


def test_the_command_fails_where_a_check_would_end_it_well(file, capsys):
    file.write_text(entry(check="exit(0)") + entry(id="6.1-y"), encoding="utf-8")
    assert main(["audit", "6.1"]) == 1
    assert "unexplained: 6.1-x: its check fails: NameError" in capsys.readouterr().out
    file.write_text("")
    assert main(["audit", "6.1"]) == 2
    assert "6.1.yaml" in capsys.readouterr().err


def test_a_key_pressed_ends_the_audit():
    def press():
        raise KeyboardInterrupt

    claim = claims.Claim(**{**ENTRY, "check": "press()"})
    with pytest.raises(KeyboardInterrupt):
        textbook._judge(claim, {"press": press})
