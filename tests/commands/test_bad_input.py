"""Wrong arguments, files and networks: each gets one sentence, and from the course itself."""

import gzip
import traceback

import numpy as np
import paddle
import pytest
from paddle import nn
from sentences import one_sentence

from course_utils import analyze, exercises, figures, notebooks, runtime, widgets
from course_utils.book import textbook
from course_utils.commands import train
from course_utils.counting import effective_field, geometry, probe
from course_utils.images import augmentation, datasets, folders
from course_utils.training import history, loop

IMAGES = np.zeros((4, 1, 8, 8), "float32")
LABELS = np.zeros(4, "int64")


class Raises(nn.Layer):
    """A network whose constructor works and whose forward does not."""

    def forward(self, x):
        raise KeyError("weights")


class Wants(nn.Layer):
    """A network that wants two inputs."""

    def forward(self, x, y):
        return x + y


def small_net():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))


def fit(images=IMAGES, labels=LABELS, net=None, **options):
    options = {"epochs": 1, "progress": False, **options}
    return loop.train(net or small_net(), (images, labels), (IMAGES, LABELS), **options)


CALLS = {
    # networks and shapes
    "analyze nothing": lambda: analyze(None, (1, 3, 8, 8)),
    "analyze a number": lambda: analyze(3, (1, 3, 8, 8)),
    "analyze a tensor": lambda: analyze(paddle.zeros([2]), (1, 3, 8, 8)),
    "analyze a factory of nothing": lambda: analyze(lambda: None, (1, 3, 8, 8)),
    "a shape that is a number": lambda: analyze(small_net(), 8),
    "a shape that is a word": lambda: analyze(small_net(), "1x8"),
    "an empty shape": lambda: analyze(small_net(), ()),
    "a shape with zero": lambda: analyze(small_net(), (1, 0, 8, 8)),
    "a shape with a fraction": lambda: analyze(small_net(), (1, 1, 8.5, 8)),
    "a negative shape": lambda: analyze(small_net(), (1, 1, -8, 8)),
    "a shape that no machine holds": lambda: analyze(nn.Conv2D(1, 1, 3), (1, 1, 10**5, 10**5)),
    "a shape beyond all numbers": lambda: analyze(nn.Conv2D(1, 1, 3), (1, 1, 10**400, 32)),
    "wrong features": lambda: analyze(small_net(), (1, 1, 9, 9)),
    "wrong channels": lambda: analyze(nn.Conv2D(3, 4, 3), (1, 1, 9, 9)),
    "too few axes": lambda: analyze(nn.Conv2D(3, 4, 3), (3, 9)),
    "an image too small": lambda: analyze(nn.Conv2D(1, 1, 5), (1, 1, 4, 4)),
    "shrinks to nothing": lambda: analyze(
        nn.Sequential(*[nn.MaxPool2D(2) for _ in range(5)]), (1, 1, 16, 16)
    ),
    "a forward that raises": lambda: analyze(Raises(), (1, 1, 8, 8)),
    "a forward with two inputs": lambda: analyze(Wants(), (1, 1, 8, 8)),
    "a row that is not there": lambda: analyze(small_net(), (1, 1, 8, 8))["conv1"],
    "columns that are not there": lambda: analyze(small_net(), (1, 1, 8, 8)).only(["conv1"]),
    "a probe of no column": lambda: probe.probe(nn.Conv2D(1, 1, 3), (1, 1, 8, 8), colour=1),
    "a wrong prediction": lambda: probe.probe(nn.Conv2D(1, 1, 3), (1, 1, 8, 8), params=9),
    "fields of nothing that convolves": lambda: effective_field.FieldProbe(
        small_net(), (1, 1, 8, 8)
    ),
    # formulas
    "kernel beyond the image": lambda: geometry.output_size(3, 5),
    "stride zero": lambda: geometry.output_size(8, 3, 0),
    "negative padding": lambda: geometry.output_size(8, 3, 1, -1),
    "dilation zero": lambda: geometry.output_size(8, 3, 1, 0, 0),
    # images and labels
    "no such split": lambda: datasets.load_mnist("validation"),
    "no such split of Fashion-MNIST": lambda: datasets.load_fashion_mnist("validation"),
    "images as floats": lambda: datasets.pad_to_32(IMAGES),
    "images of another size": lambda: datasets.pad_to_32(np.zeros((2, 8, 8), np.uint8)),
    "images in a list": lambda: datasets.pad_to_32([[1, 2], [3, 4]]),
    "a split of tiny digits": lambda: datasets.tiny_digits(*datasets.load_mnist("test"), split="x"),
    "standardized images with five axes": lambda: datasets.standardize(np.zeros((1,) * 5)),
    "no data set of that name": lambda: datasets.training_sets("imagenet"),
    "an archive that is not there": lambda: datasets.training_sets("cifar-10", "none.tar.gz"),
    # training
    "no images": lambda: fit(IMAGES[:0], LABELS[:0]),
    "images without channels": lambda: fit(IMAGES[:, 0]),
    "fewer labels than images": lambda: fit(labels=LABELS[:3]),
    "images that are not numbers": lambda: fit(np.full_like(IMAGES, np.nan)),
    "a label beyond the classes": lambda: fit(labels=LABELS + 7),
    "a negative label": lambda: fit(labels=LABELS - 1),
    "a folder of no images": lambda: folders.image_folders(runtime.REPO, (3, 8, 8)),
    "photos for five channels": lambda: folders.image_folders(runtime.REPO, (5, 8, 8)),
    "colours that become grey": lambda: train.fit_to(paddle.zeros([1, 3, 8, 8]), (1, 8, 8)),
    "a decay that is none": lambda: fit(weight_decay=float("nan")),
    "a decay below zero": lambda: fit(weight_decay=-0.1),
    "a batch in pieces": lambda: fit(batch_size=2.5),
    "no passes": lambda: fit(epochs=0),
    "a batch of nothing": lambda: fit(batch_size=0),
    "a network that ends in images": lambda: fit(net=nn.Conv2D(1, 3, 3)),
    "a network for other images": lambda: fit(net=nn.Linear(5, 3)),
    "no network": lambda: fit(net=3),
    "a learning rate that explodes": lambda: fit(IMAGES + 1e4, learning_rate=1e30, epochs=9),
    "a crop larger than the images": lambda: augmentation.random_crop(
        IMAGES, 20, np.random.default_rng(0)
    ),
    # drawings and explorers
    "an image without rows": lambda: figures.image_grid(np.zeros(5)),
    "labels for other images": lambda: figures.image_grid(np.zeros((2, 8, 8)), [1]),
    "a network of no volumes": lambda: figures.network_volumes([]),
    "no curves": lambda: figures.training_curves({}),
    "no results": lambda: figures.seed_scatter({}),
    "an empty connection table": lambda: widgets.ConnectionExplorer([]),
    "codes of another shape": lambda: widgets.CodeExplorer(np.zeros((3, 3))),
    "a pooling map without columns": lambda: widgets.PoolingExplorer(np.zeros(5)),
    "an activation that is no row": lambda: widgets.LrnExplorer(np.zeros((2, 2, 2))),
    # the book
    "no such section": lambda: textbook.claims("9.9"),
    "no such network": lambda: textbook.network_table("6.1", "LeNet"),
    "no such argument": lambda: textbook.network_table("6.1", "LeNet5", depth=50),
    "no such value of an argument": lambda: textbook.network_table("6.1", "LeNet5", c3="(("),
    "weights that no machine holds": lambda: textbook.network_table(
        "6.3", "VGG", num_classes=10**6
    ),
    "no notebook of that section": lambda: notebooks.load_section("6.9"),
    "no such exercise": lambda: exercises.check("6.1-99", 1),
}  # fmt: skip


def raised_here(error):
    """Whether the error was raised by the course, whatever it was called from."""
    last = traceback.extract_tb(error.__traceback__)[-1].filename
    return last.startswith(str(runtime.REPO / "course_utils"))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_wrong_call_gets_one_sentence(call):
    with pytest.raises(Exception) as caught:
        call()
    assert raised_here(caught.value), traceback.format_exception_only(caught.value)
    assert one_sentence(caught.value)


GOOD_IDX = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 39, 16]) + bytes(10_000))


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", GOOD_IDX[:100], gzip.compress(b""), gzip.compress(b"\0\0\x0d\1"), GOOD_IDX],
    ids=["empty", "no gzip", "cut gzip", "empty inside", "another type", "other values"],
)
def test_a_spoilt_data_file_gets_one_sentence_and_is_left_alone(content, tmp_path, monkeypatch):
    file = datasets.FILES["mnist"]["test"][1]
    path = tmp_path / file.path
    path.parent.mkdir()
    path.write_bytes(content)
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    with pytest.raises(datasets.DatasetError) as caught:
        datasets.read_idx(file)
    assert one_sentence(caught.value) and file.path in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '{"curve": 1}'])
def test_a_record_that_is_none_gets_one_sentence(text, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(history.HistoryError) as caught:
        history.History.load(path)
    assert one_sentence(caught.value) and "run.json" in str(caught.value)
