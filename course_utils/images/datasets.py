"""Real images from the ``data`` folder: found, verified, loaded. No network is needed.

The files are gzipped IDX, the format of http://yann.lecun.com/exdb/mnist: a big-endian magic
number (two zero bytes, the type 8 for unsigned bytes, the number of axes), the size of each
axis, then the values.
"""

import gzip
import hashlib
import tarfile
import zlib
from dataclasses import dataclass
from functools import lru_cache, partial
from math import prod
from pathlib import Path

import numpy as np
from PIL import Image

from ..runtime import REPO

DATA = REPO / "data"

# LeCun et al. 1998, section II.B: so that the mean of the input is about 0.
BACKGROUND, INK = -0.1, 1.175
LEVELS = np.linspace(BACKGROUND, INK, 256, dtype=np.float32)


@dataclass(frozen=True)
class IdxFile:
    """A gzipped IDX file of unsigned bytes: where it is, its axes, and the SHA-256 unpacked."""

    path: str
    shape: tuple
    sha256: str


def _files(folder, train_images, train_labels, test_images, test_labels):
    """(images, labels) of each split of a data set with MNIST's layout, by their SHA-256."""

    def pair(prefix, count, images, labels):
        return (
            IdxFile(f"{folder}/{prefix}-images-idx3-ubyte.gz", (count, 28, 28), images),
            IdxFile(f"{folder}/{prefix}-labels-idx1-ubyte.gz", (count,), labels),
        )

    return {
        "train": pair("train", 60000, train_images, train_labels),
        "test": pair("t10k", 10000, test_images, test_labels),
    }


FILES = {
    "mnist": _files(
        "mnist",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion-mnist": _files(
        "fashion_mnist",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}

TRAINING_SETS = ("mnist", "fashion-mnist", "cifar-10")

# Labels 0-9 of Fashion-MNIST (Xiao et al. 2017, table 2).
FASHION_CLASSES = ["T恤", "裤子", "套衫", "连衣裙", "外套", "凉鞋", "衬衫", "运动鞋", "包", "短靴"]


class DatasetError(Exception):
    """A data file that cannot be used.

    Attributes:
        file: its path inside the course, "data/mnist/…".
        problem: "missing", "truncated" (ends too early), "damaged" (not gzipped IDX) or
            "altered" (readable, but not the published data).
    """

    SAYS = {
        "missing": "is missing",
        "truncated": "ends too early",
        "damaged": "is damaged",
        "altered": "is not the published data",
    }

    def __init__(self, file, problem):
        self.file, self.problem = file, problem
        folder = file.rpartition("/")[0]
        super().__init__(
            f"{file} {self.SAYS[problem]}; restore it with `git checkout -- {folder}` or "
            f"download the course again ({folder}/README.md names the original source)."
        )


def read_idx(file):
    """The verified values of an ``IdxFile``: read-only uint8 array of the file's shape.

    Raises:
        DatasetError: the file is missing, truncated, damaged or altered.
    """
    name = f"data/{file.path}"
    try:
        content = gzip.decompress((DATA / file.path).read_bytes())
    except FileNotFoundError:
        raise DatasetError(name, "missing") from None
    except EOFError:
        raise DatasetError(name, "truncated") from None
    except (OSError, zlib.error):  # no gzip, no file, or not ours to read
        raise DatasetError(name, "damaged") from None
    header = bytes([0, 0, 8, len(file.shape)])
    header += b"".join(size.to_bytes(4, "big") for size in file.shape)
    if len(content) < len(header) + prod(file.shape):
        raise DatasetError(name, "truncated")
    if not content.startswith(header):
        raise DatasetError(name, "damaged")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise DatasetError(name, "altered")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(file.shape)


@lru_cache
def _load(dataset, split):
    if split not in FILES[dataset]:
        raise ValueError(f'split is {split!r}; it must be "train" or "test".')
    images, labels = (read_idx(file) for file in FILES[dataset][split])
    labels = labels.astype(np.int64)
    labels.setflags(write=False)
    return images, labels


def load_mnist(split):
    """MNIST's handwritten digits (LeCun, Cortes & Burges), read from ``data/mnist``.

    Args:
        split: "train" (60,000 images) or "test" (10,000).

    Returns:
        (images, labels): uint8 (n, 28, 28) with 0 for the background and 255 for full ink, and
        int64 (n,) with the digits. Both are read-only and shared by all callers.

    Raises:
        ValueError: no such split.
        DatasetError: a file is missing, truncated, damaged or altered.
    """
    return _load("mnist", split)


def load_fashion_mnist(split):
    """Fashion-MNIST (Xiao, Rasul & Vollgraf 2017), read from ``data/fashion_mnist``.

    As ``load_mnist``; the labels are indices into ``FASHION_CLASSES``.
    """
    return _load("fashion-mnist", split)


def load_cifar10(split, archive=None):
    """CIFAR-10 (Krizhevsky 2009) through Paddle's own loader; it is not part of the course.

    Args:
        split: "train" (50,000 images) or "test" (10,000).
        archive: ``cifar-10-python.tar.gz``; by default Paddle downloads it, once.

    Returns:
        (images, labels): uint8 (n, 32, 32, 3), RGB, and int64 (n,).

    Raises:
        ValueError: the download failed, or the archive is not there or is another file.
    """
    from paddle.vision.datasets import Cifar10

    if archive is not None and not Path(archive).is_file():
        raise ValueError(f"there is no file {archive}; give the path of cifar-10-python.tar.gz.")
    try:
        data = Cifar10(archive, mode=split, download=archive is None, backend="cv2").data
        images = np.stack([image for image, _ in data]).reshape(-1, 3, 32, 32)
    except (RuntimeError, OSError, ValueError, tarfile.TarError):
        raise ValueError(
            f"{archive} is no archive of CIFAR-10; give the path of cifar-10-python.tar.gz."
            if archive
            else "Paddle could not download CIFAR-10; fetch cifar-10-python.tar.gz yourself and "
            "give its path as archive (--archive on the command line)."
        ) from None
    return images.transpose(0, 2, 3, 1), np.array([int(label) for _, label in data])


def training_sets(name, archive=None):
    """(training set, test set) of a data set as networks read it: float32 NCHW and labels.

    Args:
        name: "mnist" (as LeNet-5 reads it, see ``pad_to_32``), "fashion-mnist" or "cifar-10"
            (both standardized by their training images).
        archive: for CIFAR-10, see ``load_cifar10``.
    """
    if name not in TRAINING_SETS:
        raise ValueError(f"there is no data set {name!r}; there are {', '.join(TRAINING_SETS)}.")
    if name == "mnist":
        return tuple((pad_to_32(x), y) for x, y in map(load_mnist, ("train", "test")))
    load = load_fashion_mnist if name == "fashion-mnist" else partial(load_cifar10, archive=archive)
    (train_images, train_labels), (test_images, test_labels) = map(load, ("train", "test"))
    return (
        (standardize(train_images), train_labels),
        (standardize(test_images, train_images), test_labels),
    )


def load_photo():
    """A real photo to look at networks with, the cat Chelsea: uint8 (300, 451, 3), RGB."""
    with Image.open(DATA / "photos" / "chelsea.png") as photo:
        return np.asarray(photo.convert("RGB"))


def verify():
    """Check every data file: a list of (file, problem), the problem None where all is well.

    The problems are those of ``DatasetError.problem``.
    """
    findings = []
    for splits in FILES.values():
        for file in (file for pair in splits.values() for file in pair):
            try:
                read_idx(file)
            except DatasetError as error:
                findings.append((error.file, error.problem))
            else:
                findings.append((f"data/{file.path}", None))
    return findings


def pad_to_32(images):
    """Images as LeNet-5 reads them: two cells of background around, levels -0.1 to 1.175.

    LeCun et al. 1998, section II.B. The margin lets the strokes near the edge reach the middle
    of the receptive fields of the highest feature detectors.

    Args:
        images: uint8 (n, 28, 28), 0 for the background and 255 for full ink.

    Returns:
        float32 (n, 1, 32, 32).

    Raises:
        ValueError: another shape or another type.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(
            f"images are {images.dtype} {images.shape}; they must be uint8 (n, 28, 28)."
        )
    padded = np.full((len(images), 1, 32, 32), LEVELS[0])
    padded[:, 0, 2:-2, 2:-2] = LEVELS[images]
    return padded


def standardize(images, reference=None):
    """Images with the mean taken away, in units of the standard deviation, channels first.

    Args:
        images: uint8 (n, height, width) or (n, height, width, channels).
        reference: images that give the mean and the standard deviation of each channel, the
            training set; by default the images themselves.

    Returns:
        float32 (n, channels, height, width).
    """
    reference = _channels_first(images if reference is None else reference)
    mean, deviation = (
        statistic(reference, axis=(0, 2, 3), keepdims=True, dtype="float64").astype("float32")
        for statistic in (np.mean, np.std)
    )
    return (_channels_first(images) - mean) / deviation


def _channels_first(images):
    return images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)


def tiny_digits(images, labels, seed=0, split="image"):
    """480 binary digits of 16x16 pixels after LeCun 1989 (CRG-TR-89-4), made from MNIST.

    Twelve drawings of each digit, fitted into 16 rows x 13 columns, put at four horizontal
    positions. 320 images are for training and 160 for testing, 32 and 16 of each digit.

    Args:
        images, labels: MNIST, uint8 (n, 28, 28) and integers (n,).
        seed: chooses the drawings and the split.
        split: "image" draws the test images at random among all, as the report does, so that
            most test images have a shifted copy of themselves in the training set; "drawing"
            keeps the four copies of a drawing together (eight drawings of a digit for
            training, four for testing).

    Returns:
        (train_images, train_labels), (test_images, test_labels): float32 (n, 1, 16, 16) with
        +1 for ink and -1 for background, and int64 (n,).
    """
    if split not in ("image", "drawing"):
        raise ValueError(f'split is {split!r}; it must be "image" or "drawing".')
    draw = np.random.default_rng(seed)
    train, test = [], []
    for digit in range(10):
        chosen = draw.choice(np.flatnonzero(labels == digit), 12, replace=False)
        copies = [
            np.pad(_fit_to_frame(images[i]), ((0, 0), (shift, 3 - shift)))
            for i in chosen
            for shift in range(4)
        ]
        if split == "image":
            copies = [copies[i] for i in draw.permutation(48)]
        train += copies[:32]
        test += copies[32:]
    return _as_signs(train), _as_signs(test)


def tiny_drawings(images, seed=0):
    """Binary digits of 16x16 pixels as in ``tiny_digits``, but each drawing only once.

    Args:
        images: uint8 (n, 28, 28), of MNIST.
        seed: chooses one of the four horizontal positions for each.

    Returns:
        float32 (n, 1, 16, 16) with +1 for ink and -1 for background.
    """
    places = np.random.default_rng(seed).integers(0, 4, len(images))
    copies = [
        np.pad(_fit_to_frame(image), ((0, 0), (place, 3 - place)))
        for image, place in zip(images, places, strict=True)
    ]
    return np.where(np.stack(copies)[:, None], 1, -1).astype("float32")


def _fit_to_frame(image, rows=16, columns=13):
    """Binary copy of a digit, its longer side fitted to the frame, the shape kept."""
    y, x = np.nonzero(image > 127)
    step = max((np.ptp(y) + 1) / rows, (np.ptp(x) + 1) / columns)

    def grid(seen, cells):
        centre = (seen.min() + seen.max()) / 2
        return np.rint(centre + (np.arange(cells) - (cells - 1) / 2) * step).astype(int)

    inside = np.pad(image > 127, 28)  # the frame may reach over the edge of the image
    return inside[np.ix_(grid(y, rows) + 28, grid(x, columns) + 28)]


def _as_signs(digits):
    images = np.where(np.stack(digits)[:, None], 1, -1).astype("float32")
    return images, np.repeat(np.arange(10), len(digits) // 10)
