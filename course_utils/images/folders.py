"""Images in folders, as ImageNet comes: read, cropped and normalised by Paddle's own tools.

The layout is ``train/CLASS/*.jpg`` and ``val/CLASS/*.jpg``; the labels are the numbers of the
sorted names of the classes.
"""

from pathlib import Path

from paddle.vision import transforms as T
from paddle.vision.datasets import DatasetFolder
from PIL import Image

# Mean and standard deviation of ImageNet's red, green and blue, from 0 to 255, as Paddle's own
# pretrained networks expect them. Grey is treated as the first.
MEAN = [123.675, 116.28, 103.53]
DEVIATION = [58.395, 57.12, 57.375]


class FolderError(Exception):
    """A folder of images that cannot be used; the message is one sentence for people."""


def image_folders(path, shape):
    """(training set, test set) of a folder in ImageNet's layout.

    Training images are a random part of the photo, by area 8 to 100 %, and its mirror image half
    of the time (Szegedy et al. 2015, section 6); test images are the middle of the photo, whose
    shorter side was made 8/7 of the crop's (256 for 224).

    Args:
        path: the folder that holds train/ and val/.
        shape: (channels, height, width) that the network reads; 3 channels, or 1 for grey.

    Returns:
        Two ``DatasetFolder`` of pairs (float32 (channels, height, width), label).

    Raises:
        FolderError: a folder is missing, unreadable or without images, or the classes of the two
            sets differ. A file that is no image raises it when it is read.
    """
    channels, height, width = shape
    if channels not in (1, 3):
        raise FolderError(f"the network reads {channels} channels; photos have 3, or 1 for grey.")
    load = {1: load_grey, 3: load_colour}[channels]
    normalize = [T.Transpose(), T.Normalize(MEAN[:channels], DEVIATION[:channels])]
    augmented = [T.RandomResizedCrop((height, width)), T.RandomHorizontalFlip(), *normalize]
    middle = [T.Resize(max(height, width) * 8 // 7), T.CenterCrop((height, width)), *normalize]
    train = _read(Path(path, "train"), load, T.Compose(augmented))
    test = _read(Path(path, "val"), load, T.Compose(middle))
    if train.classes != test.classes:
        name = min(set(train.classes) ^ set(test.classes))
        there, lacking = ("train", "val") if name in train.classes else ("val", "train")
        raise FolderError(
            f"{path} has the class {name} in {there}/ but not in {lacking}/; both need the same "
            f"classes."
        )
    return train, test


def load_colour(path):
    """A photo as a PIL image in RGB."""
    return _load(path, "RGB")


def load_grey(path):
    """A photo as a PIL image in grey."""
    return _load(path, "L")


def _load(path, mode):
    try:
        with Image.open(path) as image:
            return image.convert(mode)
    except Exception as error:  # a decoder of a damaged file raises nearly anything
        raise FolderError(
            f"{path} cannot be read as an image ({type(error).__name__}); repair it or take it "
            f"out of the folder."
        ) from None


def _read(path, load, transform):
    needs = "train/ and val/ need one folder of images for each class"
    if not path.is_dir():
        raise FolderError(f"there is no folder {path}; {needs}.")
    try:
        dataset = DatasetFolder(str(path), loader=load, transform=transform)
    except OSError as error:
        raise FolderError(f"{path} cannot be read ({error.strerror}); {needs}.") from None
    except RuntimeError:  # Paddle's word for: nothing found
        raise FolderError(f"{path} holds no images in folders; {needs}.") from None
    empty = set(range(len(dataset.classes))) - set(dataset.targets)
    if empty:
        raise FolderError(
            f"{path / dataset.classes[min(empty)]} holds no image; add some or remove the folder."
        )
    return dataset
