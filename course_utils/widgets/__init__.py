"""Explorers: pictures that answer when a control moves, and still show without a kernel."""

from .augmentation import AugmentationExplorer
from .branches import BranchExplorer
from .codes import CodeExplorer
from .connections import ConnectionExplorer
from .digit_pad import DigitPad
from .feature_map import FeatureMapExplorer
from .inception import InceptionExplorer
from .lrn import LrnExplorer
from .pooling import PoolingExplorer
from .receptive_field import ReceptiveFieldExplorer
from .stacked_fields import StackedFieldsExplorer
from .two_gpus import TwoGpuExplorer

__all__ = [
    "AugmentationExplorer",
    "BranchExplorer",
    "CodeExplorer",
    "ConnectionExplorer",
    "DigitPad",
    "FeatureMapExplorer",
    "InceptionExplorer",
    "LrnExplorer",
    "PoolingExplorer",
    "ReceptiveFieldExplorer",
    "StackedFieldsExplorer",
    "TwoGpuExplorer",
]
