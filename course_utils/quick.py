"""Rows from the settings of common layers: the fast way for a network that has its weights.

The forward pass runs once on a batch of no images, and Paddle's own census of operations must
be accounted for by the layers; if it is not, the network has to be traced (``graph.trace``).
"""

from collections import Counter

from paddle import nn

from . import counts, geometry, graph
from .table import Row

# The layers with a rule, and the census names of the operation each of them runs.
_COUNTED = {
    nn.Conv2D: "conv2d",
    nn.Linear: "matmul_v2",
    nn.MaxPool2D: "pool2d",
    nn.AvgPool2D: "pool2d",
    nn.AdaptiveAvgPool2D: "pool2d",
}
_FREE_LAYERS = (
    nn.ReLU,
    nn.ReLU6,
    nn.Sigmoid,
    nn.Tanh,
    nn.Softmax,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Swish,
    nn.Silu,
    nn.Dropout,
    nn.Flatten,
    nn.Identity,
)
_FREE_OPERATIONS = {
    "batch_norm", "concat", "dropout", "elementwise_add", "elementwise_mul", "fill_constant",
    "flatten_contiguous_range", "hard_sigmoid", "hard_swish", "hardsigmoid", "hardswish",
    "relu", "relu6", "reshape", "reshape2", "scale", "sigmoid", "silu", "softmax", "split",
    "split_with_num", "squeeze2", "swish", "tanh", "transpose2", "unsqueeze2",
}  # fmt: skip


def rows_from_layers(net, input_shape):
    """One row a leaf layer call, or None where the layers do not account for everything.

    Raises:
        TraceError: wrong arguments.
    """
    graph.check_arguments(net, input_shape)
    try:
        calls, census = graph.run_shapes(net, input_shape)
    except Exception:
        # Not every forward pass takes a batch of no images; tracing it finds out why.
        return None
    leaves = [call for call in calls if call.is_leaf]
    if not all(_has_rule(call.layer) for call in leaves):
        return None
    census["conv2d"] = census.get("conv2d", 0) + census.pop("depthwise_conv2d", 0)
    ran = Counter({kind: n for kind, n in census.items() if kind not in _FREE_OPERATIONS and n})
    if ran != Counter(_COUNTED[type(c.layer)] for c in leaves if type(c.layer) in _COUNTED):
        return None
    try:
        return _rows(net, leaves)
    except geometry.GeometryError:
        return None


def _has_rule(layer):
    if type(layer) in (nn.Conv2D, nn.MaxPool2D, nn.AvgPool2D) and not _pair(_padding(layer)):
        return False
    return type(layer) in _COUNTED or type(layer) in _FREE_LAYERS or graph.is_batch_norm(layer)


def _padding(layer):
    return layer._padding if isinstance(layer, nn.Conv2D) else layer.padding


def _pair(value):
    """A setting as [vertical, horizontal], or None for other notations ("same", four sides)."""
    pair = list(value) if isinstance(value, (list, tuple)) else [value] * 2
    return pair if len(pair) == 2 and all(isinstance(n, int) for n in pair) else None


def _rows(net, leaves):
    sizes, statistics = graph.parameter_sizes(net)
    rows, counted = [], set()
    for call in leaves:
        names = {f"{call.name}.{key}" for key in call.layer._parameters} & set(sizes)
        new = names - counted
        counted |= names
        row = Row(call.name, call.type, call.input_shape, call.output_shape)
        row.params = sum(sizes[n] for n in new - statistics)
        row.bn_statistics = sum(sizes[n] for n in new & statistics)
        row.shared = bool(names) and not new
        row.macs, row.connections = _counts(call)
        rows.append(row)
    return rows


def _counts(call):
    """(multiply-adds, connections) of one image."""
    if type(call.layer) not in _COUNTED:
        return 0, 0
    operation = _operation(call)
    adds = counts.multiply_adds(operation)
    links = counts.connections(operation)
    if getattr(call.layer, "bias", None) is not None:
        links += counts.connections(operation, adds_bias=True)
    return adds // call.input_shape[0], links // call.input_shape[0]


def _operation(call):
    """The one operation that a counted layer runs, as the tracer would record it.

    Raises:
        GeometryError: its window does not fit into its input.
    """
    layer, shapes = call.layer, [call.input_shape]
    if isinstance(layer, (nn.Conv2D, nn.Linear)):
        shapes.append(list(layer.weight.shape))
    kind = "matmul" if isinstance(layer, nn.Linear) else _COUNTED[type(layer)]
    operation = graph.Operation(kind, [], [], shapes, [call.output_shape], _attributes(layer), {})
    graph.verify_sizes(operation)
    return operation


def _attributes(layer):
    if isinstance(layer, nn.Linear):
        return {}
    if isinstance(layer, nn.AdaptiveAvgPool2D):
        return {"adaptive": True}
    if isinstance(layer, nn.Conv2D):
        return {
            "groups": layer._groups,
            "strides": _pair(layer._stride),
            "paddings": _pair(layer._padding),
            "dilations": _pair(layer._dilation),
        }
    kernel = _pair(layer.ksize)
    return {
        "kernel_size": kernel,
        "paddings": _pair(layer.padding),
        "strides": kernel if layer.stride is None else _pair(layer.stride),
    }
