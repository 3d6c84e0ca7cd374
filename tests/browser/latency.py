"""How long from a key or the pen to the changed picture, in a real JupyterLab.

python tests/browser/latency.py     prints a table, milliseconds

The first line is an explorer that computes and draws next to nothing: what Jupyter, the browser
and the machine take by themselves. The others are also given as multiples of it.
"""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles

from ipywidgets import Dropdown
from lab import chromium_page, run_notebook, running_lab
from samples import make_explorers, step, write_notebook

from course_utils.widgets import svg
from course_utils.widgets.explorer import Explorer, slider

# From the event until the browser has painted the picture that it brought about.
_WATCH = """root => {
  window.delays = [];
  if (root.watched) return;
  root.watched = true;
  let start = null;
  for (const kind of ['keydown', 'pointerdown']) {
    root.addEventListener(kind, event => { start = event.timeStamp; }, true);
  }
  new MutationObserver(() => {
    if (start === null) return;
    const from = start;
    start = null;
    requestAnimationFrame(() => setTimeout(() => delays.push(performance.now() - from)));
  }).observe(root.querySelector('.course-picture'), { childList: true, subtree: true });
}"""


class BareExplorer(Explorer):
    """A slider and its number."""

    def make_controls(self):
        return {"number": slider("数", 1, 9, 1)}

    def compute(self, number):
        return number

    def draw(self, result):
        return svg.picture(120, 40, svg.text(12, 26, result), str(result))

    def frames(self):
        return [("1", {"number": 1})]


def measure(page, moves=40):
    """Delays in milliseconds, by explorer, on a page whose notebook has run."""
    bare = {"BareExplorer": key_delays(page, "BareExplorer", BareExplorer(), moves)}
    return bare | {
        name: key_delays(page, name, explorer, moves)
        if explorer.controls
        else pen_delays(page, moves)
        for name, explorer in make_explorers().items()
    }


def key_delays(page, name, explorer, moves):
    """Delays of the arrow keys, one there and one back, on an explorer's first slider."""
    control, there, back = _first_slider(explorer)
    root = page.locator(f".course-{name}")
    root.evaluate(_WATCH)
    root.locator(f".course-{control} [role=slider]").first.focus()
    for move in range(moves):
        page.keyboard.press(back if move % 2 else there)
        page.wait_for_function("count => delays.length === count", arg=move + 1)
    return page.evaluate("delays")


def _first_slider(explorer):
    """(name of the first control that takes the arrow keys, key there, key back)."""
    return next(
        (name, *step(control)[:2])
        for name, control in explorer.controls.items()
        if not isinstance(control, Dropdown) and not isinstance(control.value, bool)
    )


def pen_delays(page, moves):
    """Delays of the digit pad: a dot of the pen and the pad wiped, by turns."""
    root = page.locator(".course-DigitPad")
    canvas, wipe = root.locator("canvas"), root.get_by_role("button", name="清空")
    wipe.click()
    root.evaluate(_WATCH)
    for move in range(moves):
        if move % 2:
            wipe.press("Enter")  # its click comes with the key; a mouse's with the release
        else:
            canvas.click()
        page.wait_for_function("count => delays.length === count", arg=move + 1)
    return page.evaluate("delays")


def main():
    if shutil.which("chromium") is None or find_spec("playwright") is None:
        print("The explorers were not timed: install Chromium and run `make env EXTRAS=cpu,dev`.")
        return
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        bare = "from latency import BareExplorer\nBareExplorer()"
        write_notebook(folder / "explorers.ipynb", Path(__file__).parent, bare)
        with running_lab(folder) as lab, chromium_page(shutil.which("chromium")) as page:
            run_notebook(page, lab, "explorers.ipynb")
            page.wait_for_selector(".course-DigitPad canvas")
            measured = measure(page)
    floor = median(measured["BareExplorer"])
    print(f"{'explorer':22} {'median':>7} {'p95':>7} {'ratio':>7}   ms from key or pen to picture")
    for name, delays in measured.items():
        middle, slow = median(delays), quantiles(delays, n=20)[-1]
        print(f"{name:22} {middle:7.0f} {slow:7.0f} {middle / floor:7.2f}")


if __name__ == "__main__":
    main()
