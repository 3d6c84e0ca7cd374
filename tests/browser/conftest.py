"""One browser for all browser tests of a process, and one JupyterLab for those that need it."""

from pathlib import Path

import pytest
from lab import chromium_browser, run_notebook, running_lab
from nbformat import v4
from samples import make_explorers, write_notebook


@pytest.fixture(scope="session")
def browser(chromium):
    with chromium_browser(chromium) as browser:
        yield browser


@pytest.fixture
def fresh_page(browser):
    """A page without the cookies and the permissions of the others."""
    context = browser.new_context(viewport={"width": 1024, "height": 900})
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def stored():
    """A notebook as a finished run leaves it: outputs, but no kernel and no widget state."""
    cells = [
        v4.new_code_cell(
            name,
            execution_count=1,
            outputs=[
                v4.new_output("execute_result", explorer._repr_mimebundle_(), execution_count=1)
            ],
        )
        for name, explorer in make_explorers().items()
    ]
    return v4.new_notebook(cells=cells)


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
def page(lab, browser):
    """The explorers' notebook, run; ``page.complaints`` lists what the console said."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.complaints = []
    page.on("console", lambda message: _note(page, message.type, message.text))
    page.on("pageerror", lambda error: _note(page, "error", str(error)))
    run_notebook(page, lab, "explorers.ipynb")
    page.wait_for_selector(".course-DigitPad canvas")
    return page


def _note(page, kind, words):
    if kind == "error":
        page.complaints.append(words)
