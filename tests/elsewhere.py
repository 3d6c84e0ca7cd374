"""Runs notebooks and section tests as other machines would: ``make elsewhere``.

    python tests/elsewhere.py [--quick] [--only TARGET ...] [NAME ...]

Without names every one of the ``ELSEWHERES`` is tried on everything; ``--quick`` tries all that
can be had by environment variables at once, on what takes seconds.
"""

import argparse
import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
EVERYTHING = ["notebooks", "tests/sections"]
CHEAP = [
    "notebooks/6.0_start.ipynb",
    "tests/sections/test_6_1.py",
    "tests/sections/test_6_5.py::test_the_construction_differs_by_rounding_only",
]
NOBODY = 65_534
NO_CAPABILITY = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


class CannotBeTried(Exception):
    """This machine cannot be made to look like that one; the message says why."""


@dataclass(frozen=True)
class Elsewhere:
    """One other machine.

    Attributes:
        environment: variables to set; "{tmp}" stands for an empty folder that goes away.
        copy: where in that folder a copy of the course runs; empty: this clone itself.
        prepare: called with the copy's path; returns what to write before the command.
    """

    environment: dict = field(default_factory=dict)
    copy: str = ""
    prepare: Callable = lambda copy: []


def read_only(copy):
    """Take away the right to write, and root's right to write all the same."""
    for path in [copy, *copy.rglob("*")]:
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        raise CannotBeTried("setpriv is not installed, and root may write everywhere")
    return NO_CAPABILITY


def as_nobody(copy):
    """Another user, who owns the copy."""
    if os.geteuid() != 0:
        raise CannotBeTried("you are not root already")
    as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if not shutil.which("setpriv"):
        raise CannotBeTried("setpriv is not installed")
    for path in [copy.parent, copy, *copy.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    if subprocess.run([*as_user, sys.executable, "-c", "import paddle"], capture_output=True,
                      env={**os.environ, "HOME": str(copy.parent)}).returncode:  # fmt: skip
        raise CannotBeTried(f"other users may not run {Path(sys.executable).resolve()}")
    return as_user


# By environment variables alone; --quick sets them all together.
PROCESSORS = {
    "one-thread": Elsewhere({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}),
    "four-threads": Elsewhere({"MKL_NUM_THREADS": "4"}),
    "omp-four": Elsewhere({"OMP_NUM_THREADS": "4"}),
    "mkl-compatible": Elsewhere({"MKL_CBWR": "COMPATIBLE"}),
    "onednn-sse41": Elsewhere({"ONEDNN_MAX_CPU_ISA": "SSE41"}),
}
HABITS = {
    "other-seed": Elsewhere({"IPYTHONDIR": "{tmp}/ipython", "PYTEST_PLUGINS": "other_seed"}),
    "far-away": Elsewhere({"TZ": "Pacific/Kiritimati"}),
    "no-language": Elsewhere({"LANG": "C", "LC_ALL": "C"}),
    "first-plot": Elsewhere({"MPLCONFIGDIR": "{tmp}/matplotlib"}),
    "no-home": Elsewhere({"HOME": "/dev/null/home"}),
}
PLACES = {
    "odd-path": Elsewhere(copy="我的 课程/第 6 章"),
    "read-only": Elsewhere(copy="course", prepare=read_only),
    "no-root": Elsewhere({"HOME": "{tmp}"}, copy="course", prepare=as_nobody),
}
ELSEWHERES = PROCESSORS | HABITS | PLACES


def copy_course(target):
    """Copy what git knows, as a fresh clone would have it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPO / name, target / name)
    return target


def shift_seeds_of_kernels(ipython):
    """IPython runs what lies in this folder at the start of every kernel."""
    startup = ipython / "profile_default" / "startup"
    startup.mkdir(parents=True)
    shutil.copy(REPO / "tests" / "other_seed.py", startup)


def command(targets):
    """The line that runs notebooks and tests; it writes no cache into the clone."""
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval",
            "--nbval-current-env", "--nbval-cell-timeout=900", *targets]  # fmt: skip


def run(elsewhere, targets):
    """The exit status of the targets on another machine."""
    with tempfile.TemporaryDirectory() as folder:
        tmp = Path(folder)
        settings = {k: v.replace("{tmp}", folder) for k, v in elsewhere.environment.items()}
        course = copy_course(tmp / elsewhere.copy) if elsewhere.copy else REPO
        if "IPYTHONDIR" in settings:
            shift_seeds_of_kernels(Path(settings["IPYTHONDIR"]))
        before = elsewhere.prepare(course)
        environment = {**os.environ, **settings, "PYTHONDONTWRITEBYTECODE": "1"}
        paths = [str(course), str(course / "tests"), os.environ.get("PYTHONPATH")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        try:
            return subprocess.run(
                [*before, *command(targets)], cwd=course, env=environment
            ).returncode
        finally:
            with contextlib.suppress(OSError):  # so that the folder can be removed
                subprocess.run(["chmod", "-R", "u+w", folder], check=False)


def all_at_once():
    """One machine with all the variables, the later ones where two say different things."""
    environment = {}
    for elsewhere in [*PROCESSORS.values(), *HABITS.values()]:
        environment |= elsewhere.environment
    return {"all-at-once": Elsewhere(environment)}


def main():
    """Try the chosen machines; the exit status is 1 if one of them fails, else 0."""
    parser = argparse.ArgumentParser(description="run the course as other machines would")
    parser.add_argument("--quick", action="store_true", help="all variables at once, in a minute")
    parser.add_argument("--only", nargs="+", metavar="TARGET", help="notebooks and tests to run")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ELSEWHERES))
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - ELSEWHERES.keys())
    if unknown:
        parser.error(f"there is no {unknown[0]}; choose from {', '.join(ELSEWHERES)}.")
    machines = {name: ELSEWHERES[name] for name in arguments.names or ELSEWHERES}
    if arguments.quick:
        machines = all_at_once()
    targets = arguments.only or (CHEAP if arguments.quick else EVERYTHING)
    failed = []
    for name, elsewhere in machines.items():
        print(f"== {name}: {elsewhere.environment or elsewhere.copy}", flush=True)
        try:
            failed += [name] if run(elsewhere, targets) else []
        except CannotBeTried as reason:
            print(f"skipped: {reason}.")
    print(f"elsewhere: {len(machines)} tried, failed: {', '.join(failed) or 'none'}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
