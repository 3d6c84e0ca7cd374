"""One JupyterLab and one page for all browser tests."""

from pathlib import Path

import pytest
from lab import chromium_page, run_notebook, running_lab
from samples import write_notebook


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory):
    """The folder that JupyterLab serves, with the explorers' notebook in it."""
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "explorers.ipynb", Path(__file__).parent)
    return folder


@pytest.fixture(scope="session")
def lab(lab_folder):
    """(address, token) of a running JupyterLab."""
    with running_lab(lab_folder) as address_and_token:
        yield address_and_token


@pytest.fixture(scope="session")
def page(lab, chromium):
    """The explorers' notebook, run; ``page.complaints`` lists what the console said."""
    with chromium_page(chromium) as page:
        page.complaints = []
        page.on("console", lambda message: _note(page, message.type, message.text))
        page.on("pageerror", lambda error: _note(page, "error", str(error)))
        run_notebook(page, lab, "explorers.ipynb")
        page.wait_for_selector(".course-DigitPad canvas")
        yield page


def _note(page, kind, words):
    if kind == "error":
        page.complaints.append(words)
