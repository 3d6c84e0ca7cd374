"""The record of a training run: its curve, and what is needed to repeat it."""

import json
import platform
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import paddle

from .. import runtime
from ..files import write_whole

# What one pass leaves in the curve, see History.
ENTRY = {
    "epoch": 1,
    "learning_rate": 0.0,
    "train_loss": 0.0,
    "train_error": 0.0,
    "test_error": 0.0,
    "seconds": 0.0,
}


class HistoryError(Exception):
    """A file that is no record of a run; the message is one sentence for people."""


@dataclass
class History:
    """The curve of one training run, with what is needed to repeat it.

    Attributes:
        epochs: one dict per pass: epoch (from 1), learning_rate (at its end), train_loss and
            train_error (% wrong, both averaged while the weights were changing), test_error
            (% wrong after the pass), seconds (training only, without the test).
        settings: what ``train`` was called with.
        context: command, machine, versions and date of the run, see ``this_run``.
    """

    epochs: list = field(default_factory=list)
    settings: dict = field(default_factory=dict)
    context: dict = field(default_factory=dict)

    def save(self, path):
        """Write JSON; see ``files.write_whole``."""
        text = json.dumps(vars(self), indent=1, ensure_ascii=False)
        # A name that is no UTF-8 becomes what JSON writes for it.
        write_whole(path, f"{text}\n".encode(errors="backslashreplace"))

    @classmethod
    def load(cls, path):
        """Read what ``save`` wrote.

        Raises:
            HistoryError: the file cannot be read as a record of a run.
        """
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise HistoryError(
                f"{path} is not the record of a training run ({type(error).__name__}); make one "
                f"with `python -m course_utils train … --record {path}`."
            ) from None


def this_run():
    """Command, date, machine and versions of the running process, ready for JSON."""
    machine = runtime.settings()
    return {
        "command": " ".join(["python", *sys.orig_argv[1:]]),
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "cores": machine.cores,
            "threads": machine.threads,
            "device": runtime.device_name(),
        },
        "versions": {
            "python": platform.python_version(),
            "paddle": paddle.__version__,
            "numpy": np.__version__,
        },
    }


def _processor():
    """Model name of the processor; only Linux hides it from ``platform``."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
