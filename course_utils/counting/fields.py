"""Receptive fields over the graph of a network, exactly.

For every value of the graph a ``View`` says which of its dimensions walk over which axis of
the input image, and what each position sees there (``geometry.Field``). Branches that merge are
united; what mixes all positions (global pooling, flattening, a matrix product over positions)
sees the whole image. An operation without a rule makes the field unknown, never wrong.
"""

from dataclasses import dataclass
from math import prod

from . import geometry
from .graph import CHANNELS_LAST, CONVOLUTIONS, POOLINGS, TRANSPOSED, windows

WHOLE = "whole image"


@dataclass(frozen=True)
class Axis:
    """Positions along one axis of the input: axis number, how many, and what each sees."""

    number: int
    size: int
    field: geometry.Field


@dataclass(frozen=True)
class View:
    """What the cells of one value see.

    ``dims`` has one tuple per dimension: the sizes (``int``) and ``Axis`` factors that it is
    made of, the slowest first. ``whole`` holds the axes of which every cell sees all.
    """

    dims: tuple
    whole: frozenset = frozenset()

    @property
    def axes(self):
        """The axes that still have positions, {number: Axis}."""
        return {f.number: f for dim in self.dims for f in dim if isinstance(f, Axis)}

    def seen(self, number):
        """Receptive field along one input axis in pixels, or ``WHOLE``."""
        axis = self.axes.get(number)
        return WHOLE if number in self.whole or axis is None else axis.field.widest(axis.size)

    def jump(self, number):
        """Distance in input pixels of neighbouring cells; None where the whole image is seen."""
        axis = self.axes.get(number)
        return None if self.seen(number) == WHOLE or axis is None else axis.field.jump


def size_of(factor):
    """Number of positions of one factor of a dimension."""
    return factor.size if isinstance(factor, Axis) else factor


def input_view(shape):
    """The view of the input image: dimensions from the third on are axes of the image."""
    dims = [(n,) for n in shape[:2]]
    dims += [(Axis(i, n, geometry.Field()),) for i, n in enumerate(shape[2:])]
    return View(tuple(dims))


def receptive_fields(graph):
    """{value id: View, or None where unknown} for all that depends on the input."""
    views = {}
    for operation in graph.operations:
        if graph.input_id in operation.outputs:
            views[graph.input_id] = input_view(operation.output_shape)
            continue
        known = [(i, views[v]) for i, v in enumerate(operation.inputs) if v in views]
        if not known:
            continue
        for value, shape in zip(operation.outputs, operation.output_shapes, strict=True):
            views[value] = None if shape is None else _view(operation, known, shape)
        if (
            operation.kind in ("split", "split_with_num", "unbind")
            and None in operation.output_shapes
        ):
            # A list of tensors, which the next operation takes apart.
            views.update(dict.fromkeys(operation.outputs, _list_view(operation, known[0][1])))
    return views


def _list_view(operation, view):
    """What the members of a list see; ``unbind`` drops a dimension, ``split`` cuts one."""
    if view is None or operation.kind != "unbind":
        return view
    axis = operation.attributes["axis"]
    if _numbers(view.dims[axis]):
        return None  # each member sees another row of the image
    return View(view.dims[:axis] + view.dims[axis + 1 :], view.whole)


def _view(operation, known, shape):
    if any(view is None for _, view in known):
        return None
    rule = _RULES.get(operation.kind)
    if operation.attributes.get("data_format") in CHANNELS_LAST:
        return None  # the views take the channels to come first
    try:
        return rule(operation, known, shape) if rule else None
    except ValueError:
        # Dimensions that no rule foresees (a GeometryError is a ValueError): not known.
        return None


def _without(view, numbers):
    """The view after the positions along some axes have been mixed."""
    dims = tuple(
        tuple(f.size if isinstance(f, Axis) and f.number in numbers else f for f in dim)
        for dim in view.dims
    )
    return View(dims, view.whole | frozenset(numbers))


def _numbers(dim):
    return {f.number for f in dim if isinstance(f, Axis)}


def _resized(view, shape):
    """The same view with plain dimensions (channels, batch) of another size."""
    dims = tuple(
        dim if _numbers(dim) and prod(map(size_of, dim)) == n else (n,)
        for dim, n in zip(view.dims, shape, strict=True)
    )
    lost = set().union(*map(_numbers, view.dims)) - set().union(*map(_numbers, dims))
    return View(dims, view.whole | frozenset(lost))


def _elementwise(operation, known, shape):
    """Merge cell by cell; shapes align at the end, as in broadcasting."""
    merged = View(tuple((n,) for n in shape), frozenset().union(*(v.whole for _, v in known)))
    dims = list(merged.dims)
    for _, view in known:
        offset = len(shape) - len(view.dims)
        for i, dim in enumerate(view.dims):
            if _numbers(dim) and prod(map(size_of, dim)) == shape[offset + i]:
                dims[offset + i] = _united(dims[offset + i], dim)
    kept = set().union(*map(_numbers, dims)) if dims else set()
    lost = set().union(*(v.axes for _, v in known)) - kept
    return _without(View(tuple(dims), merged.whole | frozenset(lost)), merged.whole)


def _united(one, other):
    if not _numbers(one):
        return other
    if [size_of(f) for f in one] != [size_of(f) for f in other]:
        raise geometry.GeometryError("dimensions of different make cannot be merged.")
    return tuple(
        Axis(a.number, a.size, a.field.union(b.field)) if isinstance(a, Axis) else a
        for a, b in zip(one, other, strict=True)
    )


def _same(operation, known, shape):
    return _resized(known[0][1], shape)


def _pieces(operation, known, shape):
    """Pieces or copies along a dimension; not known where they cut or stretch the image."""
    view = known[0][1]
    if any(
        _numbers(dim) and prod(map(size_of, dim)) != size
        for dim, size in zip(view.dims, shape, strict=True)
    ):
        return None
    return _resized(view, shape)


def _slide(operation, known, shape):
    """Convolution and pooling."""
    view = known[0][1]
    if operation.attributes.get("adaptive") or operation.attributes.get("global_pooling"):
        return _adaptive(view, shape)
    dims = [(n,) for n in shape]
    mixed = set()
    for window in windows(operation):
        factors = view.dims[window.dim]
        if not _numbers(factors):
            continue
        (axis,) = factors
        size = shape[window.dim]
        if operation.kind in POOLINGS and size == 1 and window.kernel >= axis.size:
            mixed.add(axis.number)
            continue
        field = axis.field.window(window.kernel, window.stride, window.padding[0], window.dilation)
        dims[window.dim] = (Axis(axis.number, size, field),)
    return View(tuple(dims), view.whole | frozenset(mixed))


def _adaptive(view, shape):
    dims = [(n,) for n in shape]
    mixed = set()
    for i, dim in enumerate(view.dims):
        if not _numbers(dim):
            continue
        (axis,) = dim
        if shape[i] == 1:
            mixed.add(axis.number)
        else:
            field = axis.field.adaptive(axis.size, shape[i])
            dims[i] = (Axis(axis.number, shape[i], field),)
    return View(tuple(dims), view.whole | frozenset(mixed))


def _transposed_convolution(operation, known, shape):
    view = known[0][1]
    dims = [(n,) for n in shape]
    for window in windows(operation):
        if not _numbers(view.dims[window.dim]):
            continue
        (axis,) = view.dims[window.dim]
        field = axis.field.transposed(
            window.kernel, window.stride, window.padding[0], window.dilation
        )
        dims[window.dim] = (Axis(axis.number, shape[window.dim], field),)
    return View(tuple(dims), view.whole)


def _unfold(operation, known, shape):
    """(n, c, h, w) -> (n, c k k, positions): the last dimension walks over both axes."""
    view = known[0][1]
    factors = []
    for window in windows(operation):
        (axis,) = view.dims[window.dim]
        if not isinstance(axis, Axis):
            factors.append(window.output_size())
            continue
        field = axis.field.window(window.kernel, window.stride, window.padding[0], window.dilation)
        factors.append(Axis(axis.number, window.output_size(), field))
    return View(((shape[0],), (shape[1],), tuple(factors)), view.whole)


def _reshape(operation, known, shape):
    """Regroup the factors of the dimensions; a dimension that ends up with both channels and
    positions has been flattened, and by convention sees the whole image."""
    view = known[0][1]
    factors = [f for dim in view.dims for f in dim if size_of(f) != 1]
    ones = {f.number for dim in view.dims for f in dim if isinstance(f, Axis) and f.size == 1}
    dims, mixed = [], set()
    single = _single_positions(view, shape)
    for i, n in enumerate(shape):
        if n == 1:
            dims.append((single[i],) if i in single else (1,))
            continue
        group, mixed_here = _take(factors, n)
        mixed |= mixed_here
        dims.append(tuple(group))
    kept = set().union(*map(_numbers, dims))
    mixed |= (ones - kept) | (set(view.axes) - kept)
    return _without(View(tuple(dims), view.whole), mixed)


def _single_positions(view, shape):
    """Axes of one single position stay where the shape around them is unchanged."""
    if len(shape) != len(view.dims):
        return {}
    return {
        i: dim[0]
        for i, dim in enumerate(view.dims)
        if len(dim) == 1 and isinstance(dim[0], Axis) and dim[0].size == 1 == shape[i]
    }


def _take(factors, size):
    """Take factors that make up ``size`` off the front; returns them and the axes mixed."""
    group, mixed, left = [], set(), size
    while left > 1:
        factor = factors.pop(0)
        n = size_of(factor)
        if left % n == 0:
            group.append(factor)
            left //= n
            continue
        # The dimension cuts a factor in two: what was a walk along an axis is one no more.
        if n % left:
            raise geometry.GeometryError("the reshape cuts across dimensions.")
        if isinstance(factor, Axis):
            mixed.add(factor.number)
        group.append(left)
        factors.insert(0, n // left)
        left = 1
    plain = any(not isinstance(f, Axis) for f in group)
    walks = {f.number for f in group if isinstance(f, Axis)}
    return group, mixed | walks if plain and walks else mixed


def _flatten(operation, known, shape):
    view = known[0][1]
    first, last = (
        operation.attributes[name] % len(view.dims) for name in ("start_axis", "stop_axis")
    )
    joined = tuple(f for dim in view.dims[first : last + 1] for f in dim)
    flat = View(view.dims[:first] + (joined,) + view.dims[last + 1 :], view.whole)
    has_channels = any(not isinstance(f, Axis) for f in joined)
    return _without(flat, _numbers(joined)) if has_channels else flat


def _transpose(operation, known, shape):
    view = known[0][1]
    return View(tuple(view.dims[i] for i in operation.attributes["perm"]), view.whole)


def _squeeze(operation, known, shape):
    view = known[0][1]
    rank = len(view.dims)
    wanted = operation.constants.get(1)
    gone = (
        {i % rank for i in wanted} if wanted else {i for i in range(rank) if view.dims[i] == (1,)}
    )
    dims = tuple(
        dim for i, dim in enumerate(view.dims) if i not in gone or prod(map(size_of, dim)) != 1
    )
    mixed = set(view.axes) - set().union(*map(_numbers, dims), set())
    return View(dims, view.whole | frozenset(mixed))


def _unsqueeze(operation, known, shape):
    view = known[0][1]
    dims = list(view.dims)
    for axis in operation.constants[1]:
        dims.insert(axis % (len(dims) + 1), (1,))
    return View(tuple(dims), view.whole)


def _concat(operation, known, shape):
    axis = operation.constants.get(len(operation.input_shapes), operation.constants.get(1, 0))
    axis = int(axis[0] if isinstance(axis, (list, tuple)) else axis) % len(shape)
    numbers = set().union(*(_numbers(view.dims[axis]) for _, view in known))
    whole = frozenset().union(*(view.whole for _, view in known))
    dims = [(n,) for n in shape]
    for _, view in known:
        for i, dim in enumerate(view.dims):
            if i != axis and _numbers(dim):
                dims[i] = _united(dims[i], dim)
    return _without(View(tuple(dims), whole | numbers), whole | numbers)


def _stack(operation, known, shape):
    axis = operation.attributes["axis"] % len(shape)
    rest = _elementwise(operation, known, shape[:axis] + shape[axis + 1 :])
    return View(rest.dims[:axis] + ((shape[axis],),) + rest.dims[axis:], rest.whole)


def _slice(operation, known, shape):
    view = known[0][1]
    starts = operation.constants[1]
    steps = operation.constants.get(3, [1] * len(starts))
    dims = list(view.dims)
    for i, start, step in zip(operation.attributes["axes"], starts, steps, strict=True):
        if not _numbers(dims[i]):
            continue
        (axis,) = dims[i]
        begin = start if start >= 0 else axis.size + start
        field = axis.field.shift(begin).window(1, step)
        dims[i] = (Axis(axis.number, len(range(begin, axis.size, step)), field),)
    for i in sorted(operation.attributes.get("decrease_axis", []), reverse=True):
        del dims[i]
    return _trimmed(View(tuple(dims), view.whole), shape)


def _trimmed(view, shape):
    """The view with the positions that a slice's end leaves; the field stays the same."""
    dims = []
    for dim, n in zip(view.dims, shape, strict=True):
        if len(dim) == 1 and isinstance(dim[0], Axis):
            dims.append((Axis(dim[0].number, n, dim[0].field),))
        else:
            dims.append(dim if prod(map(size_of, dim)) == n else (n,))
    lost = set(view.axes) - set().union(*map(_numbers, dims))
    return View(tuple(dims), view.whole | frozenset(lost))


def _pick(operation, known, shape):
    """index_select: any order of one dimension; of positions it makes a mixture."""
    view = known[0][1]
    numbers = _numbers(view.dims[operation.attributes["axis"]])
    return _resized(_without(view, numbers), shape)


def _pick_first(operation, known, shape):
    """gather_nd picks along the first dimension."""
    view = known[0][1]
    kept = (len(view.dims) == len(shape)) and not _numbers(view.dims[0])
    return _resized(view, shape) if kept else None


def _pad(operation, known, shape):
    view = known[0][1]
    paddings = operation.attributes.get("paddings") or operation.constants[1]
    dims = list(view.dims)
    if operation.kind == "pad3d":
        # Paddle lists the last axis first: (left, right, top, bottom, front, back).
        last = len(dims) - 1
        begins = {last - i: paddings[2 * i] for i in range(len(paddings) // 2)}
    else:
        begins = {i: paddings[2 * i] for i in range(len(paddings) // 2)}
    for i, begin in begins.items():
        if not _numbers(dims[i]):
            dims[i] = (shape[i],)
            continue
        (axis,) = dims[i]
        dims[i] = (Axis(axis.number, shape[i], axis.field.shift(-begin)),)
    return View(tuple(dims), view.whole)


def _reduce(operation, known, shape):
    view = known[0][1]
    rank = len(view.dims)
    axes = operation.constants.get(1, operation.attributes.get("axis"))
    axes = axes if isinstance(axes, (list, tuple)) else [int(axes)]
    gone = {int(i) % rank for i in axes} or set(range(rank))
    numbers = set().union(*(_numbers(view.dims[i]) for i in gone))
    view = _without(view, numbers)
    if len(shape) == rank:
        dims = tuple((1,) if i in gone else dim for i, dim in enumerate(view.dims))
    else:
        dims = tuple(dim for i, dim in enumerate(view.dims) if i not in gone)
    return View(dims, view.whole)


def _matmul(operation, known, shape):
    """A product over the last dimension of the first or the second-last of the second factor."""
    dims = [(n,) for n in shape]
    mixed = frozenset().union(*(view.whole for _, view in known))
    for number, view in known:
        transposed = operation.attributes.get(("transpose_x", "transpose_y")[number], False)
        summed = -1 if (number == 0) != transposed else -2
        kept = -2 if summed == -1 else -1
        rank = len(view.dims)
        mixed |= _numbers(view.dims[summed if rank > 1 else -1])
        target = -2 if number == 0 else -1
        if rank > 1 and len(shape) > 1 and prod(map(size_of, view.dims[kept])) == shape[target]:
            dims[target] = view.dims[kept] if _numbers(view.dims[kept]) else dims[target]
        for i in range(3, rank + 1):
            if _numbers(view.dims[-i]) and prod(map(size_of, view.dims[-i])) == shape[-i]:
                dims[-i] = _united(dims[-i], view.dims[-i])
    lost = set().union(*(view.axes for _, view in known)) - set().union(*map(_numbers, dims))
    return _without(View(tuple(dims), mixed | frozenset(lost)), mixed)


def _mix_positions(operation, known, shape):
    """Normalisations over the positions of each image."""
    view = known[0][1]
    return _without(_resized(view, shape), set(view.axes)) if len(view.dims) == len(shape) else None


def _layer_norm(operation, known, shape):
    view = known[0][1]
    if len(view.dims) != len(shape):
        return None
    numbers = set().union(*map(_numbers, view.dims[operation.attributes["begin_norm_axis"] :]))
    return _without(view, numbers)


def _softmax(operation, known, shape):
    view = known[0][1]
    return _without(view, _numbers(view.dims[operation.attributes["axis"]]))


ELEMENTWISE = {
    "abs", "add", "add_n", "assign", "cast", "ceil", "celu", "clip", "cos", "divide",
    "dropout", "elementwise_pow", "elu", "equal", "erf", "exp", "floor", "gelu",
    "greater_equal", "greater_than", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "leaky_relu", "less_equal", "less_than", "log", "logical_and", "logical_not",
    "logical_or", "logsigmoid", "maximum", "minimum", "mish", "multiply", "not_equal", "pow",
    "prelu", "reciprocal", "relu", "relu6", "remainder", "round", "rsqrt", "scale", "selu",
    "share_data", "sigmoid", "sign", "silu", "sin", "softplus", "softshrink", "softsign",
    "sqrt", "square", "stanh", "subtract", "swish", "tanh", "tanh_shrink", "thresholded_relu",
    "where",
}  # fmt: skip
NORMALISATIONS = {"batch_norm", "sync_batch_norm"}
REDUCTIONS = {
    "mean",
    "sum",
    "max",
    "min",
    "amax",
    "amin",
    "prod",
    "argmax",
    "argmin",
    "p_norm",
    "logsumexp",
}

_RULES = {
    **dict.fromkeys(ELEMENTWISE, _elementwise),
    **dict.fromkeys(NORMALISATIONS, _same),
    **dict.fromkeys(CONVOLUTIONS | POOLINGS, _slide),
    **dict.fromkeys(TRANSPOSED, _transposed_convolution),
    **dict.fromkeys(REDUCTIONS, _reduce),
    **dict.fromkeys(("instance_norm", "group_norm"), _mix_positions),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    **dict.fromkeys(("slice", "strided_slice"), _slice),
    **dict.fromkeys(("pad", "pad3d"), _pad),
    "bmm": _matmul,
    "concat": _concat,
    "flatten": _flatten,
    "gather_nd": _pick_first,
    "index_select": _pick,
    "layer_norm": _layer_norm,
    "matmul": _matmul,
    "reshape": _reshape,
    "split": _pieces,
    "split_with_num": _pieces,
    "repeat_interleave": _pieces,
    "squeeze": _squeeze,
    "stack": _stack,
    "transpose": _transpose,
    "unfold": _unfold,
    "unsqueeze": _unsqueeze,
}
