"""One short, fast training loop: images as one tensor, a shuffled index, slices of it."""

import math
import time

import numpy as np
import paddle
import paddle.nn.functional as F

from .checkpoint import Checkpoint
from .history import History, this_run
from .modes import evaluating


class TrainingError(RuntimeError):
    """Training cannot start or cannot go on; the message is one sentence for people."""


def train(
    net,
    train_set,
    test_set,
    epochs,
    batch_size=64,
    learning_rate=2e-3,
    weight_decay=0.01,
    optimizer=paddle.optimizer.AdamW,
    augment=None,
    seed=0,
    progress=True,
    checkpoint=None,
):
    """Train ``net`` while the learning rate falls to zero along half a cosine.

    The loss is ``net.loss(outputs, labels)`` where the network has that method, else
    cross-entropy on its logits. The seed fixes the order of the images and what Paddle draws
    during training (augmentation, dropout); the initial weights are the caller's.

    Args:
        train_set, test_set: pairs (images, labels): float32 (n, channels, height, width) and
            integers (n,), arrays or tensors. The test set is only measured, never learnt from.
        optimizer: class of Paddle's; ``paddle.optimizer.Momentum`` is the papers' SGD with
            momentum 0.9, whose ``weight_decay`` is an L2 penalty.
        augment: function from a batch of images to a changed batch of the same shape.
        progress: print one line a pass.
        checkpoint: file that keeps the state after each pass; if it is there already, the run
            goes on from it, with the result that it would have had without the break.

    Returns:
        A History with one entry a pass.

    Raises:
        TrainingError: a set is empty, its shapes do not fit, or the loss is no longer finite.
        CheckpointError: the file is no checkpoint, or one of another run.
        FileError: the checkpoint cannot be written.
    """
    settings = {
        "network": type(net).__name__,
        "train_images": len(train_set[0]),
        "test_images": len(test_set[0]),
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "optimizer": optimizer.__name__,
        "augment": augment.__name__ if augment else None,
        "seed": seed,
    }
    images, labels = _as_tensors(train_set, "training set")
    test_images, test_labels = _as_tensors(test_set, "test set")
    _check_counts(epochs, batch_size)
    _check_fit(net, images, labels)
    steps = -(-len(images) // batch_size)
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(learning_rate, T_max=epochs * steps)
    updates = optimizer(schedule, parameters=net.parameters(), weight_decay=weight_decay)
    criterion = getattr(net, "loss", F.cross_entropy)
    paddle.seed(seed)
    shuffle = np.random.default_rng(seed)
    history = History(settings=settings, context=this_run())
    saved = Checkpoint(checkpoint, net, updates, shuffle, history)
    saved.resume()

    net.train()
    for epoch in range(len(history.epochs) + 1, epochs + 1):
        start = time.perf_counter()
        order = paddle.to_tensor(shuffle.permutation(len(images)))
        loss_sum = wrong = 0.0
        for first in range(0, len(images), batch_size):
            index = order[first : first + batch_size]
            batch, target = images[index], labels[index]
            outputs = net(batch if augment is None else augment(batch))
            loss = criterion(outputs, target)
            loss.backward()
            updates.step()
            updates.clear_grad()
            schedule.step()
            if not math.isfinite(loss.item()):
                raise TrainingError(
                    f"the loss became {loss.item()} in pass {epoch}; try a learning rate below "
                    f"{learning_rate:g}."
                )
            loss_sum += loss.item() * len(target)
            wrong += (_logits(outputs).argmax(axis=1) != target).sum().item()
        seconds = time.perf_counter() - start
        history.epochs.append({
            "epoch": epoch,
            "learning_rate": updates.get_lr(),
            "train_loss": loss_sum / len(images),
            "train_error": 100 * wrong / len(images),
            "test_error": evaluate(net, test_images, test_labels),
            "seconds": seconds,
        })  # fmt: skip
        saved.save()
        if progress:
            print(_line(history.epochs[-1], epochs), flush=True)
    return history


def predict(net, images, batch_size=1000):
    """Class of each image, int64 (n,): the largest logit; each layer's mode stays as found."""
    images = _tensor(images, "float32")
    with evaluating(net), paddle.no_grad():
        answers = [
            _logits(net(images[first : first + batch_size])).argmax(axis=1).numpy()
            for first in range(0, len(images), batch_size)
        ]
    return np.concatenate(answers)


def evaluate(net, images, labels, batch_size=1000):
    """Error rate in %: how many of the images get a wrong class."""
    images, labels = _as_tensors((images, labels), "set to evaluate")
    return 100 * float((predict(net, images, batch_size) != labels.numpy()).mean())


def random_affine(images, scale=0.1, squeeze=0.1, shear=0.2, shift=1.0):
    """Each image under a random planar map of its own: LeCun et al. 1998, section III.B.

    Translations, scaling, squeezing (narrower and taller, or the reverse) and horizontal
    shearing, each drawn evenly between plus and minus its bound.

    Args:
        images: float32 (n, channels, height, width); the edge is repeated where the map looks
            outside.
        shift: bound of the translations in pixels; the others are relative to 1.
    """
    size, squeezed, slant, right, down = paddle.uniform([5, len(images)], min=-1.0, max=1.0)
    size, squeezed = 1 + scale * size, 1 + squeeze * squeezed
    height, width = images.shape[2:]
    zero = paddle.zeros_like(size)
    rows = [
        [size * squeezed, shear * slant, 2 * shift / width * right],
        [zero, size / squeezed, 2 * shift / height * down],
    ]
    maps = paddle.stack([paddle.stack(row, axis=1) for row in rows], axis=1)
    grid = F.affine_grid(maps, images.shape, align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _logits(outputs):
    """The main output; networks with auxiliary heads return it first, in a tuple."""
    return outputs[0] if isinstance(outputs, (tuple, list)) else outputs


def _check_counts(epochs, batch_size):
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, int) or value < 1:
            raise TrainingError(f"{name} is {value!r}; it must be a whole number from 1 on.")


def _check_fit(net, images, labels):
    """Raise a TrainingError unless the network gives one logit for every class of the labels."""
    if not isinstance(net, paddle.nn.Layer):
        raise TrainingError(f"the network is {net!r}; give a paddle.nn.Layer.")
    few = images[:2]
    try:
        with evaluating(net), paddle.no_grad():
            logits = _logits(net(few))
    except Exception as error:
        raise TrainingError(
            f"{type(net).__name__} cannot take images of shape {list(few.shape)}: "
            f"{' '.join(str(error).split())[-200:]}"
        ) from error
    classes = logits.shape[-1]
    if list(logits.shape) != [len(few), classes]:
        raise TrainingError(
            f"{type(net).__name__} returns the shape {list(logits.shape)} for {len(few)} images; "
            f"it must end in one row of logits for each image."
        )
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= classes:
        raise TrainingError(
            f"the labels go from {lowest} to {highest}, but {type(net).__name__} has {classes} "
            f"logits, for the labels 0 to {classes - 1}."
        )


def _as_tensors(pair, name):
    images, labels = pair
    if len(images) == 0:
        raise TrainingError(f"the {name} is empty.")
    if len(images.shape) != 4 or list(labels.shape) != [len(images)]:
        raise TrainingError(
            f"the {name} has images {list(images.shape)} and labels {list(labels.shape)}; it "
            f"needs images [n, channels, height, width] and one label for each."
        )
    return _tensor(images, "float32"), _tensor(labels, "int64")


def _tensor(values, dtype):
    if isinstance(values, paddle.Tensor):  # to_tensor would copy it, with a warning
        return values.astype(dtype)
    return paddle.to_tensor(values, dtype=dtype)


def _line(entry, epochs):
    return (
        f"第 {entry['epoch']:>2}/{epochs} 遍  损失 {entry['train_loss']:.4f}  "
        f"训练错误率 {entry['train_error']:5.2f} %  测试错误率 {entry['test_error']:5.2f} %  "
        f"{entry['seconds']:.1f} 秒"
    )
