"""Batches to train on and to measure with: from arrays in memory, or from files as they are read.

Both sources have ``count`` images and give the same two passes over them, of which each process
gets its share:

- ``shuffled(draw)``: batches in a new order. A batch is divided evenly among the processes, so
  that the mean of their gradients is the gradient of the whole batch, the last and smaller one
  too. Where the number of images cannot be divided, as many as are lacking (fewer than there are
  processes) come twice in the pass: the rule of Paddle's ``DistributedBatchSampler``.
- ``in_order()``: every image exactly once, to be counted.

All randomness of a pass comes from ``draw``, a NumPy Generator that is in the same state in all
processes and that a checkpoint keeps.
"""

import multiprocessing
import os
import signal
import threading
from copy import deepcopy

import numpy as np
import paddle
from paddle.io import BatchSampler, DataLoader, Dataset, DistributedBatchSampler

from ..runtime import seed_everything
from . import parallel


class ArrayBatches:
    """Images in memory, as one tensor: a batch is a slice of a shuffled index.

    Args:
        images: float32 tensor (n, channels, height, width).
        labels: int64 tensor (n,).
        batch_size: of all processes together.
    """

    def __init__(self, images, labels, batch_size):
        self.images, self.labels, self.batch_size = images, labels, batch_size
        self.count = len(images)
        self.label_range = int(labels.min()), int(labels.max())

    def few(self):
        """Two images, to try a network on."""
        return self.images[:2]

    def shuffled(self, draw):
        order = draw.permutation(self.count)
        ranks, rank = parallel.size(), parallel.rank()
        if ranks > 1:
            # Dropout and augmentation differ from process to process. The seed is of a copy: the
            # orders to come must not depend on the number of processes.
            seed_everything(_seed(deepcopy(draw)) + rank)
        order = paddle.to_tensor(np.resize(order, -(-self.count // ranks) * ranks))
        for first in range(0, len(order), self.batch_size):
            batch = order[first : first + self.batch_size]
            share = len(batch) // ranks
            index = batch[rank * share : (rank + 1) * share]
            yield self.images[index], self.labels[index]

    def in_order(self):
        images, labels = self.images, self.labels
        if parallel.size() > 1:
            images, labels = (t[parallel.rank() :: parallel.size()] for t in (images, labels))
        for first in range(0, len(images), self.batch_size):
            part = slice(first, first + self.batch_size)
            yield images[part], labels[part]


class LoaderBatches:
    """Images that worker processes read from files while the network computes.

    Every pass seeds the generators of Python, NumPy and Paddle, which the transforms draw from:
    the same seed and the same number of workers give the same images.

    Args:
        dataset: a ``paddle.io.Dataset`` of pairs (image, label) with the list ``targets`` of all
            labels, such as ``paddle.vision.datasets.DatasetFolder``.
        batch_size: of all processes together.
        workers: processes that read for each training process; 0 reads in between.
    """

    def __init__(self, dataset, batch_size, workers):
        self.dataset, self.workers = dataset, workers
        self.share = batch_size // parallel.size()
        self.count = len(dataset)
        self.label_range = min(dataset.targets), max(dataset.targets)

    def few(self):
        """Two images, to try a network on."""
        return paddle.to_tensor(np.stack([self.dataset[0][0]] * 2))

    def shuffled(self, draw):
        seed = _seed(draw)
        seed_everything(seed + parallel.rank())
        sampler = DistributedBatchSampler(
            self.dataset, self.share, parallel.size(), parallel.rank(), shuffle=True
        )
        sampler.set_epoch(seed)
        yield from self._read(sampler)

    def in_order(self):
        mine = range(parallel.rank(), self.count, parallel.size())
        yield from self._read(BatchSampler(sampler=mine, batch_size=self.share))

    def _read(self, sampler):
        loader = DataLoader(
            _Answering(self.dataset),
            batch_sampler=sampler,
            num_workers=self.workers,
            use_shared_memory=False,  # its files would stay when the workers are killed
            worker_init_fn=_end_with_parent,
        )
        for images, labels in loader:
            for i in (labels < 0).nonzero().flatten().tolist():  # once more, where errors show
                images[i], labels[i] = map(paddle.to_tensor, self.dataset[~int(labels[i])])
            yield images, labels


class _Answering(Dataset):
    """A dataset that never raises: Paddle's DataLoader would lose the error, or wait for ever.

    In place of an image that cannot be read comes a blank one, with ``~index`` as its label.
    """

    def __init__(self, dataset):
        super().__init__()
        self.dataset, self.blank = dataset, np.zeros_like(dataset[0][0])

    def __getitem__(self, index):
        try:
            return self.dataset[index]
        except Exception:
            return self.blank, ~index

    def __len__(self):
        return len(self.dataset)


def _end_with_parent(_):
    """In a worker: end when the process that started it does, even if that was killed.

    Ctrl-C is for that process alone: workers that end by themselves are an error to Paddle.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _seed(draw):
    return int(draw.integers(2**31))
