"""New training images from old ones: crops, reflections and lighting, as AlexNet used them.

Source: Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional neural
networks", NIPS 2012, section 4.1 (the square of 256 x 256 pixels: section 2). The functions on
batches take NumPy arrays or Paddle tensors (n, channels, height, width) and give back the same
kind; what they draw comes from the NumPy generator that the caller passes, so that a seed repeats
it.
"""

from functools import wraps

import numpy as np
import paddle
from PIL import Image


def _on_tensors_too(change):
    """Let a function from a NumPy batch to a NumPy batch take Paddle tensors as well."""

    @wraps(change)
    def either(images, *arguments, **settings):
        if not isinstance(images, paddle.Tensor):
            return change(images, *arguments, **settings)
        changed = change(images.numpy(), *arguments, **settings)
        return paddle.to_tensor(changed, place=images.place)

    return either


@_on_tensors_too
def random_crop(images, size, generator, padding=0):
    """A square of ``size`` pixels from each image, every position being equally likely.

    Args:
        padding: zeros added on each side first. The paper adds none; its crops are smaller than
            the images. With padding they can be as large (He et al. 2016, section 4.2).

    Raises:
        ValueError: the square does not fit into the image.
    """
    images = np.pad(images, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    if size > min(images.shape[2:]):
        raise ValueError(
            f"a crop of {size} pixels does not fit into {images.shape[2]} x {images.shape[3]} "
            f"(padding included); choose a smaller size or more padding."
        )
    windows = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(2, 3))
    top, left = (
        generator.integers(positions, size=len(images)) for positions in windows.shape[2:4]
    )
    return windows[np.arange(len(images)), :, top, left]


@_on_tensors_too
def random_flip(images, generator):
    """Each image as it is or mirrored left to right, with probability 1/2 each."""
    mirrored = generator.random(len(images)) < 0.5
    return np.where(mirrored[:, None, None, None], images[..., ::-1], images)


@_on_tensors_too
def pca_lighting(images, components, generator, sigma=0.1):
    """Each image of floats under a light of its own: one ``lighting_shift`` added to its pixels.

    Args:
        components: (eigenvalues, eigenvectors) of ``pixel_components``, of images in the same
            units; the paper takes them from the whole training set.
        sigma: standard deviation of the three factors, 0.1 in the paper.
    """
    factors = generator.normal(0, sigma, (len(images), images.shape[1]))
    shifts = lighting_shift(components, factors).astype(images.dtype)
    return images + shifts[:, :, None, None]


def lighting_shift(components, factors):
    """What the paper adds to each pixel: [p1, p2, p3] [a1 λ1, a2 λ2, a3 λ3]^T.

    An eigenvalue is a variance, the square of the pixels' unit, so the size of the shift depends
    on that unit, which the paper does not name: pixels from 0 to 1 give faint changes, pixels from
    0 to 255 shifts beyond the whole range. Krizhevsky's later code (cuda-convnet2, convdata.py)
    takes standard deviations instead; for those, pass the square roots of the eigenvalues.

    Args:
        components: (eigenvalues, eigenvectors) of ``pixel_components``.
        factors: the a1, a2, a3, shape (..., channels).

    Returns:
        float array (..., channels).
    """
    eigenvalues, eigenvectors = components
    return (np.asarray(factors) * eigenvalues) @ eigenvectors.T


def pixel_components(images):
    """Principal components of the colours of all pixels of a batch (n, channels, height, width).

    Returns:
        (eigenvalues, eigenvectors) of the covariance matrix, largest first: (channels,) and
        (channels, channels), a vector a column, its entry of largest size positive.
    """
    images = np.asarray(images, dtype="float64")
    pixels = images.transpose(1, 0, 2, 3).reshape(images.shape[1], -1)
    eigenvalues, eigenvectors = np.linalg.eigh(np.atleast_2d(np.cov(pixels)))
    eigenvalues, eigenvectors = eigenvalues[::-1], eigenvectors[:, ::-1]
    largest = np.abs(eigenvectors).argmax(axis=0)
    signs = np.sign(np.take_along_axis(eigenvectors, largest[None], axis=0))
    return eigenvalues, eigenvectors * signs


def central_square(photo, side=256):
    """The paper's preprocessing: the shorter side scaled to ``side``, then the middle cut out.

    Args:
        photo: uint8 (height, width, 3).

    Returns:
        uint8 (side, side, 3).
    """
    image = Image.fromarray(photo)
    scale = side / min(image.size)
    width, height = (round(length * scale) for length in image.size)
    left, top = (width - side) // 2, (height - side) // 2
    scaled = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled.crop((left, top, left + side, top + side)))
