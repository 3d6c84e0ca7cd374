"""The command line: ``python -m course_utils``, then the name of a command."""

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

from .commands import arguments as read

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
        status = options.run(options, *([read.of_class(rest)] if rest else [])) or 0
        print(end="", flush=True)  # what cannot be printed is told here, not at the exit
        return status
    except BrokenPipeError:  # the reader, such as head, has seen enough
        _drop_output()
        return 128 + 13  # as a shell reports SIGPIPE
    except _errors() as error:
        _complain(str(error))
    except OSError as error:
        _drop_output()
        _complain(f"{error}; name another file or folder.")
    except KeyboardInterrupt as stop:
        _complain("stopped before the end; no file is half written.")
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


def _complain(sentence):
    print(read.one_line(f"error: {sentence}"), end="", file=sys.stderr)


def _drop_output():
    """Let nothing that is still to be printed fail again when Python ends."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
    parser = read.Parser(prog="python -m course_utils")
    commands = parser.add_subparsers(required=True, metavar="command")

    doctor = commands.add_parser("doctor", help="what this machine has, and what is wrong with it")
    doctor.set_defaults(run=_doctor)

    table = commands.add_parser("table", help="one network of a notebook, e.g. 6.1:LeNet5")
    table.add_argument("network", metavar="SECTION:CLASS")
    table.add_argument("--input", type=read.shape, metavar="CxHxW", help="by default the chapter's")
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
        type=read.path,
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
    site.add_argument("folder", type=read.path)
    site.set_defaults(run=_site)

    release = commands.add_parser("release", help="copies for learners and for instructors")
    release.add_argument("folder", type=read.path)
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
        type=read.name,
        metavar="NAME|FOLDER",
        help="mnist, fashion-mnist, cifar-10, or a folder with train/CLASS/ and val/CLASS/",
    )
    add("--archive", type=read.name, metavar="FILE", help="cifar-10-python.tar.gz, if you have it")
    add("--images", type=read.whole(1), help="train on the first so many only")
    add(
        "--input",
        type=read.image_shape,
        metavar="CxHxW",
        help="size that the images are brought to",
    )
    add("--augment", action="store_true", help="small random distortions")
    add(
        "--workers",
        type=read.whole(0, 256),
        default=2,
        help="processes that read a folder's images",
    )
    add("--epochs", type=read.whole(1), required=True)
    add("--batch-size", type=read.whole(1), default=64, help="of all processes together")
    add("--optimizer", choices=["adamw", "momentum"], default="adamw")
    add("--learning-rate", type=read.positive, default=2e-3)
    add("--weight-decay", type=read.number, default=0.01)
    add("--amp", action="store_true", help="mixed precision, on a GPU")
    add("--seed", type=read.whole(0, 2**31 - 1), default=0)
    add("--record", type=read.path, metavar="FILE", help="save the curve as JSON")
    add("--checkpoint", type=read.path, metavar="FILE", help="keep the state; go on from it")


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
    if sys.stdout:  # a name of a file may be no text
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
