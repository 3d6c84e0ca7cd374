"""Augmentation: every changed image can be found in the old one, and a seed repeats it."""

import numpy as np
import paddle
import pytest

from course_utils.counting.geometry import output_size
from course_utils.images import augmentation
from course_utils.images.datasets import load_photo

BATCH = np.random.default_rng(7).random((6, 3, 9, 8), dtype="float32")


def draw(seed=0):
    return np.random.default_rng(seed)


def places(image, crop):
    """Every (top, left) at which the crop lies in the image, found by trying them all."""
    size = crop.shape[-1]
    return [
        (top, left)
        for top in range(image.shape[1] - size + 1)
        for left in range(image.shape[2] - size + 1)
        if np.array_equal(image[:, top : top + size, left : left + size], crop)
    ]


def test_crops_lie_in_their_own_images_at_positions_of_their_own():
    crops = augmentation.random_crop(BATCH, 5, draw())
    assert crops.shape == (6, 3, 5, 5) and crops.dtype == BATCH.dtype
    found = [places(image, crop) for image, crop in zip(BATCH, crops, strict=True)]
    assert all(len(places) == 1 for places in found)
    assert len({places[0] for places in found}) > 1


def test_every_position_is_drawn_the_border_included():
    image = np.arange(5 * 4, dtype="float32").reshape(1, 1, 5, 4)
    crops = augmentation.random_crop(np.repeat(image, 500, axis=0), 3, draw())
    assert {int(crop[0, 0, 0]) for crop in crops} == {0, 1, 4, 5, 8, 9}
    assert output_size(5, 3) * output_size(4, 3) == 6


def test_padding_lets_the_crop_keep_the_size_of_the_image():
    images = np.ones((200, 1, 4, 4), "float32")
    crops = augmentation.random_crop(images, 4, draw(), padding=2)
    assert crops.shape == images.shape
    assert {int(crop.sum()) for crop in crops} == {4, 6, 8, 9, 12, 16}


def test_a_crop_that_does_not_fit_says_so():
    with pytest.raises(ValueError, match=r"a crop of 9 pixels does not fit into 9 x 8"):
        augmentation.random_crop(BATCH, 9, draw())


def test_flips_mirror_about_half_of_the_images():
    images = np.repeat(BATCH[:1], 1000, axis=0)
    flipped = augmentation.random_flip(images, draw())
    mirrored = (flipped == images[..., ::-1]).all(axis=(1, 2, 3))
    assert (mirrored | (flipped == images).all(axis=(1, 2, 3))).all()
    assert 400 < mirrored.sum() < 600


def test_components_are_those_of_the_covariance_matrix():
    eigenvalues, eigenvectors = augmentation.pixel_components(BATCH)
    pixels = BATCH.transpose(0, 2, 3, 1).reshape(-1, 3).astype("float64")
    assert np.all(np.diff(eigenvalues) <= 0)
    assert np.allclose((eigenvectors * eigenvalues) @ eigenvectors.T, np.cov(pixels.T))
    assert np.allclose(eigenvectors.T @ eigenvectors, np.eye(3))
    for vector in eigenvectors.T:
        assert vector[np.abs(vector).argmax()] > 0


def test_components_of_grey_images():
    eigenvalues, eigenvectors = augmentation.pixel_components(BATCH[:, :1])
    assert eigenvalues == pytest.approx([BATCH[:, 0].var(ddof=1)]) and eigenvectors == [[1]]


def test_lighting_shift_by_the_sum_of_the_paper():
    values, vectors = augmentation.pixel_components(BATCH)
    factors = [0.1, -0.2, 0.3]
    by_hand = [
        sum(vectors[channel, i] * factors[i] * values[i] for i in range(3)) for channel in range(3)
    ]
    assert np.allclose(augmentation.lighting_shift((values, vectors), factors), by_hand)


def test_lighting_adds_one_colour_to_all_pixels_of_an_image():
    components = augmentation.pixel_components(BATCH)
    images = np.repeat(BATCH[:1], 4000, axis=0)
    added = augmentation.pca_lighting(images, components, draw()) - images
    assert added.dtype == BATCH.dtype
    assert np.ptp(added, axis=(2, 3)).max() < 1e-6
    factors = added[:, :, 0, 0] @ components[1] / components[0]
    assert np.allclose(factors.mean(axis=0), 0, atol=0.01)
    assert np.allclose(factors.std(axis=0), 0.1, atol=0.01)


CHANGES = {
    "crop": lambda images, generator: augmentation.random_crop(images, 8, generator, padding=1),
    "flip": augmentation.random_flip,
    "lighting": lambda images, generator: augmentation.pca_lighting(
        images, augmentation.pixel_components(BATCH), generator
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_tensors_and_arrays_agree_and_a_seed_repeats_them(change):
    changed = change(BATCH, draw(3))
    tensor = change(paddle.to_tensor(BATCH), draw(3))
    assert isinstance(tensor, paddle.Tensor) and tensor.dtype == paddle.float32
    assert np.array_equal(tensor.numpy(), changed)
    assert not np.array_equal(change(BATCH, draw(4)), changed)


def test_central_square_keeps_the_shape_of_things():
    photo = np.zeros((30, 45, 3), np.uint8)
    photo[:, 22] = 255
    square = augmentation.central_square(photo, 60)
    assert square.shape == (60, 60, 3)
    assert set(np.flatnonzero(square[30, :, 0] > 100)) == {29, 30}
    assert augmentation.central_square(load_photo()).shape == (256, 256, 3)
