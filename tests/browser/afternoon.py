"""A learner's afternoon: every notebook, one after the other, in one JupyterLab.

python tests/browser/afternoon.py     prints a table; fails if a notebook complains (Linux)

The kernels stay open, as they do in a class. It is no part of `make check`, which runs the same
cells already, because it takes as long again.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil
from lab import REPO, chromium_page, run_notebook, running_lab
from nbformat import read, write

from course_utils import notebooks
from course_utils.release import learner_copy

MOST_MEMORY = 4.0  # GiB a kernel, half of AI Studio's free tier
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
            lines = run_all(page, lab, names)
    bad = [name for name, _, memory, complaints in lines if complaints or memory > MOST_MEMORY]
    print(f"{len(lines) - len(bad)} passed, {len(bad)} failed")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
