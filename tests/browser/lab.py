"""A real JupyterLab on a free port of this computer, and a Chromium that looks at it."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from course_utils.runtime import REPO

# The execution counts of the active notebook's code cells; null until the notebook is open.
_COUNTS = """() => {
  const shown = window.jupyterapp?.shell.currentWidget?.content?.widgets;
  const code = shown?.filter(cell => cell.model.type === 'code');
  return code ? code.map(cell => cell.model.executionCount ?? null) : null;
}"""


@contextmanager
def running_lab(folder):
    """The address (with token) of a JupyterLab that serves ``folder``, with settings of its own."""
    state = folder / ".lab"
    cells = state / "settings" / "@jupyterlab" / "notebook-extension"
    cells.mkdir(parents=True)
    announcements = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (state / "config" / "labconfig").mkdir(parents=True)
    (state / "config" / "labconfig" / "page_config.json").write_text(json.dumps(announcements))
    # Without it cells outside the window are not in the page.
    (cells / "tracker.jupyterlab-settings").write_text(json.dumps({"windowingMode": "none"}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "IPYTHONDIR": str(state / "ipython"),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPO), os.environ.get("PYTHONPATH")])),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
        "--LabApp.extension_manager=readonly",
        "--FileContentsManager.pre_save_hook=course_utils.notebooks.without_widget_views",
        "--ServerApp.kernel_websocket_connection_class=course_utils.commands.lab.PromptConnection",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(address, server):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urlopen(address, timeout=5).close()
            return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start; its messages are in lab.log.")


@contextmanager
def chromium_browser(path):
    """A headless Chromium; ``path`` is the program's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def chromium_page(path, width=1280, height=900):
    """A page of a headless Chromium of its own."""
    with chromium_browser(path) as browser:
        yield browser.new_page(viewport={"width": width, "height": height})


def run_notebook(page, lab, name, timeout=300_000):
    """Open a notebook, run all its cells and wait until the last one has its number.

    ``timeout`` is in milliseconds.
    """
    address, token = lab
    page.goto(f"{address}/lab/tree/{name}?token={token}&reset")
    page.wait_for_function(f"() => ({_COUNTS})() && document.querySelector('.jp-Notebook')")
    page.wait_for_function(
        "() => jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function(f"() => ({_COUNTS})().every(count => count !== null)", timeout=timeout)
