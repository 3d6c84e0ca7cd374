"""Helpers of the course on classic convolutional networks (chapter 6).

What a notebook needs is imported from here: ``from course_utils import analyze, load_section``.
Importing the package prepares the machine (threads, quiet logs) before Paddle is imported; Paddle
itself is imported only with the rooms that need it, so that the doctor can run without it.
"""

from importlib import import_module

from . import runtime

# What is taken from a room, and rooms that are used as a whole.
_NAMES = {
    "AnalysisError": "counting.analysis",
    "History": "training.history",
    "analyze": "counting.analysis",
    "check": "exercises",
    "depth": "counting.depth",
    "depths": "counting.depth",
    "evaluating": "counting.modes",
    "load_section": "notebooks",
    "markdown": "counting.table",
    "predict": "exercises.predictions",
    "probe": "counting.probe",
    "random_crop": "images.augmentation",
    "random_flip": "images.augmentation",
    "reveal": "exercises.predictions",
    "this_run": "training.history",
}
_ROOMS = {
    "augmentation": "images.augmentation",
    "datasets": "images.datasets",
    "doctor": "commands.doctor",
    "geometry": "counting.geometry",
    "graph": "counting.graph",
    "processes": "training.processes",
    "textbook": "book.textbook",
}

__all__ = ["runtime", *_NAMES, *_ROOMS]


def __getattr__(name):
    if name in _NAMES:
        return getattr(import_module(f".{_NAMES[name]}", __name__), name)
    if name in _ROOMS:
        return import_module(f".{_ROOMS[name]}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
