"""One short, fast training loop, for one process or many."""

import math
import time

import numpy as np
import paddle
import paddle.nn.functional as F
from paddle.io import Dataset
from paddle.utils import unique_name

from .. import files
from ..counting.modes import evaluating
from ..counting.reasons import first_sentence
from . import parallel
from .batches import ArrayBatches, LoaderBatches
from .checkpoint import Checkpoint
from .history import History, this_run


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
    prepare=None,
    workers=0,
    mixed=False,
    notes=None,
):
    """Train ``net`` while the learning rate falls to zero along half a cosine.

    The loss is ``net.loss(outputs, labels)`` where the network has that method, else
    cross-entropy on its logits. The seed fixes the order of the images and what is drawn during
    training (augmentation, dropout); the initial weights are the caller's.

    Processes that have joined (see ``parallel``) take a share of every batch each and end where
    one process would, up to rounding, unless the network normalises over the batch, which each
    does for its share, or something is drawn, which each draws for itself. All call ``train`` with
    the same arguments; the first one prints and saves.

    Args:
        train_set, test_set: pairs (images, labels): float32 (n, channels, height, width) and
            integers (n,), arrays or tensors; or datasets that read files, see ``LoaderBatches``.
            The test set is only measured, never learnt from.
        batch_size: images a step, of all processes together.
        optimizer: class of Paddle's; ``paddle.optimizer.Momentum`` is the papers' SGD with
            momentum 0.9, whose ``weight_decay`` is an L2 penalty.
        augment: function from a batch of images to a changed batch of the same shape; what it
            draws must come from Paddle, whose random numbers a checkpoint keeps.
        progress: print one line a pass, and one a minute within a pass.
        checkpoint: file that keeps the state after each pass; if it is there already, the run
            goes on from it, with the result that it would have had without the break.
        prepare: function from a batch of images to what the network reads; it is applied last,
            in training and in testing.
        workers: for datasets, processes that read ahead of each training process.
        mixed: mixed precision, float16 wherever ``paddle.amp`` holds it safe; needs a GPU.
        notes: what else tells this run from another, by name, such as the data; it is kept among
            the History's settings.

    Returns:
        A History with one entry a pass.

    Raises:
        TrainingError: a set is empty, its shapes do not fit, the machine cannot do what is asked,
            or the loss is no longer finite.
        CheckpointError: the file is no checkpoint, or one of another run.
        FileError: the checkpoint cannot be written.
    """
    _check_whole("epochs", epochs, 1)
    _check_whole("batch_size", batch_size, 1)
    _check_whole("workers", workers, 0)
    if not 0 < learning_rate < math.inf:
        raise TrainingError(f"learning_rate is {learning_rate}; it must be a number above 0.")
    if not (weight_decay is None or 0 <= weight_decay < math.inf):
        raise TrainingError(f"weight_decay is {weight_decay}; it must be a number from 0 on.")
    _check_machine(batch_size, mixed)
    augment_name = getattr(augment, "__name__", repr(augment)) if augment else None
    augment, prepare = augment or _unchanged, prepare or _unchanged
    source = _batches(train_set, "training set", batch_size, workers)
    small = prepare is _unchanged and not isinstance(test_set, Dataset)
    measured = _batches(test_set, "test set", 1000 if small else batch_size, workers)
    few = prepare(source.few())
    _check_fit(net, few, source.label_range)
    settings = {
        "network": type(net).__name__,
        "input_shape": list(few.shape[1:]),
        "train_images": source.count,
        "test_images": measured.count,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "optimizer": optimizer.__name__,
        "augment": augment_name,
        "seed": seed,
        "processes": parallel.size(),
        "workers": workers,
        "mixed": mixed,
        **(notes or {}),
    }
    steps = -(-source.count // batch_size)
    schedule = paddle.optimizer.lr.CosineAnnealingDecay(float(learning_rate), T_max=epochs * steps)
    updates = optimizer(schedule, parameters=net.parameters(), weight_decay=weight_decay)
    scaler = paddle.amp.GradScaler(enable=mixed)
    draw = np.random.default_rng(seed)
    history = History(settings=settings, context=this_run())
    saved = Checkpoint(checkpoint, net, updates, schedule, steps, scaler, draw, history)
    if not saved.resume():
        paddle.seed(seed)
    _check_agreement(len(history.epochs))
    if checkpoint is not None and parallel.rank() == 0:
        files.verify_writable(checkpoint)
    learner = _Learner(net, updates, scaler)
    progress = progress and parallel.rank() == 0

    net.train()
    for epoch in range(len(history.epochs) + 1, epochs + 1):
        start = said = time.perf_counter()
        loss_sum = wrong = seen = 0
        for step, (images, labels) in enumerate(source.shuffled(draw), start=1):
            loss, mistakes = learner.step(prepare(augment(images)), labels)
            schedule.step()
            if not math.isfinite(loss):
                raise TrainingError(
                    f"the loss became {loss} in pass {epoch}; try a learning rate below "
                    f"{learning_rate:g}."
                )
            loss_sum += loss * len(labels)
            wrong += mistakes
            seen += len(labels)
            if progress and time.perf_counter() - said > 60:
                said = time.perf_counter()
                print(f"第 {epoch}/{epochs} 遍  {step}/{steps} 批  损失 {loss:.4f}", flush=True)
        seconds = time.perf_counter() - start
        parallel.average_statistics(net)
        loss_sum, wrong, seen = parallel.total(loss_sum, wrong, seen)
        history.epochs.append({
            "epoch": epoch,
            "learning_rate": updates.get_lr(),
            "train_loss": loss_sum / seen,
            "train_error": 100 * wrong / seen,
            "test_error": _test_error(net, measured, prepare, mixed),
            "seconds": seconds,
        })  # fmt: skip
        if parallel.rank() == 0:
            saved.save()
        if progress:
            print(_line(history.epochs[-1], epochs), flush=True)
    return history


class _Learner:
    """One step of gradient descent, with whatever the network, Paddle and the machine need."""

    def __init__(self, net, optimizer, scaler):
        self.net = net
        self.forward = paddle.DataParallel(net) if parallel.size() > 1 else net
        self.criterion = getattr(net, "loss", F.cross_entropy)
        self.optimizer, self.scaler = optimizer, scaler

    def step(self, images, labels):
        """Learn from a batch; returns its mean loss and how many answers were wrong."""
        with paddle.amp.auto_cast(enable=self.scaler.is_enable()):
            try:
                outputs = self.forward(images)
            except ValueError as error:  # parts that only work in training, as auxiliary heads
                raise _does_not_fit(self.net, images, error) from error
            loss = self.criterion(outputs, labels)
        self.scaler.scale(loss).backward()
        with unique_name.guard():  # its state has the same names in the next run with this network
            self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.clear_grad()
        return loss.item(), (_logits(outputs).argmax(axis=1) != labels).sum().item()


def _test_error(net, source, prepare, mixed):
    """Error rate in % over the images of a source, whichever process they are with."""
    wrong = 0
    with evaluating(net), paddle.no_grad(), paddle.amp.auto_cast(enable=mixed):
        for images, labels in source.in_order():
            wrong += (_logits(net(prepare(images))).argmax(axis=1) != labels).sum().item()
    (wrong,) = parallel.total(wrong)
    return 100 * (wrong / source.count)


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


def _unchanged(images):
    return images


def _batches(data, name, batch_size, workers):
    if not isinstance(data, Dataset):
        return ArrayBatches(*_as_tensors(data, name), batch_size)
    return LoaderBatches(data, batch_size, workers)


def _check_whole(name, value, least):
    if not isinstance(value, int) or value < least:
        raise TrainingError(f"{name} is {value!r}; it must be a whole number from {least} on.")


def _check_machine(batch_size, mixed):
    if batch_size % parallel.size():
        raise TrainingError(
            f"batch_size is {batch_size}, which {parallel.size()} processes cannot share evenly; "
            f"make it a multiple of {parallel.size()}."
        )
    if mixed and not paddle.device.get_device().startswith("gpu"):
        raise TrainingError(
            f"mixed precision needs a GPU, and Paddle computes on {paddle.device.get_device()} "
            f"here; leave it out."
        )


def _check_agreement(passes):
    """Raise a TrainingError unless all processes have gone the same number of passes."""
    if parallel.total(passes)[0] != passes * parallel.size():
        raise TrainingError(
            "some processes found the checkpoint and some did not; put it into a folder that all "
            "machines share."
        )


def _check_fit(net, few, label_range):
    """Raise a TrainingError unless the network gives one logit for every class of the labels."""
    if not isinstance(net, paddle.nn.Layer):
        raise TrainingError(f"the network is {net!r}; give a paddle.nn.Layer.")
    try:
        with evaluating(net), paddle.no_grad():
            logits = _logits(net(few))
    except Exception as error:
        raise _does_not_fit(net, few, error) from error
    classes = logits.shape[-1]
    if list(logits.shape) != [len(few), classes]:
        raise TrainingError(
            f"{type(net).__name__} returns the shape {list(logits.shape)} for {len(few)} images; "
            f"it must end in one row of logits for each image."
        )
    lowest, highest = label_range
    if lowest < 0 or highest >= classes:
        raise TrainingError(
            f"the labels go from {lowest} to {highest}, but {type(net).__name__} has {classes} "
            f"logits, for the labels 0 to {classes - 1}."
        )


def _does_not_fit(net, images, error):
    return TrainingError(
        f"{type(net).__name__} cannot take images of shape {list(images.shape)}; bring them to the "
        f"size that it reads. Paddle says: {first_sentence(error)}"
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
