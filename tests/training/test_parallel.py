"""Many processes train as one: their shares, their statistics, and two real processes."""

import sys
from pathlib import Path

import numpy as np
import paddle
import pytest
import two_processes
from paddle.io import Dataset

from course_utils.training import loop, parallel, processes, sealed
from course_utils.training.batches import ArrayBatches, LoaderBatches
from course_utils.training.loop import TrainingError


class Numbers(Dataset):
    """Images that say their own index."""

    def __init__(self, count):
        super().__init__()
        self.targets = [i % 3 for i in range(count)]

    def __getitem__(self, index):
        return np.full([1, 2, 2], index, "float32"), self.targets[index]

    def __len__(self):
        return len(self.targets)


def arrays(count, batch_size):
    images, labels = zip(*(Numbers(count)[i] for i in range(count)), strict=True)
    return ArrayBatches(paddle.to_tensor(np.stack(images)), paddle.to_tensor(labels), batch_size)


def files(count, batch_size):
    return LoaderBatches(Numbers(count), batch_size, workers=0)


@pytest.fixture
def as_process(monkeypatch):
    """Make the course believe that it is one of several processes."""

    def pretend(rank, size):
        monkeypatch.setattr(parallel, "rank", lambda: rank)
        monkeypatch.setattr(parallel, "size", lambda: size)

    return pretend


def seen(batches):
    return [images[:, 0, 0, 0].astype("int64").tolist() for images, _ in batches]


def two_passes(source):
    draw = np.random.default_rng(5)
    return [batch for _ in range(2) for batch in seen(source.shuffled(draw))]


@pytest.mark.parametrize("source", [arrays, files])
def test_shares_put_together_are_the_batches_of_one_process(source, as_process):
    alone = two_passes(source(20, 8))
    shares = []
    for rank in (0, 1):
        as_process(rank, 2)
        shares.append(two_passes(source(20, 8)))
    assert [a + b for a, b in zip(*shares, strict=True)] == alone
    assert [len(share) for share in shares[0]] == [4, 4, 2] * 2
    assert sorted(sum(alone[:3], [])) == list(range(20))
    assert alone[:3] != alone[3:]


@pytest.mark.parametrize("source", [arrays, files])
def test_images_that_cannot_be_divided(source, as_process):
    trained, measured = [], []
    for rank in (0, 1, 2):
        as_process(rank, 3)
        shares = seen(source(19, 6).shuffled(np.random.default_rng(5)))
        assert [len(share) for share in shares] == [2, 2, 2, 1]
        trained += sum(shares, [])
        measured += sum(seen(source(19, 6).in_order()), [])
    assert set(trained) == set(range(19)) and len(trained) == 21
    assert sorted(measured) == list(range(19))


def test_a_batch_that_cannot_be_divided_is_refused(as_process):
    as_process(0, 3)
    few = two_processes.digits(8)
    with pytest.raises(TrainingError, match="batch_size is 64, which 3 processes .* multiple of 3"):
        loop.train(two_processes.lenet(), few, few, 1)


def test_processes_that_resume_at_different_passes_are_refused(monkeypatch, as_process):
    as_process(0, 2)
    monkeypatch.setattr(parallel, "total", lambda passes: (3 + passes,))
    few = two_processes.digits(8)
    with pytest.raises(TrainingError, match="that all machines share"):
        loop.train(two_processes.lenet(), few, few, 1)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The folder in which two processes left what they learnt."""
    if not processes.available():
        pytest.skip("this Paddle has no distributed part")
    folder = tmp_path_factory.mktemp("two")
    program = [sys.executable, str(Path(two_processes.__file__)), str(folder)]
    processes.launch(2, program, folder / "log")
    return folder


def test_two_processes_end_where_one_does(two):
    net = two_processes.lenet()
    before = {name: weight.numpy() for name, weight in net.state_dict().items()}
    history = two_processes.train(net)
    state, arrays = sealed.read(two / "lenet.ckpt")
    for name, weight in net.state_dict().items():
        np.testing.assert_allclose(arrays[f"net.{name}"], weight.numpy(), rtol=0, atol=1e-6)
        assert np.abs(weight.numpy() - before[name]).max() > 1e-4
    for together, alone in zip(state["epochs"], history.epochs, strict=True):
        assert together["train_loss"] == pytest.approx(alone["train_loss"], rel=1e-6)
        assert together["test_error"] == alone["test_error"]


def test_all_processes_hold_the_same_network_and_numbers(two):
    first, second = (dict(np.load(two / f"{rank}.npz")) for rank in (0, 1))
    assert "whole 1._mean" in first and len(first) == 1 + 2 * 8
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def test_a_run_that_was_stopped_goes_on_in_all_processes(two):
    weights = dict(np.load(two / "0.npz"))
    for name in two_processes.normalized().state_dict():
        np.testing.assert_array_equal(weights[f"stopped {name}"], weights[f"whole {name}"])
