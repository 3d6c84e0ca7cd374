"""What stands on a command line: read into values of the right kind and range, or refused."""

import argparse
import ast
import math
import re
from pathlib import Path

from ..counting.geometry import LARGEST


class Parser(argparse.ArgumentParser):
    """argparse whose complaint is one sentence, on one line."""

    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message):
        self.exit(2, one_line(f"error: {message.rstrip('.')}; see `{self.prog} --help`."))


def one_line(text):
    """A sentence as one line to print, with the middle of a very long one left out."""
    line = " ".join(text.encode(errors="backslashreplace").decode().split())
    return (line if len(line) <= 480 else f"{line[:300]} … {line[-150:]}") + "\n"


def whole(least, most=10**6):
    """A reader of whole numbers in a range."""

    def read(text):
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {least} to {most}."
            )
        return int(text)

    return read


def number(text):
    """A finite number from 0 on."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number from 0 on.")
    return value


def positive(text):
    """A finite number above 0."""
    value = number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0.")
    return value


def name(text):
    """A name of something, which cannot be empty."""
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no name.")
    return text


def path(text):
    """A file or folder; an empty name would be the folder that the command runs in."""
    return Path(name(text))


def shape(text):
    """(C, H, W) of "CxHxW", or as many sizes as there are."""
    if not re.fullmatch(r"[0-9]{1,10}([xX][0-9]{1,10})*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no shape; write it like 3x224x224.")
    sizes = tuple(map(int, text.lower().split("x")))
    if not 0 < math.prod(sizes) <= LARGEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} has {math.prod(sizes):,} elements; choose 1 to {LARGEST:,}."
        )
    return sizes


def image_shape(text):
    """(channels, height, width) of "CxHxW"."""
    sizes = shape(text)
    if len(sizes) != 3:
        raise argparse.ArgumentTypeError(f"{text!r} is no image; write it like 3x224x224.")
    return sizes


def of_class(rest):
    """{name: value} of the remaining ``--name value`` pairs: arguments of a network's class.

    Raises:
        ValueError: they are no pairs, or a name stands twice.
    """
    names = rest[::2]
    if len(rest) % 2 or not all(name.startswith("--") for name in names):
        raise ValueError(
            f"arguments of the class come in pairs --name value, not {' '.join(rest)!r}."
        )
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} stands twice; give it once.")
    pairs = zip(names, rest[1::2], strict=True)
    return {name[2:].replace("-", "_"): _literal(value) for name, value in pairs}


def _literal(text):
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return text
