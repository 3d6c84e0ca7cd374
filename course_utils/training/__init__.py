"""One training loop on real images, its curve, its checkpoints, and many processes."""

from .history import History, this_run
from .loop import TrainingError, evaluate, predict, random_affine, train

__all__ = [
    "History",
    "TrainingError",
    "evaluate",
    "predict",
    "random_affine",
    "this_run",
    "train",
]
