"""Runs code that another person wrote, in a process of its own, with limits.

``call`` starts one process, lets it run one function of the course on plain arguments, and gives
back the plain value that the function returns. The value is all that the process is asked for:
its exit status and what it prints are no answer, and nothing that it changes in its own memory
reaches this process. Whoever calls computes the verdict, here, from the value.

What is limited:

- time, by the clock everywhere; on Linux and macOS the processor's too;
- memory of each process, on Linux, counted from when the course's own modules are loaded;
- files, on Linux and macOS: it starts in an empty folder that is deleted at the end, and a file
  that it writes stays empty (it can still make, rename and delete files);
- what it says: nothing is shown, and its answer is one line of so many bytes;
- its processes, on Linux and macOS: its group is killed at the end (on Windows it alone is), and
  ends too when this process is killed.

It is no protection against malice. The code runs with the user's rights: it can read what the
user can read, use the network, delete files, start many processes, leave its group and so outlive
the end. And it can send the value that it thinks is wanted in place of what the function returns.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread

from ..notebooks import reason, shown
from ..runtime import REPO, usable_cores

SECONDS = 120
MEMORY = 2 * 2**30  # bytes; analysing the chapter's networks takes 0.05 of it
ANSWER = 16 * 2**20  # bytes


class LimitError(Exception):
    """The process gave no answer; the message is a Chinese sentence that lacks its subject."""


def call(function, *arguments, seconds=SECONDS, memory=MEMORY):
    """Run a function of the course in a process of its own.

    Args:
        function: "module:name" of the function.
        arguments: plain values (as JSON has them) for it.
        seconds: that it may take, the start of the process included.
        memory: bytes that it may use, beyond what the course's own modules take.

    Returns:
        What the function returned, a plain value. It may have been made by the other person's
        code: look at it as at any stranger's file.

    Raises:
        LimitError: the process ended in any other way than by its answer, or reached a limit.
    """
    request = {"function": function, "arguments": arguments, "seconds": seconds, "memory": memory}
    with (
        tempfile.TemporaryDirectory(prefix="course_", ignore_cleanup_errors=True) as folder,
        _start(folder) as child,
    ):
        try:
            line = _answer(child, json.dumps(request).encode() + b"\n", seconds)
        finally:
            _kill(child)
    return _value(line, child.returncode)


def _start(folder):
    paths = [str(REPO), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CUDA_VISIBLE_DEVICES": "",  # counting needs no GPU, and drivers reserve much memory
    }
    return subprocess.Popen(
        [sys.executable, "-m", __name__],
        bufsize=0,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _answer(child, request, seconds):
    """The line that the process wrote, cut where it is too long; empty if it ended without."""
    line = bytearray()
    reader = Thread(target=_read_line, args=[child.stdout, line], daemon=True)
    reader.start()
    with suppress(OSError):  # it ended before it read what was asked
        child.stdin.write(request)  # and left open: the process ends where it is closed
    reader.join(seconds)
    if reader.is_alive():
        raise LimitError(f"在 {seconds} 秒内没有结束")
    if len(line) > ANSWER:
        raise LimitError(f"交出了超过 {ANSWER // 2**20} MB 的结果")
    return line


def _read_line(stream, line):
    with suppress(OSError, ValueError):  # closed: the time is up
        while len(line) <= ANSWER and not line.endswith(b"\n"):
            piece = stream.read(2**16)
            if not piece:
                return
            line += piece


def _kill(child):
    """Kill the process and, where there are groups of processes, what it left behind.

    Not waited for before: its number, which is its group's, cannot be another's yet.
    """
    if os.name == "posix":
        with suppress(PermissionError):  # macOS: it has ended, and nothing is left
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


def _value(line, status):
    try:
        answer = json.loads(line)
        failed, value = answer["failed"], answer["value"]
    except (ValueError, TypeError, KeyError, RecursionError):
        how = f"被信号 {-status} 终止" if status < 0 else f"退出码 {status}"
        raise LimitError(f"没有交出结果就结束了（{how}）") from None
    if failed is not None:
        raise LimitError(f"以 {shown(failed)} 结束")
    return value


def _serve():
    """The process's own side: one request on standard input, one answer on standard output.

    Both are moved out of the way of what the function prints or reads.
    """
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    request = json.loads(requests.readline())
    Thread(target=_end_with_parent, args=[requests], daemon=True).start()
    module, _, name = request["function"].partition(":")
    function = getattr(import_module(module), name)
    _limit(request["seconds"], request["memory"])
    try:
        line = json.dumps({"failed": None, "value": function(*request["arguments"])})
    except BaseException as error:
        line = json.dumps({"failed": reason(error), "value": None})
    answers.write(line + "\n")
    answers.flush()
    os._exit(0)  # without what the other person's code may have put down for the exit


def _end_with_parent(requests):
    requests.read()
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _limit(seconds, memory):
    if os.name != "posix":
        return
    import resource

    def lower(kind, value):
        most = resource.getrlimit(kind)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (value, value))

    lower(resource.RLIMIT_CORE, 0)
    lower(resource.RLIMIT_FSIZE, 0)
    lower(resource.RLIMIT_CPU, int(seconds * usable_cores()) + 1)
    used = Path("/proc/self/statm")
    if used.exists():  # Linux; macOS does not keep to this limit
        pages = int(used.read_text().split()[0])
        lower(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)


if __name__ == "__main__":
    _serve()
