"""The explorers that the browser tests look at, with data of their own.

The notebook's kernel and the test both make them, so that what the page shows can be compared
with what ``compute`` says.
"""

import json

import numpy as np
import paddle
from paddle import nn

from course_utils import analyze
from course_utils.images.datasets import load_photo
from course_utils.widgets import (
    AugmentationExplorer,
    BranchExplorer,
    CodeExplorer,
    ConnectionExplorer,
    DashboardExplorer,
    DenseBlockExplorer,
    DenseNetExplorer,
    DigitPad,
    FeatureMapExplorer,
    InceptionExplorer,
    LrnExplorer,
    PoolingExplorer,
    ReceptiveFieldExplorer,
    ResidualBlockExplorer,
    ResNetExplorer,
    StackedFieldsExplorer,
    TwoGpuExplorer,
)

# LeCun et al. 1998, Table I.
TABLE = [
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5), (0, 1, 2, 3), (1, 2, 3, 4),
    (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5), (0, 1, 3, 4), (1, 2, 4, 5),
    (0, 2, 3, 5), (0, 1, 2, 3, 4, 5),
]  # fmt: skip
CODES = np.sign(np.random.RandomState(0).randn(10, 12, 7))
IMAGES = np.zeros((3, 28, 28), np.uint8)
IMAGES[0, 4:24, 13:15] = IMAGES[1, 5:8, 6:22] = IMAGES[2, 6:22, 6:9] = 255

FEATURE_MAP = np.random.RandomState(1).rand(15, 13)
ACTIVATIONS = np.maximum(np.random.RandomState(2).randn(24), 0)


class TinyNet(nn.Layer):
    """A small LeNet with random weights; what it answers does not matter here."""

    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2D(1, 6, 5)
        self.s2 = nn.AvgPool2D(2)
        self.c3 = nn.Conv2D(6, 16, 5)
        self.s4 = nn.AvgPool2D(2)
        self.f6 = nn.Linear(400, 84)
        self.output = nn.Linear(84, 10)

    def forward(self, images):
        maps = self.s2(paddle.tanh(self.c1(images)))
        maps = self.s4(paddle.tanh(self.c3(maps)))
        return self.output(paddle.tanh(self.f6(maps.flatten(1))))


def make_pad():
    paddle.seed(0)
    net = TinyNet()
    stages = {"C1": net.c1, "S2": net.s2, "C3": net.c3, "S4": net.s4, "F6": net.f6}
    return DigitPad(net, stages, IMAGES)


def make_stack():
    """Two blocks in VGG's manner, with three channels of input."""
    return nn.Sequential(
        nn.Conv2D(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.Conv2D(4, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2D(8, 8, 3, padding=1),
    )


def make_fields():
    """Two networks built without weights, so that theirs are the same in every process."""
    nets = {"TinyNet": (TinyNet, (1, 1, 32, 32)), "Stack": (make_stack, (1, 3, 64, 64))}
    return ReceptiveFieldExplorer(nets, load_photo())


def make_split():
    """A small network in two halves that meet in conv3 and in the last layer."""
    return nn.Sequential(
        ("conv1", nn.Conv2D(3, 8, 5, stride=2)),
        ("pool1", nn.MaxPool2D(3, 2)),
        ("conv2", nn.Conv2D(8, 12, 3, groups=2)),
        ("conv3", nn.Conv2D(12, 16, 3)),
        ("flatten", nn.Flatten()),
        ("fc4", nn.Linear(64, 10)),
    )


def make_two_gpus():
    return TwoGpuExplorer(analyze(make_split, (1, 3, 32, 32)), ("conv3", "fc4"))


# Szegedy et al. 2015, table 1: side and channels of the input, then the six widths.
MODULES = {
    "3a": (28, 192, (64, 96, 128, 16, 32, 32)),
    "4a": (14, 480, (192, 96, 208, 16, 48, 64)),
    "5b": (7, 832, (384, 192, 384, 48, 128, 128)),
}


class TinyModule(nn.Layer):
    """Three branches with random weights, the last one behind a pooling."""

    def __init__(self):
        super().__init__()
        self.one = nn.Sequential(nn.Conv2D(4, 3, 1), nn.ReLU())
        self.five = nn.Sequential(nn.Conv2D(4, 2, 1), nn.Conv2D(2, 5, 5, padding=2), nn.ReLU())
        pool = nn.MaxPool2D(3, stride=1, padding=1)
        self.pool = nn.Sequential(pool, nn.Conv2D(4, 3, 1), nn.ReLU())

    def forward(self, x):
        return paddle.concat([branch(x) for branch in self.children()], axis=1)


def make_branches():
    paddle.seed(1)
    before = nn.Sequential(nn.Conv2D(1, 4, 3, stride=2, padding=1), nn.MaxPool2D(2))
    return BranchExplorer(before, TinyModule(), (1, 1, 64, 64), load_photo())


# He et al. 2016, table 1: kind and number of the blocks.
RESNETS = {
    "ResNet-34": ("basic", (3, 4, 6, 3)),
    "ResNet-50": ("bottleneck", (3, 4, 6, 3)),
    "ResNet-152": ("bottleneck", (3, 8, 36, 3)),
}


def make_steps():
    """{block: (x, residual, shortcut, output)} of two blocks; the second changes the shape."""
    draw = np.random.RandomState(3)
    x = np.maximum(draw.randn(4, 12, 12), 0)
    first = draw.randn(4, 12, 12)
    y = np.maximum(first + x, 0)
    second, projected = draw.randn(2, 6, 6, 6)
    return {
        "同形": (x, first, x, y),
        "投影": (y, second, projected, np.maximum(second + projected, 0)),
    }


def make_residual():
    return ResidualBlockExplorer(make_steps(), load_photo()[:96, :96])


# Huang et al. 2017, table 1: layers of the four blocks; k0, k and layers of single blocks.
DENSENETS = {"121": (6, 12, 24, 16), "169": (6, 12, 32, 32), "264": (6, 12, 64, 48)}
DENSE_BLOCKS = {"五层": (6, 4, 5), "第 1 块": (64, 32, 6), "第 3 块": (256, 32, 24)}

# Two networks of the chapter and one that has no error on ImageNet.
NETWORKS = [
    {"name": "LeNet-5", "family": "LeNet", "main": True, "params": 60_000, "macs": 325_680,
     "memory": 89_600, "depth": 4, "year": 1998, "top5": None, "field": 32},
    {"name": "AlexNet", "family": "AlexNet", "main": True, "params": 60_965_224,
     "macs": 724_406_816, "memory": 7_740_000, "depth": 8, "year": 2012, "top5": 18.2,
     "field": 195},
    {"name": "VGG-D", "family": "VGG", "main": True, "params": 138_357_544,
     "macs": 15_470_264_320, "memory": 114_700_000, "depth": 16, "year": 2014, "top5": 8.8,
     "field": 212},
    {"name": "VGG-A", "family": "VGG", "main": False, "params": 132_863_336,
     "macs": 7_609_090_048, "memory": 61_000_000, "depth": 11, "year": 2014, "top5": 10.4,
     "field": 150},
]  # fmt: skip

FACTORIES = {
    "FeatureMapExplorer": FeatureMapExplorer,
    "ConnectionExplorer": lambda: ConnectionExplorer(TABLE),
    "CodeExplorer": lambda: CodeExplorer(CODES),
    "DigitPad": make_pad,
    "StackedFieldsExplorer": StackedFieldsExplorer,
    "ReceptiveFieldExplorer": make_fields,
    "TwoGpuExplorer": make_two_gpus,
    "PoolingExplorer": lambda: PoolingExplorer(FEATURE_MAP),
    "LrnExplorer": lambda: LrnExplorer(ACTIVATIONS),
    "AugmentationExplorer": lambda: AugmentationExplorer(load_photo()),
    "InceptionExplorer": lambda: InceptionExplorer(MODULES),
    "BranchExplorer": make_branches,
    "ResNetExplorer": lambda: ResNetExplorer(RESNETS),
    "ResidualBlockExplorer": make_residual,
    "DenseNetExplorer": lambda: DenseNetExplorer(DENSENETS),
    "DenseBlockExplorer": lambda: DenseBlockExplorer(DENSE_BLOCKS),
    "DashboardExplorer": lambda: DashboardExplorer(NETWORKS),
}


def make_explorers():
    """A new explorer of each kind, by its class's name."""
    return {name: make() for name, make in FACTORIES.items()}


def frame_counts():
    """How many frames the flip book of each explorer has."""
    return [len(explorer.frames()) for explorer in make_explorers().values()]


# Of a page with flip books: which of its pictures are drawn.
DRAWN = "() => [...document.querySelectorAll('figure img')].map(image => image.naturalWidth > 0)"


def step(control):
    """One step of a control: (the key that makes it, the key that takes it back, the value)."""
    if isinstance(control.value, bool):
        return "Space", "Space", not control.value
    there, back = ("ArrowRight", "ArrowLeft"), ("ArrowLeft", "ArrowRight")
    if hasattr(control, "options"):
        values = [o[1] if isinstance(o, tuple) else o for o in control.options]
        up = control.index + 1 < len(values)
        return *(there if up else back), values[control.index + (1 if up else -1)]
    up = control.value + control.step <= control.max
    return *(there if up else back), control.value + (control.step if up else -control.step)


def neighbour(control):
    """The value one step beside the present one."""
    return step(control)[2]


def write_notebook(path, folder, *more):
    """A notebook that shows every explorer, then ``more`` cells; ``folder`` holds this module."""
    sources = [
        # The package first: it prepares the machine before Paddle is imported.
        f"import sys; sys.path.insert(0, {str(folder)!r})\nimport course_utils\n"
        "from samples import make_explorers\nmade = make_explorers()",
        *(f"made[{name!r}]" for name in FACTORIES),
        *more,
    ]
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for i, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")
