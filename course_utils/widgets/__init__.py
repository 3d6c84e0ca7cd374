"""Explorers: pictures that answer when a control moves, and still show without a kernel."""

from .codes import CodeExplorer
from .connections import ConnectionExplorer
from .digit_pad import DigitPad
from .feature_map import FeatureMapExplorer

__all__ = ["CodeExplorer", "ConnectionExplorer", "DigitPad", "FeatureMapExplorer"]
