"""A run that was stopped goes on as if it had not been; a bad file or folder loses nothing."""

import errno
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import paddle
import pytest
from paddle import nn

from course_utils import runtime
from course_utils.files import FileError
from course_utils.training import loop
from course_utils.training.checkpoint import CheckpointError

DRAW = np.random.default_rng(0)
IMAGES = DRAW.normal(size=(64, 1, 4, 4)).astype("float32"), DRAW.integers(0, 3, 64)


def small_net():
    paddle.seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Dropout(0.5), nn.Linear(8, 3))


def run(path=None, net=None, **changes):
    net = net or small_net()
    options = {"epochs": 4, "batch_size": 16, "progress": False, **changes}
    history = loop.train(net, IMAGES, IMAGES, checkpoint=path, **options)
    return net, history


def weights(net):
    return np.concatenate([p.numpy().ravel() for p in net.parameters()])


class Stop(Exception):
    pass


def stop_after(monkeypatch, passes):
    """Training stops when it measures the test error for the last time."""
    measure, count = loop._test_error, iter(range(1, 100))

    def counted(*arguments):
        if next(count) > passes:
            raise Stop
        return measure(*arguments)

    monkeypatch.setattr(loop, "_test_error", counted)


def test_a_stopped_run_goes_on_with_the_same_result(tmp_path, monkeypatch):
    path = tmp_path / "new" / "run.ckpt"
    whole, curve = run()
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        with pytest.raises(Stop):
            run(path)
    nn.Linear(2, 2)  # Paddle's names of later layers have moved on
    resumed, resumed_curve = run(path)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
    for column in ("train_loss", "test_error", "learning_rate"):
        assert [e[column] for e in resumed_curve.epochs] == [e[column] for e in curve.epochs]


def test_a_cell_that_was_interrupted_is_run_again(tmp_path, monkeypatch):
    path, net = tmp_path / "run.ckpt", small_net()
    whole, _ = run()
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        with pytest.raises(Stop):
            run(path, net)
    run(path, net)
    np.testing.assert_array_equal(weights(net), weights(whole))


def test_a_finished_run_is_not_repeated(tmp_path):
    net, _ = run(tmp_path / "run.ckpt")
    fresh, history = run(tmp_path / "run.ckpt")
    np.testing.assert_array_equal(weights(fresh), weights(net))
    assert len(history.epochs) == 4


SCRIPT = """
    import sys
    sys.path[:0] = {paths!r}
    import course_utils
    from test_checkpoint import run, weights
    print("ready", flush=True)
    net, _ = run({file!r}, epochs=100, progress=True)
    weights(net).tofile({result!r})
"""


def test_killed_at_any_moment_it_ends_as_an_undisturbed_run(tmp_path):
    result = tmp_path / "weights"
    script = textwrap.dedent(SCRIPT).format(
        paths=[str(runtime.REPO), str(runtime.REPO / "tests" / "training")],
        file=str(tmp_path / "run.ckpt"),
        result=str(result),
    )
    lines_before_kill = np.random.default_rng().integers(1, 60, 2)
    for lines in lines_before_kill:
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        for _ in range(lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert not result.exists()
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
    undisturbed, _ = run(epochs=100)
    np.testing.assert_array_equal(np.fromfile(result, "float32"), weights(undisturbed))


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    run(tmp_path / "run.ckpt")
    with pytest.raises(CheckpointError, match="another run: learning_rate is 0.002 there and 0.1"):
        run(tmp_path / "run.ckpt", learning_rate=0.1)


def test_a_checkpoint_of_other_weights_or_data_is_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    run(path, notes={"data": "mnist"})
    deeper = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.Linear(8, 8), nn.Linear(8, 3))
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="a network with other weights"):
        run(path, deeper, notes={"data": "mnist"})
    with pytest.raises(CheckpointError, match="data is 'mnist' there and 'fashion-mnist' here"):
        run(path, notes={"data": "fashion-mnist"})
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x04N."])
def test_a_file_of_another_kind_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="notes.txt is not a checkpoint"):
        run(path)
    assert path.read_bytes() == content


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "run.ckpt"
    with monkeypatch.context() as patched:
        stop_after(patched, 1)
        with pytest.raises(Stop):
            run(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(FileError, match="cannot be written .No space left"):
            run(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]


def test_a_folder_that_is_a_file_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written .*make room or name another"):
        run(tmp_path / "file" / "run.ckpt")
