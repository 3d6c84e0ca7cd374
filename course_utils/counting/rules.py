"""What common layers do, from their settings: they need not be run to be known.

A rule gives the steps that a layer takes on an input of one shape, as a trace would find them:
(kind of operation, weights, shape of the result, attributes). A test holds each against a trace.
"""

from math import prod

from paddle import nn

from . import geometry
from .internals import parameter_of
from .records import CHANNELS_LAST


def rule_of(layer):
    """(layer, input shape) -> steps, or None if the layer has to be run; None without a rule.

    The rules raise ``GeometryError`` for an input that the layer cannot take.
    """
    rule = _RULES.get(type(layer))
    if (
        rule is None
        or "forward" in vars(layer)
        or type(layer).forward is not _FORWARDS[type(layer)]
    ):
        return None
    return rule


def _weights(layer):
    """Weight and bias of a layer, None where there is none."""
    return parameter_of(layer, "weight"), parameter_of(layer, "bias")


def _conv2d(layer, shape):
    weight, bias = _weights(layer)
    plain = layer._padding_mode == "zeros" and layer._data_format == "NCHW"
    if weight is None or not plain or len(shape) != 4:
        return None
    filters, each, *kernel = weight.shape
    geometry.verify_width("通道", each * layer._groups, shape[1])
    attributes = {
        "strides": layer._stride,
        "paddings": layer._updated_padding,
        "dilations": layer._dilation,
        "padding_algorithm": layer._padding_algorithm,
        "groups": layer._groups,
        "data_format": "NCHW",
    }
    if layer._padding_algorithm != "EXPLICIT" or len(layer._updated_padding) != 2:
        return None
    windows = zip(
        shape[2:], kernel, layer._stride, layer._updated_padding, layer._dilation, strict=True
    )
    result = [shape[0], filters, *(geometry.output_size(*window) for window in windows)]
    return _with_bias(("conv2d", [weight], result, attributes), bias)


def _with_bias(step, bias):
    return [step] if bias is None else [step, ("add", [bias], step[2], {})]


def _linear(layer, shape):
    weight, bias = _weights(layer)
    if weight is None:
        return None
    inputs, outputs = weight.shape
    geometry.verify_width("特征", inputs, shape[-1])
    step = ("matmul", [weight], [*shape[:-1], outputs], {"transpose_x": False})
    return _with_bias(step, bias)


def _batch_norm(layer, shape):
    settings = vars(layer)
    layout = settings.get("_data_format") or settings["_data_layout"]
    if layout in CHANNELS_LAST or len(shape) not in _BATCH_NORM_RANKS[type(layer)]:
        return None
    found = [parameter_of(layer, key) for key in ("_mean", "_variance", "weight", "bias")]
    if found[0] is None or found[0].shape[0] != shape[1]:
        return None
    weights = [weight for weight in found if weight is not None]
    steps = [("batch_norm", weights, shape, {})]
    if type(layer) is nn.BatchNorm and layer._act:
        if layer._act not in ("relu", "sigmoid", "tanh"):
            return None
        steps.append((layer._act, [], shape, {}))
    return steps


def _pool2d(layer, shape):
    if layer.data_format != "NCHW" or getattr(layer, "return_mask", False) or len(shape) != 4:
        return None
    kernel = _pair(layer.ksize)
    strides = kernel if layer.stride is None else _pair(layer.stride)
    paddings = _pair(layer.padding)
    if not all(isinstance(n, int) for n in paddings) or len(paddings) != 2:
        return None
    sizes = zip(shape[2:], kernel, strides, paddings, (1, 1), strict=True)
    result = [geometry.output_size(*each, layer.ceil_mode) for each in sizes]
    attributes = {
        "kernel_size": kernel,
        "strides": strides,
        "paddings": paddings,
        "ceil_mode": layer.ceil_mode,
        "data_format": "NCHW",
        "pooling_type": "max" if isinstance(layer, nn.MaxPool2D) else "avg",
    }
    return [("pool2d", [], [*shape[:2], *result], attributes)]


def _adaptive_pool2d(layer, shape):
    if layer._data_format != "NCHW" or len(shape) != 4:
        return None
    wanted = zip(shape[2:], _pair(layer._output_size), strict=True)
    result = [size if n is None else n for size, n in wanted]
    attributes = {"adaptive": True, "data_format": "NCHW", "pooling_type": "avg"}
    return [("pool2d", [], [*shape[:2], *result], attributes)]


def _flatten(layer, shape):
    start, stop = layer.start_axis % len(shape), layer.stop_axis % len(shape)
    if start > stop:
        return None
    joined = prod(shape[start : stop + 1])
    attributes = {"start_axis": start, "stop_axis": stop}
    return [("flatten", [], [*shape[:start], joined, *shape[stop + 1 :]], attributes)]


def _cell_by_cell(kind):
    return lambda layer, shape: [(kind, [], shape, {})]


def _pair(value):
    return list(value) if isinstance(value, (list, tuple)) else [value] * 2


# Dimensions of the inputs that a batch normalisation takes.
_BATCH_NORM_RANKS = {
    nn.BatchNorm: (2, 3, 4, 5),
    nn.BatchNorm1D: (2, 3),
    nn.BatchNorm2D: (4,),
    nn.BatchNorm3D: (5,),
}
_RULES = {
    nn.Conv2D: _conv2d,
    nn.Linear: _linear,
    nn.MaxPool2D: _pool2d,
    nn.AvgPool2D: _pool2d,
    nn.AdaptiveAvgPool2D: _adaptive_pool2d,
    nn.Flatten: _flatten,
    **dict.fromkeys(_BATCH_NORM_RANKS, _batch_norm),
    nn.ReLU: _cell_by_cell("relu"),
    nn.ReLU6: _cell_by_cell("relu6"),
    nn.Sigmoid: _cell_by_cell("sigmoid"),
    nn.Tanh: _cell_by_cell("tanh"),
    nn.Hardswish: _cell_by_cell("hardswish"),
    nn.Hardsigmoid: _cell_by_cell("hardsigmoid"),
    nn.Silu: _cell_by_cell("silu"),
    nn.Swish: _cell_by_cell("swish"),
    nn.GELU: _cell_by_cell("gelu"),
    nn.LeakyReLU: _cell_by_cell("leaky_relu"),
}
_FORWARDS = {layer: layer.forward for layer in _RULES}
