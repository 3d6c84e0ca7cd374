"""The machine: threads, quiet logs, device, seeds, plot style with the bundled Chinese font.

Importing this module prepares the process for Paddle, which reads its environment only once,
when it is imported: import ``course_utils`` before ``paddle``.
"""

import atexit
import logging
import os
import platform
import random
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
FONT_FILE = Path(__file__).with_name("fonts") / "CourseSansSC-Regular.otf"
FONT_FAMILY = "Course Sans SC"

# Okabe & Ito, "Color Universal Design", 2008, without the yellow, which vanishes on white.
COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]

PLOT_STYLE = {
    "font.family": [FONT_FAMILY, "DejaVu Sans"],
    "font.size": 12,
    "axes.titlesize": 14,
    "axes.labelsize": 12,
    "legend.fontsize": 11,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "figure.figsize": (8, 4.5),
    "figure.dpi": 100,
    "lines.linewidth": 2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "course",  # the same drawing always gives the same SVG text
}

# Messages that say nothing to a learner: a compiler cache that the course does not use, and
# the note that Paddle repeats for each batch normalisation while it traces a network.
UNWANTED_WARNINGS = [
    "No ccache found",
    "When training, we now always track global mean and variance",
]

# The same of matplotlib at its first use, or where its folder in HOME cannot be written.
UNWANTED_LOG_MESSAGES = {
    "matplotlib.font_manager": ("generated new fontManager", "is building the font cache"),
    "matplotlib": ("mkdir -p failed", "is not a writable directory", "created a temporary cache"),
}


def usable_cores():
    """Cores that this process may use, by its CPU mask and by its container's quota."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        cores = os.cpu_count() or 1
    return min(cores, quota_cores() or cores)


def quota_cores(cgroup=Path("/sys/fs/cgroup")):
    """Cores that a Linux container's CPU quota allows (cgroup v2 or v1), None without a quota."""
    try:
        if (cgroup / "cpu.max").exists():
            quota, period = (cgroup / "cpu.max").read_text().split()
        else:
            quota, period = (
                (cgroup / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
    except OSError:
        return None
    return None if quota == "max" or int(quota) < 0 else max(1, int(quota) // int(period))


def is_amd():
    """Whether the processor is AMD's, on Linux or Windows (no Mac has one)."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(errors="ignore") if cpuinfo.exists() else platform.processor()
    return "AuthenticAMD" in text


def prepare():
    """Set threads, matrix-library path, log level and home, unless the user has set them already.

    MKL_NUM_THREADS and not OMP_NUM_THREADS: matrix products become as fast, and Paddle warns
    on standard error about every value of the latter but 1, so that one becomes the former.
    """
    if os.environ.get("OMP_NUM_THREADS", "1") != "1":
        os.environ.setdefault("MKL_NUM_THREADS", os.environ.pop("OMP_NUM_THREADS"))
    if not {"MKL_NUM_THREADS", "OMP_NUM_THREADS"} & os.environ.keys():
        os.environ["MKL_NUM_THREADS"] = str(usable_cores())
    if is_amd():
        # Paddle's MKL takes its slowest path on processors that are not Intel's.
        os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")
    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        Path("~/.cache/paddle/dataset").expanduser().mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # it cannot be written, or there is none
        use_temporary_home()


def use_temporary_home():
    """Give this process a home of its own: without that folder Paddle cannot be imported."""
    home = tempfile.mkdtemp(prefix="classic-cnn-course-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ["HOME"] = home


def silence():
    """Filter the ``UNWANTED_WARNINGS`` and ``UNWANTED_LOG_MESSAGES``, and nothing else."""
    for message in UNWANTED_WARNINGS:
        warnings.filterwarnings("ignore", message=message, category=UserWarning)
    for logger, unwanted in UNWANTED_LOG_MESSAGES.items():
        logging.getLogger(logger).addFilter(
            lambda record, unwanted=unwanted: not any(u in record.getMessage() for u in unwanted)
        )


@dataclass(frozen=True)
class Settings:
    """What is in force in this process; see ``settings``."""

    cores: int
    threads: int
    amd: bool
    fast_amd_path: bool
    in_time: bool  # False: Paddle was imported first and could not be prepared


def settings():
    """The threads and the matrix-library path that Paddle uses in this process."""
    threads = os.environ.get("MKL_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS") or "1"
    first = threads.split(",")[0].strip()
    return Settings(
        cores=usable_cores(),
        threads=int(first) if first.isdecimal() else 1,
        amd=is_amd(),
        fast_amd_path=os.environ.get("MKL_DEBUG_CPU_TYPE") == "5",
        in_time=IN_TIME,
    )


def device_name():
    """The device that Paddle computes on: "cpu", "gpu:0", …"""
    import paddle

    return paddle.device.get_device()


def seed_everything(seed):
    """Seed the random generators of Python, NumPy and (where it is installed) Paddle."""
    import numpy as np

    random.seed(seed)
    np.random.seed(seed)
    try:
        import paddle
    except ImportError:  # the doctor says how to install it
        return
    paddle.seed(seed)


def use_plot_style():
    """Give matplotlib the course's Chinese font, colours and sizes."""
    import matplotlib
    from matplotlib import font_manager

    if FONT_FAMILY not in font_manager.fontManager.get_font_names():
        font_manager.fontManager.addfont(FONT_FILE)
    matplotlib.rcParams.update(PLOT_STYLE)
    matplotlib.rcParams["axes.prop_cycle"] = matplotlib.cycler(color=COLORS)


def setup_notebook(seed=0):
    """Prepare a notebook, in its first code cell: folder, seeds and plot style. Prints nothing.

    A notebook names files relative to ``notebooks/`` ("../data/..."). A kernel that did not start
    in a folder beside ``course_utils/`` (AI Studio's may start in its home) is brought there.
    """
    if not Path("../course_utils").is_dir():
        os.chdir(REPO / "notebooks")
    seed_everything(seed)
    use_plot_style()


IN_TIME = "paddle" not in sys.modules
if IN_TIME:
    prepare()
silence()
