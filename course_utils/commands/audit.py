"""``audit``: every claim of the book, or a learner's copy, held against the networks."""

from .. import notebooks
from ..book import copies, textbook


def audit(sections):
    """Audit sections, all of them if none is named, and print what is found.

    When all are audited and nothing is unexplained, ``data/tables/`` is written anew.

    Returns:
        1 if something is unexplained, else 0.
    """
    for section in sections:
        notebooks.section_path(section)  # a section that is not there is told before long work
    problems = []
    findings = {}
    for section in sections or textbook.sections():
        print(section)
        findings[section] = textbook.audit(
            section, progress=lambda words: print(f"  {words} …", flush=True)
        )
        print(f"  {textbook.summary(findings[section])}")
        problems += [f"{f.claim.id}: {f.problem}" for f in findings[section] if f.problem]
    if not problems and not sections:
        problems += textbook.update_tables(textbook.regenerate(findings))
    for problem in problems:
        print(f"unexplained: {problem}")
    return 1 if problems else 0


def audit_copy(path):
    """Print where the networks of a copied notebook differ from the course's; 1 if any does.

    The copy's code runs, in a process of its own (see ``book.limited``); where that gives no
    tables, one sentence says why, and the result is 1.
    """
    try:
        differences = copies.compare(path)
    except copies.CopyError as error:
        print(f"✗ {error}")
        return 1
    for name, difference in differences.items():
        same = "与课程中的网络相同（按默认参数）"
        print(f"{'✗' if difference else '✓'} {name}：{difference or same}")
    return 1 if any(differences.values()) else 0
