"""What test_parallel runs: alone as a module, and in two processes as a program."""

import sys
from pathlib import Path

import numpy as np
import paddle
import paddle.distributed as dist
from paddle import nn

from course_utils import load_section
from course_utils.images.datasets import load_mnist, pad_to_32
from course_utils.training import loop, parallel


def digits(count):
    images, labels = (part[:count] for part in load_mnist("test"))
    return pad_to_32(images), labels


def train(net, checkpoint=None, augment=None):
    """Three passes over 72 digits: batches of 32, 32 and 8."""
    return loop.train(
        net, digits(72), digits(37), 3, 32, 0.01, optimizer=paddle.optimizer.Momentum,
        augment=augment, checkpoint=checkpoint, progress=False,
    )  # fmt: skip


def lenet():
    paddle.seed(0)
    return load_section("6.1").LeNet5Modern()


def normalized():
    """A network with all that differs from process to process."""
    return nn.Sequential(
        nn.Conv2D(1, 2, 5, 4), nn.BatchNorm2D(2), nn.Dropout(0.5), nn.Flatten(), nn.Linear(98, 10)
    )


class Stop(Exception):
    pass


def stop_in_the_last_pass():
    steps = iter(range(6))  # three in each of two passes

    def unchanged(images):
        if next(steps, None) is None:
            raise Stop
        return images

    return unchanged


def unchanged(images):
    return images


def main(folder):
    """Save what the first process learnt from LeNet-5, and what each did of the other network."""
    parallel.join()
    history = train(lenet(), Path(folder, "lenet.ckpt"))
    paddle.seed(parallel.rank())  # Paddle gives all of them the first one's weights
    whole, first, stopped = normalized(), normalized(), normalized()
    first.set_state_dict(whole.state_dict())
    train(whole, augment=unchanged)
    try:
        train(first, Path(folder, "stopped.ckpt"), stop_in_the_last_pass())
    except Stop:
        dist.barrier()  # the first process may still be saving
        train(stopped, Path(folder, "stopped.ckpt"), unchanged)
    weights = {f"whole {k}": v.numpy() for k, v in whole.state_dict().items()}
    weights |= {f"stopped {k}": v.numpy() for k, v in stopped.state_dict().items()}
    errors = [[entry["train_error"], entry["test_error"]] for entry in history.epochs]
    np.savez(Path(folder, f"{parallel.rank()}.npz"), errors=errors, **weights)


if __name__ == "__main__":
    main(sys.argv[1])
