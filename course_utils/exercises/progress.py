"""What a learner tried, right or wrong, kept on this computer and nowhere else.

Every process writes a file of its own in one folder, whole or not at all, so that two notebooks
open at once lose nothing and no lock is needed; reading takes all of them together. Deleting the
folder is harmless. ``COURSE_PROGRESS`` names another folder; empty, nothing is written. Where
nothing can be written (a read-only copy), what this process knows is all there is.
"""

import json
import os
import time
from collections import Counter, defaultdict
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ..files import FileError, write_whole
from ..runtime import REPO

DAY = 24 * 60 * 60  # seconds

_started = f"{time.time_ns()}-{os.getpid()}"
_mine = []
_wrong = Counter()


def folder():
    """Where the files are, or None if none are wanted."""
    name = os.environ.get("COURSE_PROGRESS", str(REPO / "progress"))
    return Path(name) if name else None


def note(exercise, right, kind="", variant=None):
    """Remember a try.

    Returns:
        how many tries of this exercise and variant were wrong in a row in this process, so that
        the next hint is due; 0 after a right one.
    """
    asked = (exercise, None if variant is None else str(variant).strip())
    _wrong[asked] = 0 if right else _wrong[asked] + 1
    _mine.append(
        {
            "time": time.time(),
            "exercise": exercise,
            "variant": asked[1],
            "right": bool(right),
            "kind": kind,
        }
    )
    if folder() is not None:
        content = json.dumps(_mine, ensure_ascii=False, indent=0).encode()
        with suppress(FileError):  # what this process knows goes on
            write_whole(folder() / f"{_started}.json", content)
    return _wrong[asked]


def tries():
    """All that is known, the oldest first: dicts with time, exercise, variant, right, kind."""
    found = list(_mine)
    for path in folder().glob("*.json") if folder() is not None else ():
        if path.stem != _started:
            found += _read(path)
    return sorted(found, key=lambda one: one["time"])


def first_tries():
    """{(exercise, variant): its first try}"""
    found = {}
    for one in tries():
        found.setdefault((one["exercise"], one["variant"]), one)
    return found


def due(now=None):
    """Exercises to repeat, the most urgent first.

    One that was ever wrong is due again a day after it was put right, then after two, four, ...
    days; one that is still wrong is due at once.
    """
    now = time.time() if now is None else now
    history = defaultdict(list)
    for one in tries():
        history[one["exercise"]].append(one)
    urgent = {}
    for exercise, told in history.items():
        wrong = [place for place, one in enumerate(told) if not one["right"]]
        if not wrong:
            continue
        since = len(told) - 1 - wrong[-1]  # right ones since the last wrong one
        wait = DAY * 2 ** (since - 1) if since else 0
        late = now - told[-1]["time"] - wait
        if late >= 0:
            urgent[exercise] = (since, -late)
    return sorted(urgent, key=urgent.get)


def today():
    """The date, a seed for today's variants."""
    return datetime.now().date().isoformat()


def _read(path):
    """The tries in a file of another process; none if it is damaged."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return [
            {
                "time": float(one["time"]),
                "exercise": str(one["exercise"]),
                "variant": one["variant"],
                "right": bool(one["right"]),
                "kind": str(one["kind"]),
            }
            for one in told
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []
