"""Explorers: pictures that answer when a control moves, and still show without a kernel."""

from .augmentation import AugmentationExplorer
from .codes import CodeExplorer
from .connections import ConnectionExplorer
from .digit_pad import DigitPad
from .feature_map import FeatureMapExplorer
from .lrn import LrnExplorer
from .pooling import PoolingExplorer
from .receptive_field import ReceptiveFieldExplorer
from .stacked_fields import StackedFieldsExplorer
from .two_gpus import TwoGpuExplorer

__all__ = [
    "AugmentationExplorer",
    "CodeExplorer",
    "ConnectionExplorer",
    "DigitPad",
    "FeatureMapExplorer",
    "LrnExplorer",
    "PoolingExplorer",
    "ReceptiveFieldExplorer",
    "StackedFieldsExplorer",
    "TwoGpuExplorer",
]
