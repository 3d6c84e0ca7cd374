"""Multiply-adds and connections of single operations.

Conventions (for the whole input batch): multiply-adds of convolutions and matrix products,
biases left out; connections = output positions x (inputs each one sees + its bias). Operations
that connect nothing (activations, normalisation, reshaping) count zero; an operation without a
rule counts None, so that it can be named instead of being taken for zero.
"""

from math import prod

from . import geometry
from .fields import ELEMENTWISE, NORMALISATIONS, REDUCTIONS
from .graph import CHANNELS_LAST, CONVOLUTIONS, POOLINGS, TRANSPOSED

RESHAPING = {
    "arange", "assign_value", "combine", "concat", "data", "empty", "expand", "expand_as",
    "eye", "flatten", "flip", "full", "full_int_array", "full_like", "gather", "gather_nd",
    "gaussian", "index_select", "pad", "pad3d", "parameter", "repeat_interleave", "reshape",
    "roll", "shape", "shape64", "slice", "split", "split_with_num", "squeeze", "stack",
    "strided_slice", "tile", "transpose", "unbind", "unfold", "uniform", "unsqueeze",
    "unstack",
}  # fmt: skip
# Cost nothing in these conventions, though they compute.
UNCOUNTED = ELEMENTWISE | NORMALISATIONS | RESHAPING | {
    "bilinear_interp", "channel_shuffle", "group_norm", "instance_norm", "layer_norm",
    "log_softmax", "nearest_interp", "pixel_shuffle", "softmax",
}  # fmt: skip


def multiply_adds(operation):
    """Multiply-adds of one operation, or None if it has no rule."""
    kind = operation.kind
    if kind in CONVOLUTIONS:
        return geometry.multiply_adds(prod(operation.output_shape), _weights_each(operation))
    if kind in TRANSPOSED:
        return geometry.multiply_adds(prod(operation.input_shapes[0]), _weights_each(operation))
    if kind in ("matmul", "bmm"):
        return geometry.multiply_adds(prod(operation.output_shape), _summed(operation))
    if kind in UNCOUNTED or kind in POOLINGS or kind in REDUCTIONS:
        return 0
    return None


def connections(operation, adds_bias=False):
    """Connections of one operation, or None if it has no rule.

    Args:
        adds_bias: whether it is an addition of a trained bias, one more input a position.
    """
    kind = operation.kind
    if adds_bias:
        return geometry.connections(prod(operation.output_shape), 1)
    if kind in POOLINGS:
        return _pooled(operation)
    if kind in REDUCTIONS:
        return prod(operation.input_shapes[0])
    return multiply_adds(operation)


def _weights_each(operation):
    """Weights that meet in one output of a convolution (one input of a transposed one)."""
    return prod(operation.input_shapes[1][1:])


def _summed(operation):
    """Length of the dimension over which a matrix product sums."""
    shape = operation.input_shapes[0]
    return shape[-2] if operation.attributes.get("transpose_x") and len(shape) > 1 else shape[-1]


def _pooled(operation):
    """Positions x window, added up axis by axis where adaptive windows are uneven."""
    source, result = operation.input_shapes[0], operation.output_shape
    last = operation.attributes.get("data_format") in CHANNELS_LAST
    dims = range(1, len(source) - 1) if last else range(2, len(source))
    if operation.attributes.get("global_pooling"):
        return prod(source)
    if not operation.attributes.get("adaptive"):
        kernel = operation.attributes.get("kernel_size") or operation.constants[1]
        return geometry.connections(prod(result), prod(kernel))
    seen = prod(
        sum(last - first + 1 for first, last in geometry.adaptive_windows(source[d], result[d]))
        for d in dims
    )
    return prod(n for d, n in enumerate(result) if d not in dims) * seen
