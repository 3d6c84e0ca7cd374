"""Notebooks that are none, or that nobody can run: one sentence each, and nothing of them runs."""

import json
import os

import pytest
from sentences import one_sentence

from course_utils import notebooks
from course_utils.book import copies, limited


def notebook(*sources, **cell):
    cells = [{"cell_type": "code", "source": source, **cell} for source in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def cells(value):
    return '{"cells": ' + value + "}"


DEEP = "[" * 100_000
FILES = {
    "empty": "",
    "blanks": " \n\t",
    "words": "# Title",
    "no JSON": "{cells",
    "cut off": notebook("X = 1")[:60],
    "two documents": "{}{}",
    "a list": "[]",
    "a text": '"cells"',
    "a number": "3",
    "null": "null",
    "NaN": "NaN",
    "an object without cells": "{}",
    "cells that are null": cells("null"),
    "cells that are a number": cells("3"),
    "cells that are a text": cells('"code"'),
    "cells that are an object": cells('{"cell_type": "code", "source": ""}'),
    "a null cell": cells("[null]"),
    "a number for a cell": cells("[1]"),
    "a text for a cell": cells('["code"]'),
    "a list for a cell": cells("[[1]]"),
    "a null cell behind good ones": cells('[{"cell_type": "code", "source": "X = 1"}, null]'),
    "no source": cells('[{"cell_type": "code"}]'),
    "no type": cells('[{"source": ""}]'),
    "a type that is null": cells('[{"cell_type": null, "source": ""}]'),
    "a type that is a list": cells('[{"cell_type": ["code"], "source": ""}]'),
    "a source that is null": cells('[{"cell_type": "code", "source": null}]'),
    "a source that is a number": cells('[{"cell_type": "code", "source": 3}]'),
    "a source that is true": cells('[{"cell_type": "code", "source": true}]'),
    "a source that is an object": cells('[{"cell_type": "code", "source": {"X = 1": 1}}]'),
    "lines that are numbers": cells('[{"cell_type": "code", "source": [1, 2]}]'),
    "lines that are null": cells('[{"cell_type": "code", "source": [null]}]'),
    "lines in lists": cells('[{"cell_type": "code", "source": [["X = 1"]]}]'),
    "nested without end": DEEP,
    "cells nested without end": cells(DEEP + "]" * 100_000),
    "metadata nested without end": cells('[], "metadata": ' + '{"a":' * 100_000),
    "a number of many digits": cells("[], " + '"nbformat": ' + "9" * 5000),
    "GBK": '{"cells": [], "metadata": {"title": "笔记"}}'.encode("gbk"),
    "UTF-16": notebook("X = 1").encode("utf-16"),
    "UTF-8 with a mark": b"\xef\xbb\xbf" + notebook("X = 1").encode(),
    "bytes of nothing": bytes(range(256)),
    "zeros": bytes(1000),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "no Python": notebook("def f(:"),
    "no Python in the last cell": notebook("X = 1", "Y = 2", "class"),
    "a NUL in the code": notebook("X = '\0'"),
    "half a pair of surrogates": notebook("X = '\ud800'"),
    "parentheses without end": notebook("(" * 50_000),
    "signs without end": notebook("X = " + "-" * 50_000 + "1"),
    "attributes without end": notebook("X = a" + ".b" * 50_000),
    "a number of many digits in the code": notebook("X = " + "9" * 5000),
    "wrong indentation": notebook("class A:\n    x = 1\n  y = 2"),
    "only magics": notebook("%matplotlib inline", "!rm -rf /", "%%bash\nrm -rf /"),
    "no network": notebook("def f(): pass"),
    "a network that is text": notebook("LENET5 = 'class LeNet5'"),
    "a network in a text cell": json.dumps(
        {"cells": [{"cell_type": "markdown", "source": "class LeNet5: pass"}]}
    ),
    "a network behind a condition": notebook("if True:\n    class LeNet5: pass"),
}


@pytest.fixture
def nothing_runs(monkeypatch):
    """A copy is read in this process, which is quicker, and its definitions may not be run."""

    ran = []
    monkeypatch.setattr(notebooks._NotebookLoader, "get_code", lambda *_: ran.append(True))
    monkeypatch.setattr(limited, "call", lambda _, path, **__: copies.tables(path))
    yield
    assert not ran


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_that_is_no_copy_gets_one_sentence(content, tmp_path, nothing_runs):
    path = tmp_path / "copy.ipynb"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(notebooks.NotebookError) as caught:
        copies.compare(path)
    assert one_sentence(caught.value) and "copy.ipynb" in str(caught.value)


def folder(path):
    path.mkdir()


def pipe(path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)


def dangling_link(path):
    path.symlink_to(path.with_name("none.ipynb"))


def link_in_a_circle(path):
    path.symlink_to(path)


def link_to_a_device(path):
    path.symlink_to("/dev/zero")


def huge(path):
    with path.open("wb") as file:
        file.truncate(notebooks.LARGEST + 1)  # sparse: it takes no room


@pytest.mark.parametrize(
    "make", [folder, pipe, dangling_link, link_in_a_circle, link_to_a_device, huge]
)
def test_what_is_no_regular_file_gets_one_sentence_at_once(make, tmp_path, nothing_runs):
    path = tmp_path / "copy.ipynb"
    make(path)
    for read in (notebooks.load_notebook, notebooks.title, copies.compare):
        with pytest.raises(notebooks.NotebookError) as caught:
            read(path)
        assert one_sentence(caught.value)


@pytest.mark.parametrize("name", ["a\0b.ipynb", "x" * 300 + ".ipynb", "a\nb\x1b[2J.ipynb"])
def test_a_path_that_cannot_be_one_gets_one_sentence(name, nothing_runs):
    for read in (notebooks.load_notebook, copies.compare):
        with pytest.raises(notebooks.NotebookError) as caught:
            read(name)
        assert one_sentence(caught.value)


DEFINITIONS = {
    "many lines": "raise ValueError('first\\nsecond\\nthird')",
    "control characters": "raise ValueError('\\x1b[2J\\x1b[H all is well')",
    "many words": "raise ValueError('long ' * 10_000)",
    "no words": "raise ValueError",
    "words that cannot be had": (
        "class Mute(Exception):\n        def __str__(self): raise KeyError\n    raise Mute"
    ),
    "an exception of its own kind": "class Stop(BaseException): pass\n    raise Stop('now')",
    "the end of Python": "import sys\n    sys.exit(0)",
    "recursion": "f = lambda: A.f()\n    (lambda g: g(g))(lambda g: g(g))",
}


@pytest.mark.parametrize("body", DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_definition_that_fails_gets_one_sentence(body, tmp_path):
    path = tmp_path / "copy.ipynb"
    path.write_text(notebook(f"class A:\n    {body}"))
    with pytest.raises(notebooks.NotebookError) as caught:
        notebooks.load_notebook(path)
    assert one_sentence(caught.value) and "copy.ipynb" in str(caught.value)


def test_a_key_pressed_is_no_mistake_of_the_notebook(tmp_path):
    path = tmp_path / "copy.ipynb"
    path.write_text(notebook("class A:\n    raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        notebooks.load_notebook(path)


def test_nothing_that_shares_a_line_with_a_definition_runs(tmp_path):
    path = tmp_path / "one.ipynb"
    path.write_text(notebook(
        "import math; explode()\nexplode(); SIDE = 3; explode()",
        "class A:\n    '''one\x0ctwo\u2028three'''\n    side = SIDE\nexplode()",
    ))  # fmt: skip
    module = notebooks.load_notebook(path)
    assert module.A.side == 3 and "explode" not in notebooks.definitions(path)


def test_names_are_found_without_running(tmp_path):
    path = tmp_path / "one.ipynb"
    path.write_text(notebook(
        "import os.path, json as j\nfrom math import pi\nA = B = 1 / 0\nlower = 2",
        "class C(1 / 0): pass\ndef f(x=1 / 0): pass\nwith open('x') as g: pass",
    ))  # fmt: skip
    assert notebooks.defined_names(path) == {"os", "j", "pi", "A", "B", "C", "f"}


def test_a_file_beside_the_course_s_takes_no_section(tmp_path, monkeypatch):
    for name in ("6.1_a.ipynb", "6.1_lenet.ipynb", "6.1_mine.ipynb", "6.8_new.ipynb"):
        (tmp_path / name).write_text(notebook("X = 1"))
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    names = {section: path.name for section, path in notebooks.sections().items()}
    assert names == {"6.1": "6.1_lenet.ipynb", "6.8": "6.8_new.ipynb"}


def test_the_course_s_own_notebooks_are_known_by_name():
    assert {path.name for path in notebooks.sections().values()} == set(notebooks.COURSE)
