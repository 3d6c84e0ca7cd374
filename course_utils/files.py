"""Files written whole or not at all, and folders that do not outlive the work in them.

Drafts and working folders are named after the process that made them. One that was killed cannot
remove its own; the next process that works in the same folder does.
"""

import errno
import os
import platform
import re
import secrets
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_PREFIX = f".course-{platform.node()}-"
_NAME = re.compile(rf"{re.escape(_PREFIX)}(\d+)-[0-9a-f]{{16}}")


class FileError(Exception):
    """A file that cannot be written; the message is one sentence for people."""


def verify_writable(path):
    """Before long work: raise the error that ``write_whole`` would raise after it.

    Raises:
        FileError: as ``write_whole``.
    """
    with _one_sentence(path):
        if _is_replaceable(path):
            with _draft_of(path) as draft:
                draft.touch()
        elif not os.access(path, os.W_OK):  # opening a pipe would wait for its reader
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def write_whole(path, content):
    """Write bytes to a file; a crash half way leaves an older file at ``path`` as it was.

    Missing folders are made. A link stays and its target is written; the file keeps its
    permissions. Of several writers at once the last one wins. What is no file, as a pipe or a
    device, is written to as it is.

    Raises:
        FileError: the disk is full or the file cannot be written; the older file is kept.
    """
    with _one_sentence(path):
        if _is_replaceable(path):
            with _draft_of(path) as draft:
                _write_through(draft, content)
                os.replace(draft, os.path.realpath(path))
                _write_folder_through(draft.parent)
        else:
            Path(path).write_bytes(content)


@contextmanager
def working_folder(parent=None):
    """A folder of its own for the time of a ``with`` block.

    Args:
        parent: where it is made; by default the system's folder for temporary files.
    """
    folder = _new_name(parent or tempfile.gettempdir())
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _one_sentence(path):
    if Path(path).is_dir():
        raise FileError(f"{path} is a folder; name a file in it.")
    try:
        yield
    except OSError as error:
        raise FileError(
            f"{path} cannot be written ({error.strerror}); what was there is unchanged, make "
            f"room or name another file."
        ) from None


def _is_replaceable(path):
    return Path(path).is_file() or not Path(path).exists()


@contextmanager
def _draft_of(path):
    """Name for a new version of the file, beside it; what is still there at the end is removed."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = _new_name(target.parent)
    try:
        if target.exists():
            open(target, "ab").close()  # replacing it asks only the folder for permission
            draft.touch()
            shutil.copymode(target, draft)
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink()


def _write_through(path, content):
    with open(path, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _write_folder_through(folder):
    """Make the names in a folder last, where the system can: the files are safe already."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _new_name(folder):
    """A path in the folder that nobody else uses, with what killed processes left removed."""
    with suppress(OSError):
        for path in Path(folder).iterdir():
            owner = _NAME.fullmatch(path.name)
            if owner and not psutil.pid_exists(int(owner[1])):
                _remove(path)
    return Path(folder, f"{_PREFIX}{os.getpid()}-{secrets.token_hex(8)}")


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
