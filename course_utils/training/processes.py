"""Two processes that share one network, as two GPUs do: start them, let them exchange tensors.

``run`` starts a function of a section's notebook once in each process, through
``paddle.distributed.launch``: gloo between two processes on the CPU, NCCL where Paddle sees two
GPUs. What goes in and what comes out are dicts of arrays.

The tensors travel inside this computer only (``127.0.0.1``). While the processes meet, Paddle's
rendezvous store listens on a random port of every interface for some seconds; it holds addresses,
not data, and Paddle has no setting for it.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import paddle
import paddle.distributed as dist
from paddle.autograd import PyLayer

from ..files import working_folder
from ..notebooks import load_section
from ..runtime import REPO, usable_cores


class ProcessError(RuntimeError):
    """The processes could not finish; the message is one sentence for people."""


def available():
    """Whether this Paddle can start processes that talk to each other (not on Windows)."""
    return dist.is_available() and os.name == "posix"


class _Gather(PyLayer):
    """All-gather along the channels. Every process goes on with the whole, so the gradient of a
    piece is the sum of what all of them find for it; Paddle's own all_gather passes none back."""

    @staticmethod
    def forward(ctx, piece):
        pieces = []
        dist.all_gather(pieces, piece)
        return paddle.concat(pieces, axis=1)

    @staticmethod
    def backward(ctx, gradient):
        total = gradient.clone()
        dist.all_reduce(total)
        return paddle.split(total, dist.get_world_size(), axis=1)[dist.get_rank()]


def gather(piece):
    """Put the processes' pieces together along axis 1, in the order of their ranks.

    Differentiable. Only for code that ``run`` starts.

    Args:
        piece: tensor (n, channels, ...), of the same shape in every process.
    """
    return _Gather.apply(piece)


def run(section, function, inputs, timeout=300):
    """Run a function of a notebook in as many processes as there are inputs, side by side.

    Args:
        section: e.g. "6.2".
        function: name of a top-level function of its notebook; it takes a dict of arrays and
            returns a dict of arrays or tensors. The notebook must have been saved.
        inputs: one dict of arrays for each process.
        timeout: seconds after which the processes are stopped.

    Returns:
        list of dicts of arrays, one for each process.

    Raises:
        ProcessError: this Paddle cannot, a process failed, or the time was up.
    """
    if not available():
        raise ProcessError("this Paddle has no distributed part; use Linux or macOS for this cell.")
    with working_folder() as folder:
        for rank, arrays in enumerate(inputs):
            np.savez(folder / f"in{rank}.npz", **arrays)
        program = [sys.executable, "-m", __name__, section, function, str(folder)]
        launch(len(inputs), program, folder / "log", timeout)
        return [_read(folder / f"out{rank}.npz") for rank in range(len(inputs))]


def launch(count, program, log, timeout=300):
    """Run a program in several processes of this computer, through Paddle's launcher.

    Args:
        count: of processes.
        program: its words, such as ``[sys.executable, "-m", "course_utils", …]``; the launcher
            runs it as it is, unless it is a .py file.
        log: folder for what the processes print, in ``workerlog.0`` and so on.
        timeout: seconds after which the processes are stopped.

    Raises:
        ProcessError: a process failed, or the time was up.
    """
    command = [
        sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", str(count),
        "--ips", "127.0.0.1", "--start_port", str(_free_port()), "--log_dir", str(log), *program,
    ]  # fmt: skip
    paths = [str(REPO), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "GLOO_SOCKET_IFNAME": "lo0" if sys.platform == "darwin" else "lo",
        "MKL_NUM_THREADS": str(max(1, usable_cores() // count)),
    }
    if paddle.is_compiled_with_cuda() and paddle.device.cuda.device_count() < count:
        # The launcher takes "all" as no choice and counts for itself; CUDA knows no such device
        # and shows none: gloo on the CPU.
        environment["CUDA_VISIBLE_DEVICES"] = "all"
    launcher = subprocess.Popen(
        command,
        cwd=log.parent,
        env=environment,
        stdin=subprocess.PIPE,  # its processes inherit it; see end_with_starter
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for this process: told twice, it would not stop its own
    )
    try:
        status = launcher.wait(timeout)
    except subprocess.TimeoutExpired:
        raise ProcessError(
            f"the processes did not finish in {timeout} seconds; try again when the machine is "
            f"less busy."
        ) from None
    finally:
        launcher.terminate()  # it stops its processes; nothing happens where it has ended
        launcher.stdin.close()
        launcher.wait()
    if status:
        raise ProcessError(f"a process failed: {_last_words(log)}; see the function it runs.")


def end_with_starter(folder):
    """In a program that ``launch`` runs: end when the process that called it does.

    Its standard input is a pipe from there, which ends with its writer, even if that was killed.
    The launcher ends when its processes have.

    Args:
        folder: of the files that they exchange; removed then, since nobody else can.
    """

    def watch():
        os.read(sys.stdin.fileno(), 1)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _last_words(log):
    """The error that a process died of, from the logs."""
    errors = [
        f"number {path.suffix[1:]} stopped with {line.rstrip('.')}"
        for path in sorted(log.glob("workerlog.*"))
        for line in path.read_text(errors="replace").splitlines()
        if line.split(":")[0].endswith(("Error", "Exception"))
    ]
    # The other process then complains that gloo gets no answer: a consequence, not the cause.
    causes = [error for error in errors if "/gloo/" not in error]
    return (causes or errors or ["it was stopped from outside"])[0]


def _read(path):
    with np.load(path) as file:
        return dict(file)


def _main(section, function, folder):
    """What each process does."""
    end_with_starter(folder)
    dist.init_parallel_env()
    rank = dist.get_rank()
    inputs = _read(Path(folder, f"in{rank}.npz"))
    outputs = getattr(load_section(section), function)(inputs)
    np.savez(Path(folder, f"out{rank}.npz"), **{k: np.asarray(v) for k, v in outputs.items()})


if __name__ == "__main__":
    _main(*sys.argv[1:])
