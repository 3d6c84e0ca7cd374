from dataclasses import replace
from functools import cache

import pytest
from paddle import nn

from course_utils import load_section
from course_utils.book import textbook

SECTIONS = [pytest.param(s, marks=pytest.mark.section(s)) for s in textbook.sections()]
audited = cache(textbook.audit)  # each section once, for all tests of this file
ENTRY = {"id": "x", "quote": "q", "claimed": 1, "check": "1", "verdict": "holds"}


def finding(**change):
    return textbook._judge(textbook.Claim(**{**ENTRY, **change}), {})


def test_verdicts_are_held_against_the_computed_value():
    assert finding().problem is None
    assert "book says 1, the network gives 2" in finding(check="2").problem
    wrong = {"verdict": "erratum", "fault": "book", "why": "w"}
    assert finding(check="2", correct=2, **wrong).problem is None
    assert "just what the book says" in finding(check="1", correct=2, **wrong).problem
    assert "noted as 2, the network gives 3" in finding(check="3", correct=2, **wrong).problem
    assert "NameError" in finding(check="nothing").problem


@pytest.mark.parametrize("section", SECTIONS)
def test_every_claim_of_a_section_is_explained(section):
    findings = audited(section)
    assert [f"{f.claim.id}: {f.problem}" for f in findings if f.problem] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_committed_tables_of_a_section_are_what_its_networks_give(section):
    files = textbook.regenerate({section: audited(section)})
    del files["errata.md"]  # of all sections together
    assert textbook.update_tables(files) == []


def planted(change):
    """The claims that break when a network of 6.1 is changed."""
    module = load_section("6.1")
    original = module.LeNet5

    class LeNet5(original):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            change(self)

    try:
        module.LeNet5 = LeNet5
        return {f.claim.id for f in textbook.audit("6.1", module) if f.problem}
    finally:
        module.LeNet5 = original


def wrong_kernel(net):
    net.c1 = nn.Conv2D(1, 6, 3, padding=0)
    net.c5 = nn.Conv2D(16, 120, 5)


def lost_bias(net):
    net.f6 = nn.Linear(120, 84, bias_attr=False)


@pytest.mark.parametrize(
    "change, caught",
    [
        (wrong_kernel, {"6.1-c1-params", "6.1-c1-output", "6.1-c1-connections"}),
        (lost_bias, {"6.1-f6-params", "6.1-f6-connections", "6.1-total-params"}),
    ],
)
def test_a_planted_mistake_in_a_network_is_named(change, caught):
    assert caught <= planted(change)


def test_an_altered_claim_is_named():
    claims = [
        replace(claim, claimed=157) if claim.id == "6.1-c1-params" else claim
        for claim in textbook.claims("6.1")
    ]
    problems = {
        f.claim.id: f.problem for f in textbook.audit("6.1", claims_list=claims) if f.problem
    }
    assert problems == {"6.1-c1-params": "the book says 157, the network gives 156"}


def test_an_altered_table_is_named_and_rewritten(tmp_path, monkeypatch):
    monkeypatch.setattr(textbook, "TABLES", tmp_path)
    files = textbook.regenerate({"6.1": audited("6.1")})
    textbook.update_tables(files)
    assert textbook.update_tables(files) == []
    path = tmp_path / "6.1.md"
    path.write_text(path.read_text(encoding="utf-8").replace("1,516", "1,517"), encoding="utf-8")
    (problem,) = textbook.update_tables(files)
    assert "data/tables/6.1.md" in problem and "1,517" in problem and "1,516" in problem
    assert "1,516" in path.read_text(encoding="utf-8")


def test_the_committed_ledger_is_what_all_networks_give():
    findings = {section: audited(section) for section in textbook.sections()}
    files = textbook.regenerate(findings)
    assert textbook.update_tables({"errata.md": files["errata.md"]}) == []


def test_wrong_requests_get_one_sentence():
    with pytest.raises(textbook.TextbookError, match="no network 'Lenet'; its networks are: Net1"):
        textbook.network_table("6.1", "Lenet")
    with pytest.raises(textbook.TextbookError, match="LeNet5 does not take these arguments"):
        textbook.network_table("6.1", "LeNet5", depth=50)
    with pytest.raises(textbook.TextbookError, match="'9.9' has no claims"):
        textbook.claims("9.9")


def test_the_books_own_headings_stay_as_they_are():
    def finding(column):
        claim = textbook.Claim(column, "", 1, "holds", cell=("conv1", column))
        return textbook.Finding(claim, 1)

    own = textbook.table_lines([finding("params"), finding("ops")])
    ours = textbook.table_lines([finding("params"), finding("output_shape")])
    assert [headers for headers, _ in (own, ours)] == [
        ["层", "params", "ops"],
        ["层", "参数量", "输出尺寸"],
    ]
