"""What every test run shares: sections, browser tests, and the one closing line."""

import importlib.util
import os
import runpy
import shutil
from collections import Counter
from pathlib import Path

import pytest

# Two workers with as many threads as cores each would wait for one another.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if WORKERS > 1:
    os.environ.setdefault("MKL_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // WORKERS)))

# No test adds to what the learner of this checkout has tried.
os.environ["COURSE_PROGRESS"] = ""

from extras import NOT_INSTALLED  # noqa: E402

import course_utils  # noqa: E402, F401  (prepares the machine before any test imports Paddle)

REPO = Path(__file__).resolve().parent.parent
OFFLINE = Path(__file__).with_name("offline")
CHROMIUM_COMMANDS = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser):
    parser.addoption("--section", help="test one section only, for example 6.1")


def pytest_configure(config):
    """Cut the network, here and in every process that a test starts."""
    if str(OFFLINE) not in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        parts = [str(OFFLINE), os.environ.get("PYTHONPATH")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, parts))
        runpy.run_path(str(OFFLINE / "sitecustomize.py"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    section = config.getoption("--section")
    if section is not None:
        _keep_section(section, config, items)
    reason = _why_no_browser()
    if reason is not None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=reason))


def _keep_section(section, config, items):
    sections = sorted(path.name.split("_")[0] for path in REPO.glob("notebooks/6.*_*.ipynb"))
    if section not in sections:
        raise pytest.UsageError(
            f"There is no section {section}; the sections are {', '.join(sections)}."
        )
    kept = [item for item in items if _belongs_to(section, item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _belongs_to(section, item):
    name = item.path.name
    return name.startswith((f"{section}_", f"test_{section.replace('.', '_')}")) or section in [
        mark.args[0] for mark in item.iter_markers("section")
    ]


def _chromium():
    """Path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM_COMMANDS)), None)


def _why_no_browser():
    if importlib.util.find_spec("playwright") is None:
        return NOT_INSTALLED
    if _chromium() is None:
        return "Chromium is not installed: sudo apt install chromium"
    return None


@pytest.fixture(scope="session")
def chromium():
    """Path of the Chromium that a test marked `browser` drives."""
    return _chromium()


# --- The closing line: "check: 212 passed, 0 failed, 0 skipped" ---


def _in_ci():
    return os.environ.get("CI", "").lower() in ("1", "true")


def _terminal_reporter(config):
    """The reporter of the process that writes to the terminal; None in a worker of xdist."""
    return (
        None
        if hasattr(config, "workerinput")
        else config.pluginmanager.get_plugin("terminalreporter")
    )


def _not_run(stats):
    """Reports of tests that were skipped, or that a notebook's earlier cell took along."""
    return stats.get("skipped", []) + stats.get("xfailed", [])


def _reason(report):
    if hasattr(report, "wasxfail"):
        return report.wasxfail
    _path, _line, message = report.longrepr
    return message.removeprefix("Skipped: ")


def closing_line(stats):
    """One plain line that sums up a run.

    `stats` maps an outcome to the list of its pytest reports, as TerminalReporter.stats does.
    """
    not_run = _not_run(stats)
    passed = len(stats.get("passed", []))
    failed = len(stats.get("failed", [])) + len(stats.get("error", []))
    line = f"check: {passed} passed, {failed} failed, {len(not_run)} skipped"
    reasons = Counter(_reason(report) for report in not_run)
    return line + (f" ({'; '.join(reasons)})" if reasons else "")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    reporter = _terminal_reporter(session.config)
    if reporter and _in_ci() and exitstatus == pytest.ExitCode.OK and _not_run(reporter.stats):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure(config):
    reporter = _terminal_reporter(config)
    if reporter:
        reporter.write_line(closing_line(reporter.stats))
