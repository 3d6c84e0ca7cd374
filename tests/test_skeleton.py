"""Every notebook keeps to the skeleton of a section, and agrees with the errata ledger."""

import json
import re
import sys
from pathlib import Path

import pytest

from course_utils import notebooks
from course_utils.book import textbook


def of(sections):
    """Parameters that `make check SECTION=...` can choose from."""
    return [pytest.param(s, marks=pytest.mark.section(s)) for s in sections]


NETWORK_SECTIONS = [s for s in notebooks.sections() if s not in ("6.0", "6.7")]
HEADINGS = ["背景", "逐层搭建", "完整网络与参数表", "交互探索", "训练", "验证书中的结论"]
HEADINGS += ["练习", "小结与延伸"]
# Sections of the second edition: a network fails, an idea saves it, an experiment settles it.
REBUILT = ("6.1", "6.2")
ARC = ["问题", "想法", "逐层搭建", "完整网络与参数表", "决定性实验", "练习", "小结与延伸"]
APPENDIX = "附录：与书核对"
MOST_CHARACTERS, MOST_LINES = 5_000, 330  # of the main path: an hour for a second-year student
ALLOWED_TAGS = {"nbval-ignore-output"}


def cells(path, kind):
    return [
        cell
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == kind and "".join(cell["source"]).strip()
    ]


def text(path):
    return "\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))


@pytest.fixture
def path(section):
    return notebooks.section_path(section)


def test_the_course_begins_with_its_map_and_lenet():
    assert {"6.0", "6.1"} <= set(notebooks.sections())


def test_the_map_leads_to_every_section():
    linked = set(re.findall(r"\]\((6\.\d_\w+\.ipynb)\)", text(notebooks.section_path("6.0"))))
    files = {path.name for section, path in notebooks.sections().items() if section != "6.0"}
    assert linked == files


@pytest.mark.parametrize("section", of([s for s in NETWORK_SECTIONS if s not in REBUILT]))
def test_headings_in_their_order(section):
    prose = text(notebooks.section_path(section))
    found = re.findall(r"^## (.+)$", prose, flags=re.MULTILINE)
    assert found == HEADINGS


@pytest.mark.parametrize("section", of(REBUILT))
class TestRebuilt:
    def test_the_arc_stands_in_the_headings(self, path):
        found = re.findall(r"^## (.+)$", text(path), flags=re.MULTILINE)
        assert len(found) == len(ARC) + 1 and found[-1] == APPENDIX
        assert [
            word for word, heading in zip(ARC, found, strict=False) if word not in heading
        ] == []

    def test_the_appendix_is_stored_collapsed(self, path):
        (heading,) = [
            c for c in cells(path, "markdown") if f"## {APPENDIX}" in "".join(c["source"])
        ]
        assert heading["metadata"]["jp-MarkdownHeadingCollapsed"] is True
        assert "".join(heading["source"]).startswith(f"## {APPENDIX}")

    def test_the_main_path_takes_an_hour(self, path):
        main = main_path(path)
        prose = "".join("".join(c["source"]) for c in main if c["cell_type"] == "markdown")
        characters = len(re.findall(r"[\u4e00-\u9fff]", prose))
        lines = sum(
            1
            for cell in main
            if cell["cell_type"] == "code"
            for line in "".join(cell["source"]).splitlines()
            if line.strip()
        )
        print(f"{path.stem}: {characters:,} characters, {lines} lines of code before the appendix")
        assert characters <= MOST_CHARACTERS and lines <= MOST_LINES


def main_path(path):
    """The cells before the appendix."""
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    ends = [f"## {APPENDIX}" in "".join(cell["source"]) for cell in every]
    return every[: ends.index(True)]


@pytest.mark.parametrize("section", of(notebooks.sections()))
class TestNotebook:
    def test_every_code_cell_has_been_run_in_order(self, path):
        counts = [cell["execution_count"] for cell in cells(path, "code")]
        assert counts == list(range(1, len(counts) + 1))

    def test_no_errors_and_no_warnings_are_stored(self, path):
        outputs = [o for cell in cells(path, "code") for o in cell["outputs"]]
        assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]

    def test_no_state_of_widgets_is_stored(self, path):
        assert "widgets" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]

    def test_cells_are_short_and_explained(self, path):
        code, prose = cells(path, "code"), cells(path, "markdown")
        assert len(prose) >= len(code)
        longest = max(len("".join(cell["source"]).splitlines()) for cell in code)
        assert longest <= 36

    def test_only_what_no_two_machines_share_is_left_uncompared(self, path):
        code = cells(path, "code")
        tagged = [cell for cell in code if cell["metadata"].get("tags")]
        assert {tag for cell in tagged for tag in cell["metadata"]["tags"]} <= ALLOWED_TAGS
        assert len(tagged) <= len(code) / 4

    def test_the_first_cell_finds_the_course_also_from_ai_studio_s_home(
        self, path, tmp_path, monkeypatch
    ):
        (tmp_path / "course" / "course_utils").mkdir(parents=True)
        finds, _, _ = "".join(cells(path, "code")[0]["source"]).partition("from course_utils")
        monkeypatch.setattr(sys, "path", [])
        exec(finds.replace("/home/aistudio", str(tmp_path)), {})
        assert sys.path[0] == ".." and Path(sys.path[1]).samefile(tmp_path / "course")

    def test_only_imported_names_that_are_used(self, path):
        source = "\n".join("".join(cell["source"]) for cell in cells(path, "code"))
        imported = re.findall(r"^(?:from \S+ )?import (.+)$", source, flags=re.MULTILINE)
        names = [n.split(" as ")[-1].strip() for line in imported for n in line.split(",")]
        unused = [n for n in names if len(re.findall(rf"\b{re.escape(n)}\b", source)) < 2]
        assert unused == []


def errata(section):
    return {claim.id for claim in textbook.claims(section) if claim.verdict == "erratum"}


def mentioned(path):
    return set(re.findall(r"errata\.md#([\w.-]+)\)", text(path)))


@pytest.mark.parametrize("section", of(textbook.sections()))
def test_notebook_and_ledger_name_the_same_errata(section):
    assert mentioned(notebooks.section_path(section)) == errata(section)


def states(prose, value):
    """Whether a value stands in the prose by itself, with or without commas at thousands."""
    forms = [str(value), f"{value:,}" if isinstance(value, int) else str(value)]
    return any(re.search(rf"(?<![\w.,]){re.escape(f)}(?!\w|[.,]\d)", prose) for f in forms)


@pytest.mark.parametrize("section", of(textbook.sections()))
def test_who_corrects_a_number_links_to_the_ledger(section):
    """A text that has the printed and the right value carries the mark, at the latest in the next
    text: a question may stand before its answer."""
    texts = ["".join(c["source"]) for c in cells(notebooks.section_path(section), "markdown")]
    unmarked = [
        f"{claim.id}: {prose[:60]}"
        for claim in textbook.claims(section)
        if claim.verdict == "erratum" and re.search(r"\d", str(claim.claimed))
        for prose, following in zip(texts, [*texts[1:], ""], strict=True)
        if states(prose, claim.claimed) and states(prose, claim.correct)
        if f"errata.md#{claim.id})" not in prose + following
    ]
    assert unmarked == []


def test_a_number_is_found_only_where_it_stands_by_itself():
    assert states("共 60,850 个参数", 60850) and states("应为 55.1 %", 55.1)
    assert not states("共 160,850 个", 60850) and not states("55.12 %", 55.1)


def test_every_link_into_the_ledger_has_its_entry():
    ledger = (textbook.TABLES / "errata.md").read_text(encoding="utf-8")
    anchors = set(re.findall(r'<a id="([^"]+)">', ledger))
    for path in notebooks.sections().values():
        assert mentioned(path) <= anchors
