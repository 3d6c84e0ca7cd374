"""``NetworkTable``: the rows of an analysed network, shown, exported and compared."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby

import pandas as pd

from .fields import WHOLE

COLUMNS = [
    "name",
    "type",
    "input_shape",
    "output_shape",
    "params",
    "bn_statistics",
    "macs",
    "connections",
    "receptive_field",
    "jump",
]
COUNTS = ["params", "bn_statistics", "macs", "connections"]
# What a reader sees: (group, column) of the grouped header.
HEADERS = {
    "name": ("层", "名称"),
    "type": ("层", "类型"),
    "input_shape": ("尺寸（高×宽×通道）", "输入"),
    "output_shape": ("尺寸（高×宽×通道）", "输出"),
    "params": ("数量", "参数量"),
    "bn_statistics": ("数量", "BN 统计量"),
    "macs": ("数量", "乘加次数"),
    "connections": ("数量", "连接数"),
    "receptive_field": ("视野（像素）", "感受野"),
    "jump": ("视野（像素）", "间距"),
}
TOTAL = "合计"
BAR_COLOUR = "#3182bd73"  # half transparent: readable on a light and on a dark page
DIFFERENT = "background-color:#fff0d9;color:#000;font-weight:bold;border-left:3px solid #d55e00"


@dataclass
class Row:
    """One layer call; counts are of a single image, None where they are not known."""

    name: str
    type: str
    input_shape: list | None
    output_shape: list | None
    params: int = 0
    bn_statistics: int = 0
    macs: int | None = 0
    connections: int | None = 0
    receptive_field: object = None
    jump: object = None
    shared: bool = False
    uncalled: bool = False
    unknown: list = field(default_factory=list)


class NetworkTable:
    """One row a layer call; shows itself as a table in a notebook.

    Attributes:
        title: the network's class.
        input_shape: the input that was asked for, batch included.

    Args:
        fill_fields: called once to work out the receptive fields, when rows are looked at.
    """

    def __init__(self, rows, title, input_shape, fill_fields=None):
        self._rows = rows
        self._fill_fields = fill_fields
        self.title = title
        self.input_shape = tuple(input_shape)

    @property
    def rows(self):
        """list of ``Row``, with their receptive fields."""
        fill, self._fill_fields = self._fill_fields, None
        if fill:
            fill()
        return self._rows

    @property
    def df(self):
        """The rows as a pandas DataFrame with the columns ``COLUMNS``."""
        cells = [[getattr(row, c) for c in COLUMNS] for row in self.rows]
        data = pd.DataFrame(cells, columns=COLUMNS, dtype=object)
        return data.astype(dict.fromkeys(COUNTS, "Int64"))

    @property
    def totals(self):
        """Sums of the counts: a dict with the keys ``COUNTS``. Unknown operations are left out
        of them and named in ``unknown``."""
        return {c: sum(getattr(row, c) or 0 for row in self._rows) for c in COUNTS}

    @property
    def unknown(self):
        """Operations without a rule: ``{row name: [operation, ...]}``."""
        return {row.name: row.unknown for row in self._rows if row.unknown}

    def __getitem__(self, name):
        """The row of that name (upper and lower case alike)."""
        for row in self.rows:
            if row.name.casefold() == name.casefold():
                return row
        names = ", ".join(row.name for row in self.rows)
        raise KeyError(f"{self.title} has no row {name!r}; its rows are: {names}.")

    def __len__(self):
        return len(self._rows)

    def __repr__(self):
        totals = self.totals
        return (
            f"{self.title} {self.input_shape}: {len(self)} rows, {totals['params']:,} parameters, "
            f"{totals['macs']:,} multiply-adds"
        )

    def group(self, depth=1):
        """A table with one row a block: neighbouring rows whose paths agree in ``depth`` parts."""

        def path(row):
            return ".".join(row.name.split(".")[:depth])

        return NetworkTable(
            [_merged(name, list(rows)) for name, rows in groupby(self.rows, key=path)],
            self.title,
            self.input_shape,
        )

    def only(self, names):
        """A table with the rows of these names, in their order."""
        return NetworkTable([self[name] for name in names], self.title, self.input_shape)

    def diff(self, other):
        """Where two tables differ, layer by layer.

        Args:
            other: a ``NetworkTable``, or printed numbers ``{row name: {column: value}}``.

        Returns:
            TableDiff
        """
        return TableDiff(self, other)

    def to_csv(self, path=None):
        """The DataFrame as CSV, returned, or written to ``path``."""
        return self.df.to_csv(path, index=False, lineterminator="\n")

    def to_markdown(self):
        """A Markdown table with the totals in its last line."""
        return markdown([h[1] for h in self._headers()], self._texts())

    def to_latex(self):
        """A LaTeX ``tabular`` with the totals in its last line (needs the package booktabs)."""
        frame = pd.DataFrame(self._texts(), columns=[h[1] for h in self._headers()])
        style = frame.style.hide(axis="index").format(escape="latex")
        return style.to_latex(hrules=True, column_format=self._alignment())

    def _repr_html_(self):
        return self.styler().to_html() + self._notes()

    def styler(self):
        """The table as a pandas Styler: grouped headers, thousands separators, bars."""
        columns = self._columns()
        headers = pd.MultiIndex.from_tuples(self._headers())
        frame = pd.DataFrame(self._texts(), columns=headers)
        style = frame.style.hide(axis="index").set_uuid(_unique_name("table", frame))
        for column in ("params", "macs", "connections"):
            if column in columns and self.totals[column]:
                style = style.apply(self._bars, column=column, subset=[HEADERS[column]], axis=0)
        return style.set_caption(
            f"{self.title}，输入 {format_shape(self.input_shape)}"
        ).set_table_styles(TABLE_STYLES)

    def _bars(self, texts, column):
        values = [getattr(row, column) or 0 for row in self.rows] + [0]
        largest = max(values)
        share = [100 * v / largest for v in values]
        return [
            f"background:linear-gradient(90deg,{BAR_COLOUR} {s:.1f}%,transparent {s:.1f}%)"
            if s
            else ""
            for s in share
        ]

    def _columns(self):
        """The columns worth showing: no statistics without batch normalisation, no fields
        where none were asked for."""
        empty = {
            "bn_statistics": not self.totals["bn_statistics"],
            "receptive_field": all(row.receptive_field is None for row in self.rows),
            "jump": all(row.jump is None for row in self.rows),
        }
        return [c for c in COLUMNS if not empty.get(c)]

    def _headers(self):
        return [HEADERS[c] for c in self._columns()]

    def _alignment(self):
        return "".join("l" if c in COLUMNS[:4] else "r" for c in self._columns())

    def _texts(self):
        lines = [[_text(getattr(row, c), c) for c in self._columns()] for row in self.rows]
        for line, row in zip(lines, self.rows, strict=True):
            line[1] += "（共享参数）" if row.shared else ""
            line[1] += "（未被调用）" if row.uncalled else ""
        totals = self.totals
        return lines + [
            [
                TOTAL if c == "name" else f"{totals[c]:,}" if c in totals else ""
                for c in self._columns()
            ]
        ]

    def _notes(self):
        if not self.unknown:
            return ""
        named = "；".join(f"{name}：{', '.join(kinds)}" for name, kinds in self.unknown.items())
        return f"<p>⚠ 下列运算没有计数规则，它们的乘加次数和连接数未计入合计：{named}</p>"


TABLE_STYLES = [
    {
        "selector": "caption",
        "props": "caption-side:top;text-align:left;font-weight:bold;padding:4px",
    },
    {"selector": "th", "props": "text-align:center;padding:3px 4px"},
    {"selector": "td", "props": "text-align:right;padding:3px 4px;white-space:nowrap"},
    {"selector": "td.col0,td.col1", "props": "text-align:left"},
    {
        "selector": "tbody tr:last-child",
        "props": "font-weight:bold;border-top:2px solid currentColor",
    },
]


class TableDiff:
    """Two tables side by side; ``rows`` has (name, column, here, there, equal) for each number.

    Attributes:
        equal: whether nothing differs.
    """

    COMPARED = ["type", "output_shape", "params", "macs", "connections"]

    def __init__(self, table, other):
        self.table = table
        self.titles = (table.title, getattr(other, "title", "书中"))
        self.rows = list(self._printed(other) if isinstance(other, dict) else self._tables(other))
        self.equal = all(row[4] for row in self.rows)

    def _printed(self, printed):
        for name, values in printed.items():
            for column, there in values.items():
                total = name == TOTAL
                here = self.table.totals[column] if total else getattr(self.table[name], column)
                yield name, column, here, there, _text(here, column) == _text(there, column)

    def _tables(self, other):
        here, there = _by_name(self.table.rows), _by_name(other.rows)
        for name in list(here) + [n for n in there if n not in here]:
            for column in self.COMPARED:
                a = getattr(here[name], column) if name in here else None
                b = getattr(there[name], column) if name in there else None
                yield name, column, a, b, a == b

    @property
    def df(self):
        """One row a compared number: name, column, the two values, equal."""
        return pd.DataFrame(self.rows, columns=["name", "column", *_unique(self.titles), "equal"])

    @property
    def differences(self):
        """The numbers that differ, as ``df``."""
        return self.df[~self.df["equal"]].reset_index(drop=True)

    def __repr__(self):
        different = sum(not row[4] for row in self.rows)
        return f"{self.titles[0]} | {self.titles[1]}: {len(self.rows)} numbers, {different} differ"

    def _repr_html_(self):
        names = list(dict.fromkeys(row[0] for row in self.rows))
        texts, styles = {("层", "名称"): names}, {}
        for column in (c for c in COLUMNS if any(row[1] == c for row in self.rows)):
            cells = {row[0]: row[2:] for row in self.rows if row[1] == column}
            cells = [cells.get(name, (None, None, True)) for name in names]
            here = [_text(value, column) for value, _, _ in cells]
            header = HEADERS[column][1]
            if all(equal for _, _, equal in cells):
                texts[header, "两者相同"] = here
                continue
            first, second = _unique(self.titles)
            texts[header, first] = here
            texts[header, second] = [
                ("" if equal else "≠ ") + _text(value, column) for _, value, equal in cells
            ]
            styles[header, second] = ["" if equal else DIFFERENT for _, _, equal in cells]
        frame = pd.DataFrame(texts)
        marks = pd.DataFrame(styles, frame.index).reindex(columns=frame.columns, fill_value="")
        style = frame.style.hide(axis="index").set_uuid(_unique_name("diff", frame))
        style = style.apply(lambda _: marks, axis=None)
        return style.set_table_styles(TABLE_STYLES[:-1]).to_html()


def _unique_name(kind, frame):
    """A name for a table on a page: other cells have other styles, and another name."""
    return f"{kind}-{sha256(frame.to_csv().encode()).hexdigest()[:8]}"


def format_shape(shape):
    """A shape as the book writes it, height × width × channels, without the batch."""
    if shape is None:
        return "—"
    if shape and isinstance(shape[0], list):
        return "，".join(format_shape(each) for each in shape)
    body = list(shape[1:])
    return "×".join(str(n) for n in body[1:] + body[:1]) if body else "—"


def markdown(headers, lines):
    """A Markdown table; the cells are texts."""
    rule = ["---"] * len(headers)
    return "\n".join("| " + " | ".join(line) + " |" for line in [headers, rule, *lines]) + "\n"


def _text(value, column):
    if isinstance(value, str):
        return "整幅图像" if value == WHOLE else value
    if column in ("input_shape", "output_shape") and not isinstance(value, int):
        return format_shape(value)
    if value is None:
        return "未知" if column in COUNTS else "—"
    if isinstance(value, tuple):
        return "×".join(_text(v, column) for v in value)
    return f"{value:,}" if isinstance(value, (int, float)) else str(value)


def _merged(name, rows):
    """One row for several neighbours."""
    last = rows[-1]
    known = all(row.macs is not None for row in rows)
    return Row(
        name,
        rows[0].type if len(rows) == 1 else "组合",
        rows[0].input_shape,
        last.output_shape,
        params=sum(row.params for row in rows),
        bn_statistics=sum(row.bn_statistics for row in rows),
        macs=sum(row.macs for row in rows) if known else None,
        connections=sum(row.connections for row in rows) if known else None,
        receptive_field=last.receptive_field,
        jump=last.jump,
        unknown=[kind for row in rows for kind in row.unknown],
    )


def _by_name(rows):
    """{name: row}; a layer that is called again gets its number."""
    calls, named = Counter(), {}
    for row in rows:
        calls[row.name] += 1
        named[row.name if calls[row.name] == 1 else f"{row.name} ({calls[row.name]})"] = row
    return named


def _unique(titles):
    return titles if titles[0] != titles[1] else (titles[0], titles[1] + " ")
