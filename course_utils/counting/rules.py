"""Rows from the settings of common layers: the fast way for a network that has its weights.

The network's own code runs once on a batch of no images, with its layers replaced by rules that
only work out shapes. What Paddle itself still has to run (additions, concatenations, functional
activations) must cost nothing in the conventions of ``counts``, and every parameter must belong
to a layer that was called; otherwise the network has to be traced (``graph.trace``).

A batch of no images cannot show that images are put together along the batch (a concatenation
along axis 0); operations that can hide more of the kind, like reshaping, lead to a trace.
"""

from functools import partial
from math import prod

import paddle
from paddle import nn

from . import counts, geometry, graph
from .table import Row

# What Paddle may run outside the layers, by the names of its census.
_FREE_OPERATIONS = {
    "concat", "dropout", "elementwise_add", "elementwise_mul", "empty", "fill_constant",
    "flatten_contiguous_range", "hard_sigmoid", "hard_swish", "hardsigmoid", "hardswish",
    "relu", "relu6", "scale", "sigmoid", "silu", "softmax", "split", "split_with_num", "swish",
    "tanh",
}  # fmt: skip


class _NoRule(Exception):
    """A layer, or a setting of one, that only a trace can follow."""


def rows_from_layers(net, input_shape):
    """One row a leaf layer call, or None where the layers do not account for everything.

    Args:
        net: a ``paddle.nn.Layer``.
        input_shape: shape of the input, batch included.
    """
    layers = [
        (path or type(net).__name__, layer)
        for path, layer in net.named_sublayers(include_self=True)
    ]
    leaves = [(path, layer) for path, layer in layers if not layer._sub_layers]
    if len(input_shape) > 4 or any(_has_own_part(layer) for _, layer in layers):
        return None
    recorder = _Recorder(input_shape[0])
    forwards = [(layer, partial(recorder.call, path, layer)) for path, layer in leaves]
    try:
        ran = graph.run_replaced(net, input_shape, forwards)
    except Exception:
        # Tracing it finds out whether the network is wrong or only uncommon.
        return None
    idle = [layer for _, layer in leaves if layer not in recorder.called]
    accounted = ran <= _FREE_OPERATIONS and not any(map(_parameters, idle))
    return recorder.rows if accounted and recorder.outputs_unchanged() else None


def _has_own_part(layer):
    """Whether a layer has something that replacing the leaves would miss: a forward of its own
    instead of its class's or, beside its sublayers, parameters or buffers."""
    if "forward" in vars(layer):
        return True
    return bool(layer._sub_layers) and bool(_parameters(layer) or layer._buffers)


def _parameters(layer):
    return [(key, p) for key, p in layer._parameters.items() if p is not None]


def _parameter_shape(layer, key):
    # Not getattr: Paddle's takes longer than the rest of a rule.
    return layer._parameters[key].shape


class _Recorder:
    """Stands in for the forward of every leaf layer and notes a row each time."""

    def __init__(self, batch):
        self.batch = batch
        self.rows = []
        self.called = set()
        self._counted = set()
        self._outputs = {}

    def call(self, path, layer, x):
        """Note the call of a layer on a batch of no images, and return one of its output shape.

        Raises:
            _NoRule, GeometryError, ValueError, TypeError: the rules do not cover this call.
        """
        rule = _OUTPUT_SHAPES.get(type(layer))
        images, *source = x.shape
        if rule is None or images:
            raise _NoRule
        result = rule(layer, source)
        row = Row(path, type(layer).__name__, [self.batch, *source], [self.batch, *result])
        row.macs, row.connections = _counts(layer, source, result)
        self._count_parameters(layer, row)
        self.rows.append(row)
        self.called.add(layer)
        return self._output(tuple(result))

    def _output(self, shape):
        """No images of that shape; calls with outputs of one shape share one tensor."""
        if shape not in self._outputs:
            self._outputs[shape] = paddle.empty([0, *shape])
        return self._outputs[shape]

    def outputs_unchanged(self):
        """Whether no in-place operation gave a shared output another shape."""
        return all(tensor.shape == [0, *shape] for shape, tensor in self._outputs.items())

    def _count_parameters(self, layer, row):
        parameters = _parameters(layer)
        row.shared = bool(parameters)
        for key, parameter in parameters:
            if id(parameter) in self._counted:
                continue
            self._counted.add(id(parameter))
            row.shared = False
            if graph.is_statistic(layer, key):
                row.bn_statistics += prod(parameter.shape)
            else:
                row.params += prod(parameter.shape)


def _conv2d(layer, shape):
    channels, *sizes = shape
    filters, each, *kernel = _parameter_shape(layer, "weight")
    _require(layer._padding_mode == "zeros" and layer._padding_algorithm == "EXPLICIT")
    _require(layer._data_format == "NCHW" and channels == each * layer._groups)
    return [
        filters,
        *_slide(sizes, kernel, layer._stride, layer._updated_padding, layer._dilation),
    ]


def _pool2d(layer, shape):
    channels, *sizes = shape
    _require(layer.data_format == "NCHW" and not getattr(layer, "return_mask", False))
    kernel = _pair(layer.ksize)
    strides = kernel if layer.stride is None else _pair(layer.stride)
    return [
        channels,
        *_slide(sizes, kernel, strides, _pair(layer.padding), [1, 1], layer.ceil_mode),
    ]


def _adaptive_pool2d(layer, shape):
    _require(layer._data_format == "NCHW")
    channels, *sizes = shape
    wanted = zip(sizes, _pair(layer._output_size), strict=True)
    return [channels, *(size if n is None else n for size, n in wanted)]


def _linear(layer, shape):
    inputs, outputs = _parameter_shape(layer, "weight")
    _require(shape[-1] == inputs)
    return [*shape[:-1], outputs]


def _batch_norm(layer, shape):
    settings = vars(layer)
    layout = settings.get("_data_format") or settings["_data_layout"]
    _require(shape[0] == _parameter_shape(layer, "_mean")[0] and layout not in graph.CHANNELS_LAST)
    _require(len(shape) in _BATCH_NORM_AXES[type(layer)])
    return shape


def _flatten(layer, shape):
    axes = len(shape) + 1
    start, stop = layer.start_axis % axes, layer.stop_axis % axes
    _require(start > 0)
    return [*shape[: start - 1], prod(shape[start - 1 : stop]), *shape[stop:]]


def _same(layer, shape):
    return shape


def _require(condition):
    if not condition:
        raise _NoRule


def _pair(value):
    return list(value) if isinstance(value, (list, tuple)) else [value] * 2


def _slide(sizes, kernel, strides, paddings, dilations, ceil_mode=False):
    axes = zip(sizes, kernel, strides, paddings, dilations, strict=True)
    return [geometry.output_size(*axis, ceil_mode) for axis in axes]


# Axes of one image that a batch normalisation takes, the channels included.
_BATCH_NORM_AXES = {
    nn.BatchNorm: (1, 2, 3, 4),
    nn.BatchNorm1D: (1, 2),
    nn.BatchNorm2D: (3,),
    nn.BatchNorm3D: (4,),
}
_SAME_SHAPE = (
    nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Tanh, nn.Softmax, nn.Hardswish, nn.Hardsigmoid, nn.Swish,
    nn.Silu, nn.Dropout, nn.Identity,
)  # fmt: skip
# The layers with a rule: (layer, shape of one image) -> shape of its output.
_OUTPUT_SHAPES = {
    nn.Conv2D: _conv2d,
    nn.Linear: _linear,
    nn.MaxPool2D: _pool2d,
    nn.AvgPool2D: _pool2d,
    nn.AdaptiveAvgPool2D: _adaptive_pool2d,
    nn.Flatten: _flatten,
    **dict.fromkeys(_BATCH_NORM_AXES, _batch_norm),
    **dict.fromkeys(_SAME_SHAPE, _same),
}
# The operation that each layer with counts runs, as the tracer names it.
_COUNTED = {
    nn.Conv2D: "conv2d",
    nn.Linear: "matmul",
    nn.MaxPool2D: "pool2d",
    nn.AvgPool2D: "pool2d",
    nn.AdaptiveAvgPool2D: "pool2d",
}


def _counts(layer, source, result):
    """(multiply-adds, connections) of one image."""
    kind = _COUNTED.get(type(layer))
    if kind is None:
        return 0, 0
    shapes, attributes = [[1, *source]], {}
    if kind != "pool2d":
        shapes.append(_parameter_shape(layer, "weight"))
    elif type(layer) is nn.AdaptiveAvgPool2D:
        attributes["adaptive"] = True
    else:
        attributes["kernel_size"] = _pair(layer.ksize)
    operation = graph.Operation(kind, [], [], shapes, [[1, *result]], attributes, {})
    links = counts.connections(operation)
    if layer._parameters.get("bias") is not None:
        links += counts.connections(operation, adds_bias=True)
    return counts.multiply_adds(operation), links
