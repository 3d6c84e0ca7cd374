"""Looks for the wheels of every machine that the pins are for; needs pip's index, installs nothing.

python tests/resolve.py
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from platforms import TARGETS, closure, pinned

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"


def missing_wheels(python, system):
    """What pip says of the wheels of one target; empty where it finds them all."""
    with CONSTRAINTS.open(encoding="utf-8") as lines:
        versions = pinned(lines, python, system)
    tags = [f"--platform={tag}" for tag in system.tags]
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps",
             "--only-binary=:all:", "--retries=1", f"--target={nowhere}", *tags,
             f"--python-version={python}",
             *(f"{name}=={versions[name]}" for name in closure(python, system))],
            capture_output=True, text=True,
        )  # fmt: skip
    return done.stderr.strip() if done.returncode else ""


def main():
    """Go through the targets; the exit status is 1 if a wheel is missing, else 0."""
    failed = 0
    for python, system in TARGETS:
        words = missing_wheels(python, system)
        if "(from versions: none)" in words:
            print("skipped: pip finds no package at all; is there a network?")
            break
        print(f"Python {python}, {system.name}: {words or 'every pin has a wheel'}", flush=True)
        failed += bool(words)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
