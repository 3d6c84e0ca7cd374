"""Whatever interrupts a writer, a file is there whole, and nothing else stays beside it."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from course_utils import files
from course_utils.files import FileError, verify_writable, working_folder, write_whole

POSIX = pytest.mark.skipif(os.name != "posix", reason="links, pipes and permissions of POSIX")


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_stays_and_its_target_is_written(tmp_path, dangling):
    real, link = tmp_path / "kept" / "real", tmp_path / "link"
    link.symlink_to(real)
    if not dangling:
        real.parent.mkdir()
        real.write_bytes(b"old")
    write_whole(link, b"new")
    assert link.is_symlink() and not real.is_symlink() and real.read_bytes() == b"new"


@POSIX
def test_a_pipe_is_written_to_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    verify_writable(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"content")
    reader.join()
    assert received == [b"content"] and stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


@POSIX
def test_a_device_stays_a_device():
    verify_writable(os.devnull)
    write_whole(os.devnull, b"content")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@POSIX
def test_the_permissions_of_a_file_stay(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"")
    plain = tmp_path / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode  # not a temporary file's
    path.chmod(0o640)
    write_whole(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("when", ["write", "fsync", "replace"])
@pytest.mark.parametrize("what", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_older_file_and_nothing_else(tmp_path, monkeypatch, when, what):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*_):
        raise what

    if when == "write":
        monkeypatch.setattr(files, "open", lambda *_: fail(), raising=False)
    else:
        monkeypatch.setattr(os, when, fail)
    with pytest.raises(FileError if isinstance(what, OSError) else KeyboardInterrupt):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


def test_file_and_folder_are_written_through_in_order(tmp_path, monkeypatch):
    done, fsync, replace = [], os.fsync, os.replace

    def record(number):
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else "file")
        fsync(number)

    def move(*names):
        done.append("replace")
        replace(*names)

    monkeypatch.setattr(os, "fsync", record)
    monkeypatch.setattr(os, "replace", move)
    write_whole(tmp_path / "file", b"content")
    assert done[:2] == ["file", "replace"] and done[2:] == ["folder"] * (os.name == "posix")


# --- What cannot be written is said before the work ---


@pytest.fixture
def foreign_folder():
    """A folder of somebody else's with a file in it, seen by a user without rights."""
    if os.name != "posix":
        pytest.skip("permissions of POSIX")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "file").write_bytes(b"old")
        if os.geteuid() == 0:
            os.chmod(folder, 0o755)
            os.seteuid(65534)
        else:
            os.chmod(Path(folder) / "file", 0o444)
            os.chmod(folder, 0o555)
        try:
            yield Path(folder)
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
            else:
                os.chmod(folder, 0o755)


@pytest.mark.parametrize("name", ["file", "new", "folder/new"])
def test_without_permission_both_say_so(foreign_folder, name):
    path = foreign_folder / name
    for ask in (verify_writable, lambda path: write_whole(path, b"new")):
        with pytest.raises(FileError, match=f"{path} cannot be written .Permission denied"):
            ask(path)
    assert os.listdir(foreign_folder) == ["file"]
    assert (foreign_folder / "file").read_bytes() == b"old"


@POSIX
def test_a_protected_file_in_a_folder_of_ones_own_is_not_replaced():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(b"old")
        path.chmod(0o444)
        if os.geteuid() == 0:
            os.chown(folder, 65534, -1)
            os.seteuid(65534)
        try:
            for ask in (verify_writable, lambda path: write_whole(path, b"new")):
                with pytest.raises(FileError, match="Permission denied"):
                    ask(path)
        finally:
            os.seteuid(os.getuid())
        assert path.read_bytes() == b"old" and os.listdir(folder) == ["file"]


@POSIX
def test_a_device_that_may_not_be_written_is_refused(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(FileError, match="pipe cannot be written .Permission denied"):
        verify_writable(tmp_path / "pipe")


def test_a_folder_is_no_file(tmp_path):
    for ask in (verify_writable, lambda path: write_whole(path, b"")):
        with pytest.raises(FileError, match="is a folder; name a file in it"):
            ask(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="file/new cannot be written"):
        verify_writable(tmp_path / "file" / "new")


def test_to_ask_changes_nothing(tmp_path):
    path = tmp_path / "file"
    verify_writable(path)
    assert os.listdir(tmp_path) == []
    path.write_bytes(b"old")
    before = path.stat()
    verify_writable(path)
    assert path.read_bytes() == b"old" and path.stat().st_mtime_ns == before.st_mtime_ns


# --- Many writers, and writers that are killed ---

SIZE = 200_000
WRITER = """
import sys
from course_utils.files import write_whole
print("ready", flush=True)
for i in range(int(sys.argv[2])):
    write_whole(sys.argv[1], bytes([65 + i % 26]) * {size})
"""


def writer(path, times):
    """A process that writes so often, already at it."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER.format(size=SIZE), str(path), str(times)],
        cwd=files.__file__.rpartition("course_utils")[0],
        stdout=subprocess.PIPE,
    )
    process.stdout.readline()
    return process


def is_whole(content):
    return len(content) == SIZE and content == content[:1] * SIZE


def test_many_writers_never_fail_and_no_reader_sees_a_cut_file(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"A" * SIZE)
    writers = [writer(path, 150) for _ in range(3)]
    threads = [
        threading.Thread(target=write_whole, args=(path, bytes([97 + i]) * SIZE)) for i in range(20)
    ]
    for thread in threads:
        thread.start()
    reads = 0
    while any(process.poll() is None for process in writers):
        assert is_whole(path.read_bytes())
        reads += 1
    for thread in threads:
        thread.join()
    assert [process.wait() for process in writers] == [0, 0, 0] and reads > 10
    for process in writers:
        process.stdout.close()
    assert is_whole(path.read_bytes()) and os.listdir(tmp_path) == ["file"]


@POSIX
def test_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"A" * SIZE)
    left = 0
    for moment in range(30):
        process = writer(path, 10**6)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.003 * moment)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert is_whole(path.read_bytes())
        left = max(left, len(os.listdir(tmp_path)) - 1)
    assert left <= 1  # the next writer removes what the one before left
    write_whole(path, b"new")
    assert os.listdir(tmp_path) == ["file"]


# --- Folders for the time of some work ---


def test_a_working_folder_ends_with_its_work(tmp_path):
    with pytest.raises(KeyboardInterrupt), working_folder(tmp_path) as folder:
        (folder / "inside").mkdir()
        (folder / "inside" / "file").touch()
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_only_what_dead_processes_of_the_course_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with working_folder() as mine:
        assert mine.parent == tmp_path
        dead = tmp_path / mine.name.replace(f"-{os.getpid()}-", f"-{ended.pid}-")
        kept = [
            mine.name,
            f".course-elsewhere-{ended.pid}-0123456789abcdef",  # of another machine
            f"{dead.name}.txt",
            "course-notes",
        ]
        for folder in (dead, *(tmp_path / name for name in kept[1:])):
            folder.mkdir()
            (folder / "file").touch()
        (outside := tmp_path / "outside").mkdir()
        (tmp_path / f"{dead.name[:-1]}x").symlink_to(outside)  # no name of ours
        link = tmp_path / f"{dead.name[:-16]}0123456789abcdef"
        link.symlink_to(outside)
        with working_folder():
            pass
        assert not dead.exists() and not link.is_symlink() and outside.exists()
        assert set(kept) < set(os.listdir(tmp_path))
