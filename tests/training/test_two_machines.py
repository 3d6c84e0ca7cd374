"""Two machines train one network with the README's command: two network namespaces and a cable."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack

import numpy as np
import pytest

from course_utils.runtime import REPO
from course_utils.training import processes, sealed

ADDRESSES = ("192.0.2.1", "192.0.2.2")  # for documentation, RFC 5737
TRAIN = (
    sys.executable, "-m", "course_utils", "train", "6.1:LeNet5Modern", "--data", "mnist",
    "--input", "1x32x32", "--images", "320", "--epochs", "1", "--batch-size", "64",
    "--optimizer", "momentum", "--learning-rate", "0.02",
)  # fmt: skip


@pytest.fixture
def machines():
    """Names of two namespaces whose device ``lan`` has one of the addresses each."""
    if not processes.available() or shutil.which("ip") is None or os.geteuid():
        pytest.skip("two machines need Linux, the command ip and root")
    names = [f"course{os.getpid()}{letter}" for letter in "ab"]
    with ExitStack() as undo:
        for name in names:
            if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
                pytest.skip("this container may not make network namespaces")
            undo.callback(_ip, "netns", "delete", name)
        one, two = names
        _ip("link", "add", "lan", "netns", one, "type", "veth", "peer", "lan", "netns", two)
        for name, address in zip(names, ADDRESSES, strict=True):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "lan")
            for device in ("lo", "lan"):
                _ip("-n", name, "link", "set", device, "up")
        yield names


def _ip(*words):
    subprocess.run(["ip", *words], check=True)


def test_two_machines_end_where_one_process_does(machines, tmp_path):
    # Not the folder that cuts the network: from a namespace nothing outside can be reached.
    environment = os.environ | {"PYTHONPATH": str(REPO), "GLOO_SOCKET_IFNAME": "lan"}
    together, alone = (
        (tmp_path / f"{name}.ckpt", tmp_path / f"{name}.json") for name in ("together", "alone")
    )
    running = [
        subprocess.Popen(
            [
                "ip", "netns", "exec", name, sys.executable, "-m", "paddle.distributed.launch",
                "--master", f"{ADDRESSES[0]}:8090", "--nnodes", "2", "--nproc_per_node", "1",
                "--host", address, "--log_dir", str(tmp_path / name), *TRAIN, *_files(together),
            ],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name, address in zip(machines, ADDRESSES, strict=True)
    ]  # fmt: skip
    try:
        assert [machine.wait(timeout=240) for machine in running] == [0, 0]
    finally:
        for machine in running:
            machine.terminate()  # the launcher stops its process
            machine.wait()
    subprocess.run([*TRAIN, *_files(alone)], env=environment, check=True, capture_output=True)
    _assert_same_end(together, alone)


def _files(paths):
    checkpoint, record = map(str, paths)
    return "--checkpoint", checkpoint, "--record", record


def _assert_same_end(together, alone):
    ours, theirs = (sealed.read(checkpoint)[1] for checkpoint, _ in (together, alone))
    for name in (name for name in theirs if name.startswith("net.")):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-6)
    ours, theirs = (json.loads(record.read_text()) for _, record in (together, alone))
    assert [run["settings"]["processes"] for run in (ours, theirs)] == [2, 1]
    assert ours["epochs"][0]["test_error"] == theirs["epochs"][0]["test_error"]
