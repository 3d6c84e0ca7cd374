"""What is known of each kind of operation: what it counts, what it does to receptive fields,
whether a reader sees it. Anything that is not here is named in the table, never taken for zero.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import counts, fields, windows


@dataclass(frozen=True)
class Kind:
    """One kind of operation.

    Attributes:
        macs: (operation) -> multiply-adds, None where they are not known.
        field: (operation, [(number of the input, View)], shape of the output) -> View.
        connections: as ``macs``; by default the same.
        check: raises ``GeometryError`` for sizes that cannot be.
        visible: whether a reader sees it as a row of its own, outside of layers.
        shares: whether its result may share the memory of its first input.
        changes: number of the input that it changes in place, where Paddle says that it
            changes one (a name that ends in ``_``).
    """

    macs: Callable = lambda operation: None
    field: Callable | None = None
    connections: Callable | None = None
    check: Callable | None = None
    visible: bool = True
    shares: bool = False
    changes: int | None = 0


def _kinds(names, *arguments, **settings):
    return dict.fromkeys(names.split(), Kind(*arguments, **settings))


def _free(names, rule, **settings):
    """Operations that cost nothing; ``rule`` is for one value, with weights or settings beside."""
    return _kinds(names, counts.nothing, rule and fields.single(rule), **settings)


_CELL_BY_CELL = """
    abs acos acosh add add_n asin asinh atan atan2 atanh bitwise_and bitwise_not
    bitwise_or bitwise_xor ceil celu clip cos cosh divide dropout elementwise_pow elu equal erf
    erfinv exp expand expand_as expm1 floor floor_divide fmax fmin gelu greater_equal greater_than
    hardshrink hardsigmoid hardswish hardtanh heaviside isfinite isinf isnan leaky_relu lerp
    less_equal less_than log log10 log1p log2 logical_and logical_not logical_or logical_xor logit
    logsigmoid maximum minimum mish multiply not_equal pow prelu reciprocal relu relu6 remainder
    round rrelu rsqrt scale selu share_data sigmoid sign silu sin sinh softplus softshrink softsign
    sqrt square stanh subtract swish tan tanh tanh_shrink thresholded_relu trunc where
"""
# Without an input of the network there is nothing to count or to follow.
_CONSTANT = """
    arange assign_value bernoulli data empty eye full full_batch_size_like full_int_array gaussian
    linspace meshgrid parameter randint randperm tril_indices triu_indices truncated_gaussian_random
    uniform
"""

KINDS = {
    **_kinds(
        "conv2d depthwise_conv2d conv3d",
        counts.convolution,
        fields.single(fields.convolution),
        check=windows.check_convolution,
    ),
    **_kinds(
        "conv2d_transpose depthwise_conv2d_transpose conv3d_transpose",
        counts.transposed_convolution,
        fields.single(fields.transposed_convolution),
    ),
    **_kinds(
        "pool2d pool3d max_pool2d_with_index max_pool3d_with_index",
        counts.nothing,
        fields.single(fields.pooling),
        counts.pooled,
        windows.check_windows,
    ),
    **_kinds("matmul bmm mv dot", counts.matrix_product, fields.matrix_product),
    **_kinds("addmm baddbmm", counts.added_product),
    **_kinds("bilinear", counts.bilinear),
    **_kinds("einsum", counts.einsum),
    **_kinds("rnn", counts.recurrent, fields.single(fields.recurrent)),
    **_kinds(
        "mean sum max min amax amin prod argmax argmin p_norm logsumexp all any",
        counts.nothing,
        fields.single(fields.reduction),
        counts.reduced,
    ),
    **_kinds(_CELL_BY_CELL, counts.nothing, fields.elementwise),
    **_kinds("assign_out", counts.nothing, fields.elementwise, changes=1),
    **_kinds("assign cast", counts.nothing, fields.elementwise, visible=False),
    **_free("batch_norm sync_batch_norm", fields.same, changes=None),
    **_free("instance_norm group_norm", fields.mix_positions),
    **_free("layer_norm", fields.layer_norm),
    **_free("softmax log_softmax cumsum cumprod", fields.along_axis),
    **_free("full_like gaussian_inplace uniform_inplace", fields.same, visible=False),
    **_free("bilinear_interp linear_interp trilinear_interp", fields.linear_interpolation),
    **_free("nearest_interp", fields.nearest),
    **_free("bicubic_interp channel_shuffle fold grid_sample affine_grid", None),
    **_free("pixel_unshuffle shuffle_channel tril triu topk argsort one_hot", None),
    **_free("take_along_axis put_along_axis scatter scatter_nd_add index_put index_add", None),
    **_free("masked_select masked_fill index_sample", None),
    **_kinds("set_value set_value_with_tensor", counts.nothing, fields.set_part),
    **_free("multinomial nonzero temporal_shift norm", None),
    **_free("pixel_shuffle", fields.pixel_shuffle),
    **_free("unfold", fields.unfold),
    **_free("embedding", fields.embedding),
    **_free("flip roll", fields.rearranged),
    **_free("gather", fields.pick),
    **_free("pad pad3d", fields.pad),
    **_free("repeat_interleave tile", fields.same),
    **_free("reshape view_shape", fields.reshape, shares=True),
    **_free("flatten", fields.flatten, shares=True),
    **_free("transpose", fields.transpose, shares=True, visible=False),
    **_free("squeeze", fields.squeeze, shares=True, visible=False),
    **_free("unsqueeze", fields.unsqueeze, shares=True, visible=False),
    **_free("slice strided_slice", fields.cut, shares=True, visible=False),
    **_free("split split_with_num unbind", fields.same, shares=True, visible=False),
    **_free("list_split", fields.same, shares=True, visible=False),
    **_free("as_strided diagonal view_dtype unstack", None, shares=True),
    **_free("index_select", fields.pick, visible=False),
    **_free("gather_nd", fields.pick_first, visible=False),
    **_free("shape shape64 numel coalesce_tensor increment", None, visible=False),
    **_kinds("concat", counts.nothing, fields.concat),
    **_kinds("stack", counts.nothing, fields.stack, visible=False),
    **_kinds("change combine", counts.nothing, visible=False),
    **_kinds(_CONSTANT, counts.nothing, visible=False),
}
_UNKNOWN = Kind()


def kind_of(operation):
    """What is known of an operation; a ``Kind`` that knows nothing if it is not listed."""
    return KINDS.get(operation.kind, _UNKNOWN)


def slides(operation):
    """Whether an operation is a convolution or a pooling."""
    return kind_of(operation).check is not None


def multiply_adds(operation):
    """Multiply-adds of one operation for the whole batch, or None where they are not known."""
    return _count(kind_of(operation).macs, operation)


def connections(operation):
    """Connections of one operation for the whole batch, or None where they are not known."""
    kind = kind_of(operation)
    return _count(kind.connections or kind.macs, operation)


def _count(rule, operation):
    if rule is counts.nothing:
        return 0
    shapes = operation.input_shapes + operation.output_shapes
    # A size that depends on values is negative in Paddle.
    if any(n < 0 for shape in shapes if shape for n in shape):
        return None
    return rule(operation)


def receptive_fields(graph):
    """{value id: View, or None where unknown} for all that depends on the input."""
    views = {graph.input_id: fields.input_view(graph.input_shape)}
    for operation in graph.operations:
        known = [(i, views[v]) for i, v in enumerate(operation.inputs) if v in views]
        if not known:
            continue
        for value, shape in zip(operation.outputs, operation.output_shapes, strict=True):
            views[value] = _view(operation, known, shape)
        views.update(dict.fromkeys(operation.touched))
    return views


def _view(operation, known, shape):
    rule = kind_of(operation).field
    # Views take the channels to come first, and every size to be known.
    last = operation.attributes.get("data_format") in windows.CHANNELS_LAST
    if rule is None or last or any(view is None for _, view in known):
        return None
    try:
        if shape is None:
            return fields.members(operation, known[0][1])
        if any(n < 0 for n in shape):
            return None
        return rule(operation, known, shape)
    except (fields.Unknown, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # Something that the rule does not foresee (a GeometryError is a ValueError): not known.
        return None
