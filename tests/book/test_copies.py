"""A learner's copy of a notebook: still the paper's network, or where it first is not."""

import json

import pytest
from paddle import nn

from course_utils import analyze, notebooks
from course_utils.__main__ import main
from course_utils.book import copies, limited

LENET = notebooks.section_path("6.1")


@pytest.fixture
def copy(tmp_path):
    """Writes a copy of 6.1 with one piece of code replaced."""

    def write(old, new):
        notebook = json.loads(LENET.read_text(encoding="utf-8"))
        changed = 0
        for cell in notebook["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and old in source:
                cell["source"] = source.replace(old, new)
                changed += 1
        assert changed == 1
        path = tmp_path / "我的笔记.ipynb"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    return write


@pytest.fixture
def in_this_process(monkeypatch):
    """These copies are the tests' own: no process is started for each, to be quick."""

    def call(function, *arguments, **_):
        assert function == "course_utils.book.copies:tables"
        return json.loads(json.dumps(copies.tables(*arguments)))

    monkeypatch.setattr(limited, "call", call)


def test_an_unchanged_copy_agrees_in_every_network(copy, capsys):
    path = copy("RUBBISH = 10.0", "RUBBISH = 9.0")  # no layer changes
    assert main(["audit", "--notebook", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.count("✓") == 9 and "✗" not in said


def test_what_no_count_shows_is_compared_too():
    def stack(*layers):
        return copies.rows(analyze(lambda: nn.Sequential(*layers), (1, 1, 16, 16)))

    conv = nn.Conv2D(1, 1, 3, padding=1)
    wide = nn.Conv2D(1, 1, 3, padding=2, dilation=2)
    difference = copies.first_difference(stack(conv), stack(wide))
    assert "感受野应为 3，现在是 5" in difference
    before = stack(("conv", conv), ("relu", nn.ReLU()), ("bn", nn.BatchNorm2D(1)))
    after = stack(("conv", conv), ("bn", nn.BatchNorm2D(1)), ("relu", nn.ReLU()))
    assert "在 relu 层：这里应是它，现在是 bn" in copies.first_difference(before, after)
    assert copies.first_difference(before, before) is None
    twice = [before[0] | {"name": name} for name in ("conv", "conv", "conv (2)")]
    assert "层数应为 2，现在是 3" in copies.first_difference(
        [before[0] | {"name": name} for name in ("conv", "conv (2)")], twice
    )


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("self.c5, self.f6 = conv(16, 120), dense(120, 84)\n        self.output = RBF",
         "self.c5, self.f6 = conv(16, 100), dense(100, 84)\n        self.output = RBF", "c5"),
        ("self.c1, self.s2 = conv(1, 6), Subsampling(6)",
         "self.c1, self.s2 = conv(1, 6, 3), Subsampling(6)", "c1"),
        ("class LeNet5(nn.Layer)", "class LeNetFive(nn.Layer)", "no longer defines"),
        ("self.output = RBF(DIGIT_CODES) if", "self.output = RBF(1 / 0) if", "ZeroDivisionError"),
    ],
)  # fmt: skip
def test_the_first_layer_that_differs_is_named(copy, old, new, said, in_this_process):
    differences = copies.compare(copy(old, new))
    assert said in differences["LeNet5"]
    assert [name for name, difference in differences.items() if difference] == ["LeNet5"]


def test_a_notebook_without_networks_is_refused(tmp_path, in_this_process):
    path = tmp_path / "empty.ipynb"
    path.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    with pytest.raises(notebooks.NotebookError, match="没有定义本章的网络"):
        copies.compare(path)
