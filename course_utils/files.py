"""Writes a file whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path


class FileError(Exception):
    """A file that cannot be written; the message is one sentence for people."""


def verify_writable(path):
    """Before long work: raise the error that ``write_whole`` would raise after it.

    Raises:
        FileError: as ``write_whole``.
    """
    if Path(path).is_dir():
        raise FileError(f"{path} is a folder; name a file in it.")
    if not Path(path).exists():
        write_whole(path, b"")
        Path(path).unlink()


def write_whole(path, content):
    """Write bytes to a file; a crash half way leaves an older file at ``path`` as it was.

    Missing folders are made.

    Raises:
        FileError: the disk is full or the folder cannot be written; the older file is kept.
    """
    path = Path(path)
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise FileError(
            f"{path} cannot be written ({error.strerror}); what was there is unchanged, make "
            f"room or name another file."
        ) from None
