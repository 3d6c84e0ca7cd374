"""Whatever ends a command or a kernel, nothing stays: no process, no folder, no shared memory."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import endless
import psutil
import pytest
from PIL import Image

from course_utils.files import working_folder
from course_utils.runtime import REPO
from course_utils.training import processes

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGKILL]
PATIENCE = 120  # seconds; far more than anything here takes

LAUNCH = f"""
from course_utils.files import working_folder
from course_utils.training import processes
with working_folder() as folder:
    program = [{sys.executable!r}, {endless.__file__!r}, str(folder), {{signs!r}}]
    processes.launch(2, program, folder / "log")
"""


class Run:
    """A program with a folder for its temporary files; it leads a group, as in a terminal."""

    def __init__(self, folder, *words):
        self.folder = folder
        folder.mkdir()
        self.shared = self.shared_memory()
        self.process = subprocess.Popen(
            [sys.executable, *words], env=os.environ | {"TMPDIR": str(folder)}, cwd=REPO,
            start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def living(self):
        """It and all that it has started, also what no longer hangs together with it."""
        return [
            process
            for process in psutil.process_iter(["environ", "status"])
            if (process.info["environ"] or {}).get("TMPDIR") == str(self.folder)
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]

    def shared_memory(self):
        return {path.name for path in Path("/dev/shm").glob("*")}

    def wait_until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self, number):
        """Ctrl-C reaches the whole group, another signal one process; returns what was said."""
        pids = [str(process.pid) for process in self.living()]
        (os.killpg if number == signal.SIGINT else os.kill)(self.process.pid, number)
        said = self.process.communicate(timeout=PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while self.living() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [process.cmdline() for process in self.living()] == []
        new = self.shared_memory() - self.shared
        assert not [name for name in new if set(name.split("_")) & set(pids)]
        return said

    def clear(self):
        for process in self.living():
            process.kill()
        self.process.communicate()


@pytest.fixture
def start(tmp_path):
    """Starts a Run; what a failing test would leave is ended."""
    runs = []

    def start(*words):
        runs.append(Run(tmp_path / f"run{len(runs)}", *words))
        return runs[-1]

    yield start
    for run in runs:
        run.clear()


@pytest.mark.skipif(not processes.available(), reason="this Paddle has no distributed part")
@pytest.mark.parametrize("number", SIGNALS)
def test_two_processes_that_wait_for_each_other_end(start, tmp_path, number):
    run = start("-c", LAUNCH.format(signs=str(tmp_path)))
    run.wait_until(lambda: (tmp_path / "0").exists() and (tmp_path / "1").exists())
    assert len(run.living()) == 4
    run.stop(number)
    assert os.listdir(run.folder) == []


@pytest.mark.skipif(not processes.available(), reason="this Paddle has no distributed part")
def test_two_processes_end_when_they_have_only_been_started(start, tmp_path, monkeypatch):
    run = start("-c", LAUNCH.format(signs=str(tmp_path)))
    run.wait_until(lambda: len(run.living()) == 2)  # the launcher is there, its processes are not
    run.stop(signal.SIGKILL)
    with working_folder(run.folder):  # the next run removes what nobody was there to remove
        pass
    assert os.listdir(run.folder) == []


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for split in ("train", "val"):
        for name in ("left", "right"):
            (folder / split / name).mkdir(parents=True)
            for i in range(50):
                Image.new("RGB", (64, 64), (i, 0, 0)).save(folder / split / name / f"{i}.png")
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="only there Paddle starts processes that read")
@pytest.mark.parametrize("number", SIGNALS)
def test_training_and_the_processes_that_read_for_it_end(start, photos, tmp_path, number):
    record = tmp_path / "record.json"
    run = start(
        "-m", "course_utils", "train", "6.2:AlexNet", "--data", str(photos), "--epochs", "1000",
        "--batch-size", "10", "--workers", "2", "--record", str(record),
    )  # fmt: skip
    run.wait_until(lambda: len(run.living()) == 3)
    out, err = run.stop(number)
    assert os.listdir(run.folder) == [] and not record.exists()
    if number != signal.SIGKILL:
        assert run.process.returncode == 128 + number
        assert err == "error: stopped before the end; no file is half written.\n"
