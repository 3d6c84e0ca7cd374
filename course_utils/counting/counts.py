"""Multiply-adds and connections of single operations, for the whole input batch.

Conventions: multiply-adds of convolutions and matrix products, biases left out; connections =
output positions x (inputs each one sees + its bias). Operations that connect nothing
(activations, normalisation, reshaping) count zero.
"""

from math import prod

from . import geometry
from .windows import spatial_dims


def nothing(operation):
    """An operation that costs nothing in these conventions, though it may compute."""
    return 0


def convolution(operation):
    """Every output sees the weights of its filter."""
    return geometry.multiply_adds(prod(operation.output_shape), _weights_each(operation))


def transposed_convolution(operation):
    """Every input is multiplied with the weights of its filter."""
    return geometry.multiply_adds(prod(operation.input_shapes[0]), _weights_each(operation))


def _weights_each(operation):
    """Weights that meet in one output of a convolution (one input of a transposed one)."""
    return prod(operation.input_shapes[1][1:])


def matrix_product(operation):
    """Every output is a sum over the last dimension of the first factor."""
    shape = operation.input_shapes[0]
    transposed = operation.attributes.get("transpose_x") and len(shape) > 1
    return geometry.multiply_adds(prod(operation.output_shape), shape[-2 if transposed else -1])


def added_product(operation):
    """addmm and baddbmm: the last two of three inputs are multiplied."""
    return geometry.multiply_adds(prod(operation.output_shape), operation.input_shapes[1][-1])


def bilinear(operation):
    """Both inputs meet in every output: x1 of m features, x2 of n, weights (outputs, m, n)."""
    return geometry.multiply_adds(prod(operation.output_shape), prod(operation.input_shapes[2][1:]))


def einsum(operation):
    """A product of two factors; None for sums within one factor and for dots, that stand for
    several dimensions."""
    sources, _, result = operation.attributes["equation"].replace(" ", "").partition("->")
    factors = sources.split(",")
    if "." in sources or "->" not in operation.attributes["equation"] or len(factors) > 2:
        return None
    sizes = {}
    for labels, shape in zip(factors, operation.input_shapes, strict=False):
        sizes.update(zip(labels, shape, strict=True))
    summed = set(sizes) - set(result)
    if not summed:
        return 0
    if len(factors) == 1 or not all(label in labels for label in summed for labels in factors):
        return None
    return prod(sizes.values())


def recurrent(operation):
    """Every step of every sequence meets each weight matrix once."""
    steps = prod(operation.input_shapes[0][:2])
    matrices = [shape for shape in operation.input_shapes[1:] if shape and len(shape) == 2]
    return geometry.multiply_adds(steps, sum(map(prod, matrices)))


def pooled(operation):
    """Connections of a pooling: positions x window, added up axis by axis where adaptive windows
    are uneven."""
    source, result = operation.input_shapes[0], operation.output_shape
    if operation.attributes.get("global_pooling"):
        return prod(source)
    if not operation.attributes.get("adaptive"):
        kernel = operation.attributes.get("kernel_size") or operation.constants[1]
        return geometry.connections(prod(result), prod(kernel))
    dims = spatial_dims(operation)
    seen = prod(
        sum(last - first + 1 for first, last in geometry.adaptive_windows(source[d], result[d]))
        for d in dims
    )
    return prod(n for d, n in enumerate(result) if d not in dims) * seen


def reduced(operation):
    """Connections of a sum or a mean: every input once."""
    return prod(operation.input_shapes[0])


def added_bias(operation):
    """Connections of the addition of a trained bias: one more input a position."""
    return geometry.connections(prod(operation.output_shape), 1)
