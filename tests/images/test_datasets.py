"""The data room: MNIST is the published one, and a bad file is named."""

import gzip
import shutil

import numpy as np
import pytest

from course_utils.images import datasets
from course_utils.images.datasets import DatasetError, load_mnist, pad_to_32


@pytest.mark.parametrize(
    "archive, said", [(None, "could not download CIFAR-10"), (__file__, "no archive of CIFAR-10")]
)
def test_cifar_10_that_cannot_be_had_gets_one_sentence(archive, said, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("Cannot download")

    if archive is None:
        monkeypatch.setattr("paddle.vision.datasets.Cifar10", fail)
    with pytest.raises(ValueError, match=said):
        datasets.load_cifar10("test", archive)


LABELS = datasets.FILES["mnist"]["test"][1]


@pytest.fixture
def labels_file(tmp_path, monkeypatch):
    """A copy of the test labels in a data folder of its own, to be spoilt."""
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    (tmp_path / "mnist").mkdir()
    return shutil.copy(datasets.REPO / "data" / LABELS.path, tmp_path / LABELS.path)


@pytest.mark.parametrize(("split", "count"), [("train", 60000), ("test", 10000)])
def test_mnist(split, count):
    images, labels = load_mnist(split)
    assert images.shape == (count, 28, 28) and images.dtype == np.uint8
    assert labels.shape == (count,) and labels.dtype == np.int64
    assert (np.bincount(labels) > count / 12).all() and len(np.bincount(labels)) == 10


def test_mnist_begins_as_published():
    assert load_mnist("train")[1][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert load_mnist("test")[1][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # The mean and standard deviation that everyone quotes for the training images.
    images = load_mnist("train")[0] / np.float32(255)
    assert images.mean() == pytest.approx(0.1307, abs=5e-5)
    assert images.std() == pytest.approx(0.3081, abs=5e-5)


@pytest.mark.parametrize(("split", "count"), [("train", 60000), ("test", 10000)])
def test_fashion_mnist(split, count):
    images, labels = datasets.load_fashion_mnist(split)
    assert images.shape == (count, 28, 28) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [count // 10] * 10


def test_fashion_mnist_begins_as_published():
    images, labels = datasets.load_fashion_mnist("train")
    names = [datasets.FASHION_CLASSES[label] for label in labels[:4]]
    assert names == ["短靴", "T恤", "T恤", "连衣裙"]
    # The mean and standard deviation that everyone quotes for the training images.
    assert images.mean() / 255 == pytest.approx(0.2860, abs=5e-5)
    assert images.std() / 255 == pytest.approx(0.3530, abs=5e-5)


def test_the_photo_is_a_picture_in_colour():
    photo = datasets.load_photo()
    assert photo.shape == (300, 451, 3) and photo.dtype == np.uint8
    assert np.ptp(photo.astype(int), axis=2).max() > 50


@pytest.mark.parametrize("shape", [(5, 4, 3), (5, 4, 3, 3)])
def test_standardized_images_have_mean_0_and_deviation_1(shape):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    result = datasets.standardize(images)
    assert result.shape == (5, *(shape[3:] or [1]), 4, 3) and result.dtype == np.float32
    np.testing.assert_allclose(result.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(result.std(axis=(0, 2, 3)), 1, rtol=1e-5)


def test_standardized_by_the_statistics_of_another_set():
    reference = np.array([[[0, 100]]], np.uint8)  # mean 50, deviation 50
    result = datasets.standardize(np.array([[[200, 50]]], np.uint8), reference)
    assert result.tolist() == [[[[3, 0]]]]


def test_loaded_once_and_read_only():
    images, labels = load_mnist("test")
    assert load_mnist("test")[0] is images
    for array in (images, labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_unknown_split():
    with pytest.raises(ValueError, match='\'val\'.*"train" or "test"'):
        load_mnist("val")


def spoil_missing(path):
    path.unlink()


def spoil_cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def spoil_emptied(path):
    path.write_bytes(b"")


def spoil_shortened(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1]))


def spoil_not_gzip(path):
    path.write_bytes(b"<html>404</html>")


def spoil_one_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def spoil_header(path):
    path.write_bytes(gzip.compress(b"\1" + gzip.decompress(path.read_bytes())[1:]))


def spoil_one_label(path):
    content = bytearray(gzip.decompress(path.read_bytes()))
    content[100] = (content[100] + 1) % 10
    path.write_bytes(gzip.compress(content))


def spoil_lengthened(path):
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"\0"))


@pytest.mark.parametrize(
    ("spoil", "problem", "says"),
    [
        (spoil_missing, "missing", "is missing"),
        (spoil_cut, "truncated", "ends too early"),
        (spoil_emptied, "truncated", "ends too early"),
        (spoil_shortened, "truncated", "ends too early"),
        (spoil_not_gzip, "damaged", "is damaged"),
        (spoil_one_byte, "damaged", "is damaged"),
        (spoil_header, "damaged", "is damaged"),
        (spoil_one_label, "altered", "is not the published data"),
        (spoil_lengthened, "altered", "is not the published data"),
    ],
)
def test_a_bad_file_is_named(labels_file, spoil, problem, says):
    spoil(labels_file)
    with pytest.raises(DatasetError) as caught:
        datasets.read_idx(LABELS)
    assert caught.value.problem == problem
    assert f"data/{LABELS.path} {says}" in str(caught.value)
    assert "git checkout -- data/mnist" in str(caught.value)


def test_another_compression_of_the_same_data_is_welcome(labels_file):
    labels_file.write_bytes(gzip.compress(gzip.decompress(labels_file.read_bytes()), 1))
    assert datasets.read_idx(LABELS).tolist() == load_mnist("test")[1].tolist()


def test_verify_names_what_is_bad(labels_file):
    problems = dict(datasets.verify())
    assert problems.pop(f"data/{LABELS.path}") is None
    assert set(problems.values()) == {"missing"} and len(problems) == 7


def test_verify_finds_the_committed_files_sound():
    assert [problem for _, problem in datasets.verify()] == [None] * 8


def test_pad_to_32():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 0, 0], image[0, 27, 3] = 255, 51
    padded = pad_to_32(image)
    assert padded.shape == (1, 1, 32, 32) and padded.dtype == np.float32
    assert padded[0, 0, 2, 2] == np.float32(1.175)
    assert padded[0, 0, 29, 5] == pytest.approx(-0.1 + 1.275 / 5)
    assert (padded == np.float32(-0.1)).sum() == 32 * 32 - 2


@pytest.mark.parametrize(
    "images",
    [np.zeros((28, 28), np.uint8), np.zeros((1, 32, 32), np.uint8), np.zeros((1, 28, 28))],
)
def test_pad_to_32_says_what_it_got(images):
    with pytest.raises(ValueError, match=f"{images.dtype}.*uint8"):
        pad_to_32(images)


@pytest.mark.parametrize("split", ["image", "drawing"])
def test_tiny_digits_are_the_reports_in_number_and_kind(split):
    train, test = datasets.tiny_digits(*datasets.load_mnist("train"), split=split)
    for (images, labels), each in ((train, 32), (test, 16)):
        assert images.shape == (10 * each, 1, 16, 16)
        assert set(np.unique(images)) == {-1, 1}
        assert np.bincount(labels).tolist() == [each] * 10


def test_tiny_drawings_are_each_there_once_at_all_four_places():
    images = load_mnist("test")[0][:200]
    tiny = datasets.tiny_drawings(images)
    assert tiny.shape == (200, 1, 16, 16) and tiny.dtype == np.float32
    assert set(np.unique(tiny)) == {-1, 1}
    tallest = [image[0] for image in tiny if (image[0] > 0).any(axis=1).all()]
    assert len(tallest) > 100  # most digits are taller than wide and fill the 16 rows
    ink = (tiny[:, 0] > 0).any(axis=1)  # by columns; a frame of 13 leaves three free
    left = ink.argmax(axis=1)
    again = datasets.tiny_drawings(images, seed=1)
    moved = (again[:, 0] > 0).any(axis=1).argmax(axis=1) - left
    assert set(moved) == set(range(-3, 4))
    assert [int((one > 0).sum()) for one in tiny] == [int((one > 0).sum()) for one in again]


def test_tiny_digits_refuse_another_split():
    with pytest.raises(ValueError, match="split is 'writer'"):
        datasets.tiny_digits(*datasets.load_mnist("train"), split="writer")
