"""Helpers of the course on classic convolutional networks (chapter 6).

``from course_utils import analyze, load_section`` is what most notebooks need. Importing the
package prepares the machine (threads, quiet logs) before Paddle is imported; Paddle itself is
imported only with the rooms that need it, so that the doctor can run without it.
"""

from importlib import import_module

from . import runtime

_ROOMS = {"AnalysisError": "analysis", "analyze": "analysis", "load_section": "notebooks"}

__all__ = ["AnalysisError", "analyze", "load_section", "runtime"]


def __getattr__(name):
    if name in _ROOMS:
        return getattr(import_module(f".{_ROOMS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
