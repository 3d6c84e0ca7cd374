import inspect
import json

import pytest

from course_utils import load_section
from course_utils.notebooks import (
    NotebookError,
    definitions,
    heading_over,
    load_notebook,
    without_widget_views,
)


def write(path, *cells):
    path.write_text(json.dumps({
        "cells": [{"cell_type": "code", "source": source} for source in cells],
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
    }))  # fmt: skip
    return path


def test_only_definitions_run(tmp_path):
    path = write(
        tmp_path / "one.ipynb",
        "import math\nSIDE = 3\nlower = explode()\n",
        "%matplotlib inline\n!ls\nprint(explode())\n",
        "def area():\n    return math.prod([SIDE, SIDE])\n",
        "@staticmethod\ndef decorated(): pass\n\nif True:\n    explode()\n",
    )
    module = load_notebook(path)
    assert module.area() == 9 and not hasattr(module, "lower")
    assert "@staticmethod" in definitions(path) and "explode" not in definitions(path)


def test_what_only_ipython_reads_is_passed_over(tmp_path):
    path = write(
        tmp_path / "one.ipynb",
        "REST = (10\n        % 3)",
        "np.array?\nfiles = !ls\n\ndef area():\n    return REST",
    )
    assert load_notebook(path).area() == 1


def test_source_is_the_notebook_s():
    net = load_section("6.1").LeNet5
    assert inspect.getsource(net).startswith("class LeNet5(nn.Layer):")
    assert inspect.getsource(net.forward).lstrip().startswith("def forward(self, x):")


def test_a_changed_file_is_read_again(tmp_path):
    path = write(tmp_path / "one.ipynb", "SIDE = 3")
    assert load_notebook(path).SIDE == 3
    write(path, "SIDE = 45")
    assert load_notebook(path).SIDE == 45


@pytest.mark.parametrize(
    "content, said",
    [
        ("no json", "不能作为 Jupyter 笔记读取"),
        ("[]", "不能作为 Jupyter 笔记读取"),
        ("{}", "不能作为 Jupyter 笔记读取"),
    ],
)
def test_no_notebook(tmp_path, content, said):
    (tmp_path / "one.ipynb").write_text(content)
    with pytest.raises(NotebookError, match=said):
        load_notebook(tmp_path / "one.ipynb")


def test_one_sentence_for_each_mistake(tmp_path):
    with pytest.raises(NotebookError, match="没有文件"):
        load_notebook(tmp_path / "none.ipynb")
    with pytest.raises(NotebookError, match="one.ipynb 第 2 格第 1 行不是 Python"):
        load_notebook(write(tmp_path / "one.ipynb", "X = 1", "def f(:"))
    with pytest.raises(NotebookError, match=r"two.ipynb.*NameError.*images"):
        load_notebook(write(tmp_path / "two.ipynb", "COUNT = len(images)"))
    with pytest.raises(NotebookError, match="no section '7.7'; the sections are: 6.0, 6.1"):
        load_section("7.7")


def test_saving_keeps_the_picture_and_drops_the_live_view():
    view = "application/vnd.jupyter.widget-view+json"
    explorer = {"data": {view: {"model_id": "1"}, "text/html": "<img>"}}
    bare = {"data": {view: {"model_id": "2"}}}
    cells = [{"outputs": [explorer, bare, {"output_type": "stream"}]}, {"cell_type": "markdown"}]
    without_widget_views({"type": "notebook", "content": {"cells": cells}}, path="a.ipynb")
    assert list(explorer["data"]) == ["text/html"] and list(bare["data"]) == [view]
    without_widget_views({"type": "file", "content": "text"})


def test_words_are_found_under_their_heading(tmp_path):
    path = tmp_path / "6.9_mine.ipynb"
    cells = ["# Title\nfirst words", "## Part\ntext\n### Step\nthe mark", "# code is no heading"]
    kinds = ["markdown", "markdown", "code"]
    path.write_text(
        json.dumps(
            {
                "cells": [
                    {"cell_type": kind, "source": cell.splitlines(keepends=True)}
                    for kind, cell in zip(kinds, cells, strict=True)
                ]
            }
        )
    )
    found = [heading_over(path, words) for words in ("words", "mark", "code")]
    assert found == ["Title", "Step", None]
