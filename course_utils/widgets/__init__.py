"""Explorers: pictures that answer when a control moves, and still show without a kernel."""

from .augmentation import AugmentationExplorer
from .branches import BranchExplorer
from .codes import CodeExplorer
from .connections import ConnectionExplorer
from .dashboard import DashboardExplorer
from .dense_block import DenseBlockExplorer
from .densenet import DenseNetExplorer
from .digit_pad import DigitPad
from .feature_map import FeatureMapExplorer
from .inception import InceptionExplorer
from .lrn import LrnExplorer
from .pooling import PoolingExplorer
from .receptive_field import ReceptiveFieldExplorer
from .residual_block import ResidualBlockExplorer
from .resnet import ResNetExplorer
from .stacked_fields import StackedFieldsExplorer
from .two_gpus import TwoGpuExplorer

__all__ = [
    "AugmentationExplorer",
    "BranchExplorer",
    "CodeExplorer",
    "ConnectionExplorer",
    "DenseBlockExplorer",
    "DenseNetExplorer",
    "DashboardExplorer",
    "DigitPad",
    "FeatureMapExplorer",
    "InceptionExplorer",
    "LrnExplorer",
    "PoolingExplorer",
    "ReceptiveFieldExplorer",
    "ResNetExplorer",
    "ResidualBlockExplorer",
    "StackedFieldsExplorer",
    "TwoGpuExplorer",
]
