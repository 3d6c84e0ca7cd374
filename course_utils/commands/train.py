"""The command ``train``: a network of a notebook, on real images, on one processor or many."""

import inspect
import math
from functools import partial
from pathlib import Path

import paddle
import paddle.nn.functional as F
import psutil

from .. import files, notebooks, runtime
from ..book import textbook
from ..counting import graph
from ..images import datasets, folders
from ..training import loop, parallel

OPTIMIZERS = {"adamw": paddle.optimizer.AdamW, "momentum": paddle.optimizer.Momentum}
# Numbers kept for each weight: itself, its gradient, and what the optimizer remembers.
KEPT = {"adamw": 4, "momentum": 3}


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
    _verify_memory(options, graph.build(partial(notebooks.built, factory, arguments)))
    if options.record and options.record == options.checkpoint:
        raise ValueError(f"--record and --checkpoint are both {options.record}; name two files.")
    parallel.join()
    train_set, test_set, classes, prepare = _data(options)
    if options.record and parallel.rank() == 0:  # the others would do it in the same file
        files.verify_writable(options.record)
    if "num_classes" in inspect.signature(factory).parameters:
        arguments = {"num_classes": classes} | arguments
    runtime.seed_everything(options.seed)
    history = loop.train(
        notebooks.built(factory, arguments),
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


def _verify_memory(options, net):
    """Raise a ValueError if not even the weights and one batch fit into the machine's memory.

    Args:
        net: built without its weights.
    """
    weights = sum(math.prod(weight.shape) for weight in net.parameters())
    images = options.batch_size // parallel.size() * math.prod(options.input or (0,))
    needed = 4 * (weights * KEPT[options.optimizer] + images)
    here = psutil.virtual_memory().total
    if needed > here:
        raise ValueError(
            f"training needs at least {needed / 1e9:,.0f} GB, for {weights:,} weights, what is "
            f"kept beside each, and a batch of images, and this machine has {here / 1e9:,.0f} GB; "
            f"choose a smaller network, --batch-size or --input."
        )


def _data(options):
    """(training set, test set, number of classes, ``prepare`` of ``loop.train``)."""
    if options.archive and options.data != "cifar-10":
        raise ValueError(f"--archive is for cifar-10, not for {options.data}; leave it out.")
    if options.data in datasets.TRAINING_SETS:
        (images, labels), test_set = datasets.training_sets(options.data, options.archive)
        if options.images is not None and options.images > len(images):
            raise ValueError(
                f"--images is {options.images}, and {options.data} has {len(images)}; choose fewer."
            )
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
