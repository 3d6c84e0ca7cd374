import io
import re

import pandas as pd
import pytest
from paddle import nn

from course_utils import analyze
from course_utils.counting.table import COLUMNS


class Small(nn.Layer):
    def __init__(self, maps=4):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2D(1, maps, 3), nn.BatchNorm2D(maps), nn.ReLU())
        self.head = nn.Linear(maps * 36, 10)

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


@pytest.fixture
def table():
    return analyze(Small, (1, 1, 8, 8))


def test_the_frame_has_the_fixed_columns_and_types(table):
    assert list(table.df.columns) == COLUMNS
    assert list(table.df["name"]) == ["body.0", "body.1", "body.2", "flatten", "head"]
    assert table.df["params"].sum() == table.totals["params"] == 40 + 8 + 1450
    assert table.totals["bn_statistics"] == 8
    assert table.df.loc[0, "receptive_field"] == 3 and table.df.loc[0, "jump"] == 1
    assert str(table.df["macs"].dtype) == "Int64"


def test_every_export_holds_every_number(table):
    for text in (table.to_markdown(), table.to_latex(), table._repr_html_()):
        for number in ("1,450", "1,498", "1,296", "6×6×4"):
            assert number in text
    frame = pd.read_csv(io.StringIO(table.to_csv()))
    assert frame["params"].sum() == 1498


def test_csv_to_a_file(table, tmp_path):
    table.to_csv(tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == table.to_csv()


def test_html_is_the_same_text_each_time():
    assert analyze(Small, (1, 1, 8, 8))._repr_html_() == analyze(Small, (1, 1, 8, 8))._repr_html_()


def test_two_tables_of_one_class_keep_their_own_styles(table):
    ids = [re.search(r'<table id="(.+?)"', t._repr_html_())[1] for t in (table, table.group())]
    assert ids[0] != ids[1]


def test_grouping_adds_up(table):
    grouped = table.group()
    assert [row.name for row in grouped.rows] == ["body", "flatten", "head"]
    assert grouped.totals == table.totals
    assert grouped["BODY"].output_shape == [1, 4, 6, 6]
    assert grouped["body"].receptive_field == 3


def test_diff_of_two_networks_names_the_numbers(table):
    diff = table.diff(analyze(lambda: Small(5), (1, 1, 8, 8)))
    assert not diff.equal
    first = diff.differences.iloc[0]
    assert (first["name"], first["column"]) == ("body.0", "output_shape")
    assert "≠" in diff._repr_html_()
    assert table.diff(analyze(Small, (1, 1, 8, 8))).equal


def test_diff_shows_once_what_all_rows_share(table):
    html = table.diff(analyze(lambda: Small(5), (1, 1, 8, 8)))._repr_html_()
    assert html.count("两者相同") == 1  # the type; every number differs somewhere


def test_diff_with_printed_numbers(table):
    printed = {"head": {"params": 1450, "output_shape": 10}, "合计": {"params": 1500}}
    diff = table.diff(printed)
    assert diff.differences[["name", "column"]].values.tolist() == [["合计", "params"]]


def test_an_unknown_row_is_named_with_the_possible_ones(table):
    with pytest.raises(KeyError, match="no row 'tail'; its rows are: body.0, body.1"):
        table["tail"]
