"""How deep a network is: layers with weights on its longest path, counted on the traced graph.

The count of the papers ("VGG-16", "the network is 22 layers deep when counting only layers with
parameters", Szegedy et al. 2015, section 5): convolutions and fully connected layers, one after
the other; branches that run beside each other do not add up, and normalisation is not counted.
"""

from collections import defaultdict

from . import graph
from .operations import multiply_adds


def depths(net_or_factory, input_shape):
    """Depth at each layer, without computing anything.

    Args:
        net_or_factory: a ``paddle.nn.Layer``, or a function or class that builds one.
        input_shape: shape of the input, batch included.

    Returns:
        {layer path: layers with weights on the longest path from the input up to and including
        it}, for the layers that contain no other; the largest value is the network's depth.

    Raises:
        TraceError: wrong arguments, or a network that fails.
    """
    _, at_layer = _follow(net_or_factory, input_shape)
    return at_layer


def depth(net_or_factory, input_shape):
    """Layers with weights on the longest path of a network; arguments as for ``depths``."""
    at_value, _ = _follow(net_or_factory, input_shape)
    return max(at_value.values())


def _follow(net_or_factory, input_shape):
    """Depth at every value, by its id, and at every layer that contains no other, by its path."""
    traced = graph.trace(graph.build(net_or_factory), input_shape)
    at_value, at_layer = defaultdict(int), defaultdict(int)
    for operation in traced.operations:
        before = max((at_value[v] for v in operation.inputs), default=0)
        here = before + bool(multiply_adds(operation))
        at_value.update(dict.fromkeys(operation.outputs, here))
        call = traced.calls[operation.call]
        if operation.call >= 0 and call.is_leaf:
            at_layer[call.name] = max(at_layer[call.name], here)
    return dict(at_value), dict(at_layer)
