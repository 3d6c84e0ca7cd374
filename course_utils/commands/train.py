"""The command ``train``: a network of a notebook, on real images, on one processor or many."""

import inspect
from functools import partial
from pathlib import Path

import paddle
import paddle.nn.functional as F

from .. import files, notebooks, runtime
from ..book import textbook
from ..counting.reasons import first_sentence
from ..images import datasets, folders
from ..training import loop, parallel

OPTIMIZERS = {"adamw": paddle.optimizer.AdamW, "momentum": paddle.optimizer.Momentum}


def run(options, arguments):
    """Train as the command line says.

    Args:
        options: of the command, by name.
        arguments: of the network's class, by name.

    Raises:
        ValueError: no such network, data or argument of the class; or one of ``datasets``,
            ``folders`` and ``training``.
    """
    factory = _network(options.network)
    parallel.join()
    if options.record and parallel.rank() == 0:  # the others would do it in the same file
        files.verify_writable(options.record)
    train_set, test_set, classes, prepare = _data(options)
    if "num_classes" in inspect.signature(factory).parameters:
        arguments = {"num_classes": classes} | arguments
    runtime.seed_everything(options.seed)
    history = loop.train(
        _built(factory, arguments),
        train_set,
        test_set,
        options.epochs,
        options.batch_size,
        options.learning_rate,
        options.weight_decay,
        OPTIMIZERS[options.optimizer],
        loop.random_affine if options.augment else None,
        options.seed,
        checkpoint=options.checkpoint,
        prepare=prepare,
        workers=options.workers,
        mixed=options.amp,
        notes={"data": options.data, "arguments": arguments},
    )
    if parallel.rank() == 0:
        if options.record:
            history.save(options.record)
        print(f"test error {history.epochs[-1]['test_error']:.2f} %")


def _network(name):
    """The class that SECTION:CLASS names."""
    section, name = notebooks.split_name(name)
    factory = getattr(notebooks.load_section(section), name, None)
    if not (isinstance(factory, type) and issubclass(factory, paddle.nn.Layer)):
        raise ValueError(f"section {section} defines no network {name!r}.")
    return factory


def _built(factory, arguments):
    try:
        return factory(**arguments)
    except (TypeError, ArithmeticError, AssertionError) as error:
        reason = first_sentence(error)
        raise ValueError(f"{factory.__name__} does not take these arguments: {reason}") from None


def _data(options):
    """(training set, test set, number of classes, ``prepare`` of ``loop.train``)."""
    if options.images is not None and options.images < 1:
        raise ValueError(f"--images is {options.images}; it must be a whole number from 1 on.")
    if options.archive and options.data != "cifar-10":
        raise ValueError(f"--archive is for cifar-10, not for {options.data}; leave it out.")
    if options.data in datasets.TRAINING_SETS:
        (images, labels), test_set = datasets.training_sets(options.data, options.archive)
        few = images[: options.images], labels[: options.images]
        prepare = partial(fit_to, shape=options.input) if options.input else None
        return few, test_set, int(labels.max()) + 1, prepare
    if not Path(options.data).is_dir():
        raise ValueError(
            f"there is no data set and no folder {options.data!r}; name one of "
            f"{', '.join(datasets.TRAINING_SETS)}, or a folder with train/ and val/."
        )
    if options.images is not None:
        raise ValueError("--images shortens mnist, fashion-mnist and cifar-10; leave it out here.")
    train_set, test_set = folders.image_folders(options.data, options.input or _input(options))
    return train_set, test_set, len(train_set.classes), None


def _input(options):
    """The chapter's input (channels, height, width) of the network."""
    section, name = notebooks.split_name(options.network)
    try:
        return textbook.networks(section)[name]["input"]
    except KeyError:
        raise ValueError(
            f"the chapter has no input for {options.network}; add --input, like 3x224x224."
        ) from None


def fit_to(images, shape):
    """Images of another size and number of channels, by bilinear interpolation.

    Args:
        images: (n, channels, height, width); one channel is repeated where more are wanted.
        shape: (channels, height, width) that the network reads.
    """
    channels, *size = shape
    if images.shape[1] not in (1, channels):
        raise ValueError(f"images with {images.shape[1]} channels cannot be read as {channels}.")
    return F.interpolate(images, size, mode="bilinear").expand([-1, channels, -1, -1])
