"""The command line: ``python -m course_utils``, then the name of a command."""

import argparse
import ast
import signal
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path

_SIGNALS = signal.SIGINT, signal.SIGTERM


def main(arguments=None):
    """Run one command; returns the exit status, 2 for a wrong request."""
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and not getattr(options, "takes_arguments", False):
        parser.error(f"unknown argument {rest[0]!r}.")
    try:
        if options.run is not _doctor:  # it looks at Paddle itself
            _heed_signals()
        return options.run(options, *([_class_arguments(rest)] if rest else [])) or 0
    except _errors() as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error}; name another file or folder.", file=sys.stderr)
    except KeyboardInterrupt as stop:
        print("error: stopped before the end; no file is half written.", file=sys.stderr)
        return 128 + (stop.args or _SIGNALS)[0]
    return 2


def _heed_signals():
    """Let Ctrl-C and SIGTERM raise KeyboardInterrupt from here on, so that all is cleaned up.

    Paddle breaks when it is interrupted while it is imported, and takes SIGTERM for itself.
    """
    can_wait = hasattr(signal, "pthread_sigmask")  # not on Windows
    if can_wait:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    with suppress(ImportError):
        import_module("paddle")
    for number in _SIGNALS:
        signal.signal(number, _stop)
    if can_wait:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _stop(number, _):
    raise KeyboardInterrupt(number)


# Module by module, the errors that are sentences for people.
_ERRORS = {
    "book.textbook": "TextbookError",
    "commands.release": "ReleaseError",
    "counting.analysis": "AnalysisError",
    "files": "FileError",
    "images.datasets": "DatasetError",
    "images.folders": "FolderError",
    "notebooks": "NotebookError",
    "training.checkpoint": "CheckpointError",
    "training.loop": "TrainingError",
}


def _errors():
    """The sentences for people of the modules that a command has imported, and ValueError."""
    modules = {name: sys.modules.get(f"{__package__}.{name}") for name in _ERRORS}
    return ValueError, *(getattr(m, _ERRORS[name]) for name, m in modules.items() if m)


def _parser():
    whole_names = partial(argparse.ArgumentParser, allow_abbrev=False)
    parser = whole_names(prog="python -m course_utils")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=whole_names)

    doctor = commands.add_parser("doctor", help="what this machine has, and what is wrong with it")
    doctor.set_defaults(run=_doctor)

    table = commands.add_parser("table", help="one network of a notebook, e.g. 6.1:LeNet5")
    table.add_argument("network", metavar="SECTION:CLASS")
    table.add_argument("--input", type=_shape, metavar="CxHxW", help="by default the chapter's")
    _add_format(table)
    table.set_defaults(run=_table, takes_arguments=True)

    tables = commands.add_parser("tables", help="a section's printed table, regenerated")
    tables.add_argument("section")
    _add_format(tables)
    tables.set_defaults(run=_tables)

    audit = commands.add_parser("audit", help="hold every claim of the book against the networks")
    audit.add_argument("sections", nargs="*", metavar="SECTION")
    audit.add_argument(
        "--notebook",
        type=Path,
        metavar="FILE",
        help="audit a copy of a notebook; this runs the copy's code, in a process of its own with "
        "limits of time and memory, which is no protection against malice",
    )
    audit.set_defaults(run=_audit)

    train = commands.add_parser("train", help="train a network of a notebook on real images")
    train.add_argument("network", metavar="SECTION:CLASS")
    _add_training(train)
    train.set_defaults(run=_train, takes_arguments=True)

    site = commands.add_parser("site", help="the course as pages that need no kernel")
    site.add_argument("folder", type=Path)
    site.set_defaults(run=_site)

    release = commands.add_parser("release", help="copies for learners and for instructors")
    release.add_argument("folder", type=Path)
    release.set_defaults(run=_release)

    bench = commands.add_parser("bench", help="speed, as ratios measured side by side")
    bench.set_defaults(run=_bench)
    return parser


def _add_format(parser):
    formats = ["markdown", "latex", "csv", "html"]
    parser.add_argument("--format", choices=formats, default="markdown")


def _add_training(parser):
    """What to train on, how, and what to keep; the README shows how to use many machines."""
    add = parser.add_argument
    add(
        "--data",
        default="mnist",
        metavar="NAME|FOLDER",
        help="mnist, fashion-mnist, cifar-10, or a folder with train/CLASS/ and val/CLASS/",
    )
    add("--archive", metavar="FILE", help="cifar-10-python.tar.gz, if you have it")
    add("--images", type=int, help="train on the first so many only")
    add("--input", type=_image_shape, metavar="CxHxW", help="size that the images are brought to")
    add("--augment", action="store_true", help="small random distortions")
    add("--workers", type=int, default=2, help="processes that read a folder's images")
    add("--epochs", type=int, required=True)
    add("--batch-size", type=int, default=64, help="of all processes together")
    add("--optimizer", choices=["adamw", "momentum"], default="adamw")
    add("--learning-rate", type=float, default=2e-3)
    add("--weight-decay", type=float, default=0.01)
    add("--amp", action="store_true", help="mixed precision, on a GPU")
    add("--seed", type=int, default=0)
    add("--record", type=Path, metavar="FILE", help="save the curve as JSON")
    add("--checkpoint", metavar="FILE", help="keep the state; go on from it")


def _shape(text):
    try:
        shape = tuple(int(n) for n in text.lower().split("x"))
    except ValueError:
        shape = ()
    if not shape or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no shape; write it like 3x224x224.")
    return shape


def _image_shape(text):
    shape = _shape(text)
    if len(shape) != 3:
        raise argparse.ArgumentTypeError(f"{text!r} is no image; write it like 3x224x224.")
    return shape


def _class_arguments(rest):
    """{name: value} of the remaining ``--name value`` pairs: arguments of the class."""
    if len(rest) % 2 or not all(name.startswith("--") for name in rest[::2]):
        raise ValueError(
            f"arguments of the class come in pairs --name value, not {' '.join(rest)!r}."
        )
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return {name[2:].replace("-", "_"): _literal(value) for name, value in pairs}


def _literal(text):
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def _doctor(options):
    from .commands import doctor

    return doctor.main()


def _table(options, arguments=None):
    from .commands import tables

    print(tables.network(options.network, options.input, arguments or {}, options.format))


def _tables(options):
    from .commands import tables

    print(tables.printed(options.section, options.format))


def _audit(options):
    from .commands import audit

    if options.notebook and options.sections:
        raise ValueError("--notebook audits a copy of one section; name no section beside it.")
    return audit.audit_copy(options.notebook) if options.notebook else audit.audit(options.sections)


def _train(options, arguments=None):
    from .commands import train

    train.run(options, arguments or {})


def _site(options):
    from .commands.site import write_site

    for path in write_site(options.folder):
        print(path)


def _release(options):
    from .commands.release import write_release

    for path in write_release(options.folder, progress=lambda name: print(f"{name} …")):
        print(path)


def _bench(options):
    from .commands import bench

    bench.main()


if __name__ == "__main__":
    sys.exit(main())
