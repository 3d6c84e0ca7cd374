"""`make check` ends with one plain line, and that line is right."""

import shutil
from pathlib import Path

import nbformat
import pytest

pytest_plugins = "pytester"

CONFTEST = Path(__file__).with_name("conftest.py")
PARALLEL = ("-p", "xdist.plugin", "-n", "2", "--dist", "loadscope")
NOTEBOOKS = ("-p", "nbval.plugin", "--nbval", "--nbval-current-env")


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on a small project that has the course's conftest.

    Returns a function of {path: source of a test file or a notebook} and of arguments.
    """
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(CONFTEST.parent.parent))
    # Installed plugins cost seconds a run, so each test names those it needs.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.mkdir("tests")
    pytester.mkdir("notebooks")
    for name in ("conftest.py", "extras.py"):
        shutil.copy(CONFTEST.with_name(name), pytester.path / "tests")
    shutil.copytree(CONFTEST.parent / "offline", pytester.path / "tests" / "offline")
    pytester.makeini(
        "[pytest]\ntestpaths = tests notebooks\nmarkers =\n  section(number)\n  browser\n"
    )

    def _run(files, *args):
        for name, content in files.items():
            (pytester.path / name).write_text(content, encoding="utf-8")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *args)

    return _run


def notebook(*cells):
    """A notebook of (source, printed text) cells, as text."""
    v4 = nbformat.v4
    return nbformat.writes(
        v4.new_notebook(
            cells=[
                v4.new_code_cell(
                    source,
                    execution_count=count,
                    outputs=[v4.new_output("stream", name="stdout", text=printed)],
                )
                for count, (source, printed) in enumerate(cells, start=1)
            ]
        )
    )


PASSES = "def test_a(): pass\n"
FAILS = "def test_b(): assert False\n"
SKIPS = "import pytest\ndef test_c(): pytest.skip('data: no images here')\n"
BREAKS = "import no_such_module_at_all\n"
ERRS = "import pytest\n@pytest.fixture\ndef broken(): raise OSError\ndef test_d(broken): pass\n"


def test_nothing_but_passes(run):
    result = run({"tests/test_1.py": PASSES})
    assert result.outlines[-1] == "check: 1 passed, 0 failed, 0 skipped"
    assert result.ret == 0


@pytest.mark.parametrize("args", [(), PARALLEL])
def test_skips_are_told_with_their_reasons(run, args):
    result = run(
        {
            "tests/test_1.py": PASSES + FAILS + SKIPS,
            "tests/test_2.py": SKIPS,
            "tests/test_3.py": "import pytest\npytest.importorskip('no_such_module')\n",
            "tests/test_4.py": ERRS,
        },
        *args,
    )
    told = (
        "check: 1 passed, 2 failed, 3 skipped (",
        "data: no images here",
        "could not import 'no_such_module'",
    )
    assert all(part in result.outlines[-1] for part in told), result.outlines[-1]
    assert result.outlines[-1].count("data: no images here") == 1
    assert sum(line.startswith("check: ") for line in result.outlines) == 1


def test_a_file_that_cannot_be_imported_counts_as_failed(run):
    result = run({"tests/test_1.py": PASSES, "tests/test_2.py": BREAKS})
    assert result.outlines[-1].startswith("check: 0 passed, 1 failed")
    assert result.ret != 0


def test_a_skip_fails_in_ci_only(run, monkeypatch):
    project = {"tests/test_1.py": PASSES + SKIPS}
    assert run(project).ret == 0
    monkeypatch.setenv("CI", "true")
    assert run(project).ret == 1
    assert run(project, *PARALLEL).ret == 1


def test_browser_tests_are_skipped_without_chromium(run, monkeypatch, pytester):
    monkeypatch.setenv("PATH", str(pytester.mkdir("empty")))
    result = run({"tests/test_1.py": "import pytest\n@pytest.mark.browser\n" + FAILS})
    assert result.outlines[-1] in (
        "check: 0 passed, 0 failed, 1 skipped (Chromium is not installed: "
        "sudo apt install chromium)",
        "check: 0 passed, 0 failed, 1 skipped (the dev extra is not installed: "
        "make env EXTRAS=cpu,dev)",
    )


def test_a_wrong_stored_output_names_notebook_and_cell(run):
    stored = notebook(("print(6 * 7)", "42\n"), ("print(6 + 7)", "14\n"))
    result = run({"notebooks/6.1_x.ipynb": stored}, *NOTEBOOKS)
    result.stdout.fnmatch_lines(["*6.1_x.ipynb::Cell 1*"])
    assert result.outlines[-1] == "check: 1 passed, 1 failed, 0 skipped"


def test_a_section_is_its_notebook_its_tests_and_what_is_marked(run):
    marked = "import pytest\n@pytest.mark.section('{}')\ndef test_table(): pass\n"
    project = {
        "notebooks/6.1_x.ipynb": notebook(("1", "")),
        "notebooks/6.2_y.ipynb": notebook(("1", "")),
        "tests/test_6_1.py": PASSES,
        "tests/test_6_2.py": FAILS,
        "tests/test_audit_1.py": marked.format("6.1"),
        "tests/test_audit_2.py": marked.format("6.2"),
        "tests/test_other.py": FAILS,
    }
    result = run(project, *NOTEBOOKS, "--section=6.1", "--collect-only", "-q")
    collected = {line.split("::")[0] for line in result.outlines if "::" in line}
    assert collected == {"notebooks/6.1_x.ipynb", "tests/test_6_1.py", "tests/test_audit_1.py"}
    refused = run(project, *NOTEBOOKS, "--section=6.9")
    refused.stderr.fnmatch_lines(["*There is no section 6.9; the sections are 6.1, 6.2."])
