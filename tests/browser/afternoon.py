"""A learner's afternoon: every notebook in one JupyterLab, then every explorer 500 times.

python tests/browser/afternoon.py     prints tables; fails if something complains or leaks (Linux)

The kernels stay open, as they do in a class. It is no part of `make check`, which runs the same
cells already, because it takes as long again.
"""

import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from lab import REPO, chromium_page, run_notebook, running_lab
from latency import key_delays, pen_delays
from nbformat import read, write
from samples import make_explorers, write_notebook

from course_utils import notebooks
from course_utils.commands.release import learner_copy

MOST_MEMORY = 4.0  # GiB a kernel, half of AI Studio's free tier
MOST_LEFT = 10.0  # MiB that 500 moves of an explorer may leave, in its kernel or in the page
_COMPLAINTS = ("application/vnd.jupyter.error", "application/vnd.jupyter.stderr")


def kernels():
    """{process id: peak memory in GiB} of the kernels of this process's JupyterLab."""
    peaks = {}
    for process in psutil.Process().children(recursive=True):
        if "ipykernel_launcher" in " ".join(process.cmdline()):
            status = Path(f"/proc/{process.pid}/status").read_text()
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            peaks[process.pid] = int(peak.split()[1]) / 2**20
    return peaks


def run_all(page, lab, names):
    """[(notebook, seconds, peak memory in GiB, number of complaints)], printed as they come."""
    said, lines, known = [], [], set()
    page.on("console", lambda message: said.append(message.type))
    page.on("pageerror", lambda error: said.append("error"))
    for name in names:
        said.clear()
        start = time.perf_counter()
        run_notebook(page, lab, f"notebooks/{name}", timeout=900_000)
        seconds = time.perf_counter() - start
        shown = sum(page.locator(f'[data-mime-type="{kind}"]').count() for kind in _COMPLAINTS)
        peaks = kernels()
        memory = max(peak for pid, peak in peaks.items() if pid not in known)
        known |= set(peaks)
        lines.append((name, seconds, memory, shown + said.count("error")))
        print(f"{name:24} {seconds:6.0f} s {memory:5.2f} GiB {lines[-1][3]} complaints", flush=True)
    return lines


def move_all(page, lab, folder, moves=500):
    """[(explorer, MiB left in its kernel, MiB left in the page)], printed as they come."""
    write_notebook(folder / "explorers.ipynb", Path(__file__).parent)
    before = set(kernels())
    run_notebook(page, lab, "explorers.ipynb")
    page.wait_for_selector(".course-DigitPad canvas")
    kernel = psutil.Process((set(kernels()) - before).pop())
    tools = page.context.new_cdp_session(page)

    def memory():
        tools.send("HeapProfiler.collectGarbage")
        page_bytes = tools.send("Runtime.getHeapUsage")["usedSize"]
        return np.array([kernel.memory_info().rss, page_bytes]) / 2**20

    lines = []
    for name, explorer in make_explorers().items():
        press = (
            partial(key_delays, page, name, explorer)
            if explorer.controls
            else partial(pen_delays, page)
        )
        press(moves=100)  # what is remembered on purpose
        start = memory()
        press(moves=moves)
        lines.append((name, *(memory() - start)))
        print(
            f"{name:24} {lines[-1][1]:+6.1f} MiB kernel {lines[-1][2]:+6.1f} MiB page", flush=True
        )
    return lines


def main():
    names = [path.name for path in notebooks.sections().values()]
    with tempfile.TemporaryDirectory() as folder:
        for part in ("course_utils", "data"):
            shutil.copytree(REPO / part, Path(folder) / part)
        for name in names:  # without outputs, so that it shows when a cell has run
            copy = learner_copy(read(REPO / "notebooks" / name, as_version=4))
            (Path(folder) / "notebooks").mkdir(exist_ok=True)
            write(copy, Path(folder) / "notebooks" / name)
        with (
            running_lab(Path(folder)) as lab,
            chromium_page(shutil.which("chromium")) as page,
        ):
            run = run_all(page, lab, names)
            moved = move_all(page, lab, Path(folder))
    bad = [name for name, _, memory, complaints in run if complaints or memory > MOST_MEMORY]
    bad += [name for name, *left in moved if max(left) > MOST_LEFT]
    print(f"{len(run) + len(moved) - len(bad)} passed, {len(bad)} failed")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
