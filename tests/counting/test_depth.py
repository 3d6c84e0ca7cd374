"""Layers with weights on the longest path of a network."""

import pytest
from paddle import nn
from paddle.vision import models

from course_utils.counting.depth import depth, depths
from course_utils.counting.graph import TraceError


@pytest.mark.parametrize(
    "network, layers",
    [(models.vgg16, 16), (models.resnet34, 34), (models.resnet50, 50), (models.densenet121, 121)],
)
def test_the_number_in_a_networks_name(network, layers):
    assert depth(network, (1, 3, 224, 224)) == layers


class Branches(nn.Layer):
    """Two convolutions beside one, then a sum."""

    def __init__(self):
        super().__init__()
        self.long = nn.Sequential(nn.Conv2D(3, 4, 1), nn.BatchNorm2D(4), nn.Conv2D(4, 4, 1))
        self.short = nn.Conv2D(3, 4, 1)
        self.last = nn.ReLU()

    def forward(self, x):
        return self.last(self.long(x) + self.short(x))


def test_branches_do_not_add_up_and_normalisation_is_not_counted():
    expected = {"long.0": 1, "long.1": 1, "long.2": 2, "short": 1, "last": 2}
    assert depths(Branches, (1, 3, 8, 8)) == expected


def test_a_layer_written_as_a_function_counts():
    class Functional(nn.Layer):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2D(3, 4, 1)
            self.weight = self.create_parameter([4, 10])

        def forward(self, x):
            return nn.functional.linear(self.conv(x).mean([2, 3]), self.weight)

    assert depth(Functional, (1, 3, 8, 8)) == 2


def test_a_network_that_fails_is_told():
    with pytest.raises(TraceError, match="接不上形状"):
        depth(nn.Linear(3, 4), (1, 5))
