"""JSON and arrays in one file under a checksum; nothing that stands in one is ever run.

The first line names the format, its version and the SHA-256 of the rest; the second is the JSON;
what follows are the arrays as safetensors (https://huggingface.co/docs/safetensors).
"""

import hashlib
import json
import re

from safetensors import SafetensorError
from safetensors.numpy import load, save

VERSION = 1
_HEAD = re.compile(rb"classic-cnn-course checkpoint ([0-9]{1,9}) ([0-9a-f]{64})\n")
_LONGEST_HEAD = 128
_PICKLE = b"\x80"  # how a pickle begins, since its protocol 2


class CheckpointError(RuntimeError):
    """A file that is no checkpoint of this run; the message is one sentence for people."""


def pack(state, arrays):
    """The bytes of a file.

    Args:
        state: what JSON can hold; what it cannot is kept as its text.
        arrays: {name: NumPy array}.
    """
    text = json.dumps(state, default=str, allow_nan=False)
    content = text.encode() + b"\n" + save(arrays)
    return b"classic-cnn-course checkpoint %d %s\n" % (VERSION, _digest(content)) + content


def as_read(value):
    """A value as it comes back from a file."""
    return json.loads(json.dumps(value, default=str, allow_nan=False))


def read(path):
    """What ``pack`` was given: (state, arrays).

    Raises:
        CheckpointError: the file cannot be read, is of another kind or another version, or is
            damaged.
    """
    if path.exists() and not path.is_file():
        raise CheckpointError(f"{path} is no file; name a file for the checkpoint.")
    try:
        with path.open("rb") as file:
            head = file.readline(_LONGEST_HEAD)
            _verify_head(path, head)
            content = file.read()
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read ({error.strerror}); name another file or delete it."
        ) from None
    if _digest(content) != _HEAD.fullmatch(head)[2]:
        raise CheckpointError(
            f"{path} is damaged: it is not what was written, by its checksum; name another file or "
            f"delete it."
        )
    try:
        text, _, arrays = content.partition(b"\n")
        return json.loads(text), load(arrays)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        raise CheckpointError(
            f"{path} is not a checkpoint of this course, though it says so; name another file or "
            f"delete it."
        ) from None


def _verify_head(path, head):
    found = _HEAD.fullmatch(head)
    if found is None and head.startswith(_PICKLE):
        raise CheckpointError(
            f"{path} is not a checkpoint of today but a pickle, as earlier versions of this course "
            f"wrote them; a pickle can run anything, so it is not opened: name another file or "
            f"delete it."
        )
    if found is None:
        raise CheckpointError(
            f"{path} is not a checkpoint of this course; name another file or delete it."
        )
    if int(found[1]) != VERSION:
        raise CheckpointError(
            f"{path} has version {int(found[1])}, and this course reads version {VERSION}; name "
            f"another file or delete it."
        )


def _digest(content):
    return hashlib.sha256(content).hexdigest().encode()
