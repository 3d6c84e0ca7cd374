"""Receptive fields, exactly: what each kind of operation does to them.

For every value of a graph a ``View`` says which of its dimensions walk over which axis of the
input image, and what each position sees there (``geometry.Field``). Branches that merge are
united; what mixes all positions (global pooling, a matrix product over positions) sees the whole
image, and so does, by convention, what has been flattened. A rule that meets something it cannot
follow raises ``Unknown`` (or stumbles, which ``operations`` takes for the same): unknown, never
wrong.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import prod

from . import geometry
from .windows import windows

WHOLE = "whole image"
UNKNOWN = "?"


class Unknown(Exception):
    """The field cannot be followed through this operation."""


@dataclass(frozen=True)
class Axis:
    """Positions along one axis of the input: axis number, how many, what each sees, and how
    many pixels the input has there."""

    number: int
    size: int
    field: geometry.Field
    pixels: int

    @property
    def numbers(self):
        return {self.number}

    def sees_all(self):
        """Whether a single position sees every pixel of the axis."""
        first, last = self.field.cell(0)
        return self.size == 1 and first <= 0 and last >= self.pixels - 1


class Images(int):
    """A number of images, which join with positions without being channels."""


@dataclass(frozen=True)
class Scattered:
    """Positions along some axes of the input in no regular order, all of them."""

    numbers: frozenset
    size: int


@dataclass(frozen=True)
class View:
    """What the cells of one value see.

    ``dims`` has one tuple per dimension: the sizes (``int``), ``Axis`` and ``Scattered`` factors
    that it is made of, the slowest first. ``whole`` holds the axes of which every cell sees all.
    """

    dims: tuple
    whole: frozenset = frozenset()

    @property
    def numbers(self):
        """The axes of which cells see a part or all."""
        return self.walked | self.whole

    @property
    def walked(self):
        """The axes along which there are positions."""
        return frozenset().union(*map(numbers_of, self.dims))

    def axis(self, number):
        """The positions along one input axis; None where every cell sees the whole of it.

        Raises:
            Unknown: they are in no order, or walk twice (a cell for every pair of positions).
        """
        if number in self.whole:
            return None
        dims = [dim for dim in self.dims if number in numbers_of(dim)]
        if any(map(is_flattened, dims)) or not dims:
            return None
        found = [f for dim in dims for f in dim if number in getattr(f, "numbers", ())]
        if len(found) > 1 or isinstance(found[0], Scattered):
            raise Unknown
        return found[0]

    def seen(self, number):
        """Receptive field along one input axis in pixels, or ``WHOLE``."""
        axis = self.axis(number)
        return axis.field.widest(axis.size) if axis else WHOLE

    def jump(self, number):
        """Distance in input pixels of neighbouring cells; None where the whole image is seen."""
        axis = self.axis(number)
        return axis.field.jump if axis else None


def size_of(factor):
    """Number of positions of one factor of a dimension."""
    return factor if isinstance(factor, int) else factor.size


def numbers_of(dim):
    """The axes along which a dimension walks."""
    return frozenset(n for f in dim if not isinstance(f, int) for n in f.numbers)


def is_flattened(dim):
    """Whether a dimension holds channels and positions together."""
    return bool(numbers_of(dim)) and any(
        isinstance(f, int) and not isinstance(f, Images) for f in dim
    )


def _size(dim):
    return prod(map(size_of, dim))


def _only(dim):
    """The single axis that a dimension walks along."""
    if len(dim) != 1 or not isinstance(dim[0], Axis):
        raise Unknown
    return dim[0]


def input_view(shape):
    """The view of the input image: dimensions from the third on are axes of the image."""
    dims = [(Images(shape[0]),), (shape[1],)]
    dims += [(Axis(i, n, geometry.Field(), n),) for i, n in enumerate(shape[2:])]
    return View(tuple(dims))


def single(rule):
    """The rule of an operation on one value, whatever weights and settings it takes beside it.

    Where those depend on the image too, they must see all of it, and then so does the result.
    """

    def merged(operation, known, shape):
        (number, view), *others = known
        if number != 0 or any(other.walked for _, other in others):
            raise Unknown
        result = rule(operation, view, shape)
        return _without(result, frozenset().union(*(other.whole for _, other in others)))

    return merged


def _without(view, numbers):
    """The view after the positions along some axes have been mixed."""
    if not numbers:
        return view
    dims = tuple(
        _without_walks(dim, numbers) if numbers & numbers_of(dim) else dim for dim in view.dims
    )
    return View(dims, view.whole | frozenset(numbers))


def _without_walks(dim, numbers):
    if numbers_of(dim) <= numbers:
        return (_size(dim),)
    return tuple(
        f if isinstance(f, int) or not f.numbers & numbers
        # Positions that see all beside others that do not: no channels.
        else Scattered(frozenset(f.numbers - numbers), f.size)
        for f in dim
    )  # fmt: skip


def _fresh(shape, known):
    """Dimensions without positions, the images of the first value still known as such."""
    first = known[0][1].dims
    dims = [(n,) for n in shape]
    if len(first) == len(shape) and not numbers_of(first[0]) and _size(first[0]) == shape[0]:
        dims[0] = first[0]
    return dims


def _plain_dims(view, shape):
    """The dimensions of a view, those without positions (channels, batch) in their new sizes."""
    dims = []
    for dim, n in zip(view.dims, shape, strict=True):
        if numbers_of(dim) and _size(dim) != n:
            raise Unknown
        dims.append(dim if numbers_of(dim) or _size(dim) == n else (n,))
    return View(tuple(dims), view.whole)


def elementwise(operation, known, shape):
    """Merge cell by cell; shapes align at the end, as in broadcasting."""
    dims = _fresh(shape, known)
    whole = frozenset().union(*(view.whole for _, view in known))
    for _, view in known:
        offset = len(shape) - len(view.dims)
        if offset < 0:
            raise Unknown
        for i, dim in enumerate(view.dims, offset):
            if numbers_of(dim) and _size(dim) == shape[i]:
                dims[i] = _united(dims[i], dim)
            elif numbers_of(dim):
                # One position beside many: each of them sees what it sees.
                if not _only(dim).sees_all():
                    raise Unknown
                whole |= numbers_of(dim)
    return _without(View(tuple(dims), whole), whole)


def _united(one, other):
    """The factors of a dimension in which two of one make are merged cell by cell."""
    if not numbers_of(one) or one == other:
        return other
    if len(one) != len(other):
        raise Unknown
    return tuple(map(_united_factor, one, other))


def _united_factor(one, other):
    if isinstance(one, int) and one == other:
        return one
    if isinstance(one, Scattered) and one == other:
        return one
    both = isinstance(one, Axis) and isinstance(other, Axis)
    if not both or (one.number, one.size) != (other.number, other.size):
        raise Unknown
    return Axis(one.number, one.size, one.field.union(other.field), one.pixels)


def _scattered(numbers, size):
    return (Scattered(frozenset(numbers), size),)


def same(operation, view, shape):
    """Another value for each cell."""
    return _plain_dims(view, shape)


def convolution(operation, view, shape):
    """Each position sees a window, in all channels."""
    return _slide(operation, view, shape)


def pooling(operation, view, shape):
    """Each position sees a window; over all positions it sees the whole image."""
    if operation.attributes.get("adaptive") or operation.attributes.get("global_pooling"):
        return _adaptive(view, shape)
    last = {
        number
        for window in windows(operation)
        if shape[window.dim] == 1 and window.kernel >= window.size
        for number in numbers_of(view.dims[window.dim])
    }
    return _without(_slide(operation, view, shape), last)


def _slide(operation, view, shape):
    _check_channels_apart(view)
    dims = [(n,) for n in shape]
    for window in windows(operation):
        if not numbers_of(view.dims[window.dim]):
            continue
        axis = _only(view.dims[window.dim])
        field = axis.field.window(window.kernel, window.stride, window.padding[0], window.dilation)
        dims[window.dim] = (Axis(axis.number, shape[window.dim], field, axis.pixels),)
    return _kept_batch(View(tuple(dims), view.whole), view)


def _check_channels_apart(view):
    """A convolution sums over the channels: there must be no positions among them."""
    if numbers_of(view.dims[1]):
        raise Unknown


def _kept_batch(result, view):
    """The result with the batch of the input, which may hold positions (a reshape's pieces)."""
    return View((view.dims[0], *result.dims[1:]), result.whole)


def _adaptive(view, shape):
    _check_channels_apart(view)
    dims = [view.dims[0], *((n,) for n in shape[1:])]
    mixed = set()
    for i, dim in enumerate(view.dims[2:], 2):
        if not numbers_of(dim):
            continue
        if shape[i] == 1:
            mixed |= numbers_of(dim)
            continue
        axis = _only(dim)
        field = axis.field.adaptive(axis.size, shape[i])
        dims[i] = (Axis(axis.number, shape[i], field, axis.pixels),)
    return _without(View(tuple(dims), view.whole), mixed)


def transposed_convolution(operation, view, shape):
    """Each position is added, weighted, to a window of the result."""
    _check_channels_apart(view)
    dims = [(n,) for n in shape]
    for window in windows(operation):
        if not numbers_of(view.dims[window.dim]):
            continue
        axis = _only(view.dims[window.dim])
        field = axis.field.transposed(
            window.kernel, window.stride, window.padding[0], window.dilation
        )
        dims[window.dim] = (Axis(axis.number, shape[window.dim], field, axis.pixels),)
    return _kept_batch(View(tuple(dims), view.whole), view)


def unfold(operation, view, shape):
    """(n, c, h, w) -> (n, c k k, positions): the last dimension walks over both axes."""
    _check_channels_apart(view)
    factors = []
    for window in windows(operation):
        if not numbers_of(view.dims[window.dim]):
            factors.append(window.output_size())
            continue
        axis = _only(view.dims[window.dim])
        field = axis.field.window(window.kernel, window.stride, window.padding[0], window.dilation)
        factors.append(Axis(axis.number, window.output_size(), field, axis.pixels))
    return _kept_batch(View(((shape[0],), (shape[1],), tuple(factors)), view.whole), view)


def pixel_shuffle(operation, view, shape):
    """Each position becomes r x r of the result, made of different channels."""
    _check_channels_apart(view)
    times = operation.attributes["upscale_factor"]
    return _resampled(view, shape, lambda size, n: (Fraction(1, times), 0, False))


def nearest(operation, view, shape):
    """Each position shows the nearest of the input's."""
    if operation.attributes["align_corners"]:
        raise Unknown
    return _resampled(view, shape, lambda size, n: (Fraction(size, n), 0, False))


def linear_interpolation(operation, view, shape):
    """Each position lies between two of the input's along every axis."""
    if operation.attributes["align_corners"]:

        def grid(size, n):
            return Fraction(size - 1, max(n - 1, 1)), 0, True

    elif operation.attributes["align_mode"] == 0:

        def grid(size, n):
            step = Fraction(size, n)
            return step, (step - 1) / 2, True

    else:

        def grid(size, n):
            return Fraction(size, n), 0, True

    return _resampled(view, shape, grid)


def _resampled(view, shape, grid):
    """Position i lies at ``i * step + start`` of the input, where ``grid(size before, size
    after)`` gives step, start, and whether both neighbours of that place are seen."""
    dims = [view.dims[0], *((n,) for n in shape[1:])]
    for i, dim in enumerate(view.dims[2:], 2):
        if not numbers_of(dim):
            continue
        axis = _only(dim)
        if axis.size == 1:
            if not axis.sees_all():
                raise Unknown
            dims[i] = (shape[i],)
            continue
        step, start, between = grid(axis.size, shape[i])
        field = axis.field.resampled(step, start, between)
        dims[i] = (Axis(axis.number, shape[i], field, axis.pixels),)
    result = View(tuple(dims), view.whole)
    return View(result.dims, view.whole | (view.walked - result.walked))


def reshape(operation, view, shape):
    """Regroup the factors of the dimensions; none that walks may be cut in two."""
    factors = [f for dim in view.dims for f in dim if size_of(f) != 1]
    if view.dims[1:2] == ((1,),) and len(shape) < len(view.dims) - 1:
        # A single channel goes where the positions behind it are joined.
        factors.insert(sum(size_of(f) != 1 for f in view.dims[0]), 1)
    single_cells = {f.number for dim in view.dims for f in dim if _is_one_position(f)}
    stays = _one_position_dims(view, shape)
    dims = []
    for i, n in enumerate(shape):
        if n == 1:
            dims.append((stays[i],) if i in stays else (1,))
        else:
            dims.append(tuple(_take(factors, n)))
    view = View(tuple(dims), view.whole)
    return View(view.dims, view.whole | (single_cells - view.walked))


def _is_one_position(factor):
    return isinstance(factor, Axis) and factor.size == 1


def _one_position_dims(view, shape):
    """Axes of one single position stay where the shape around them is unchanged."""
    if len(shape) != len(view.dims):
        return {}
    return {
        i: dim[0]
        for i, dim in enumerate(view.dims)
        if len(dim) == 1 and _is_one_position(dim[0]) and shape[i] == 1
    }


def _take(factors, size):
    """Take factors that make up ``size`` off the front of a list."""
    group, left = [], size
    while left > 1:
        factor = factors.pop(0)
        n = size_of(factor)
        if left % n == 0:
            group.append(factor)
            left //= n
            continue
        if n % left or not isinstance(factor, int):
            raise Unknown
        group.append(type(factor)(left))
        factors.insert(0, type(factor)(n // left))
        left = 1
    return group


def flatten(operation, view, shape):
    """Dimensions joined to one."""
    first, last = (
        operation.attributes[name] % len(view.dims) for name in ("start_axis", "stop_axis")
    )
    joined = tuple(f for dim in view.dims[first : last + 1] for f in dim if not _is_one_position(f))
    result = View(view.dims[:first] + (joined or (1,),) + view.dims[last + 1 :], view.whole)
    return View(result.dims, view.whole | (view.walked - result.walked))


def transpose(operation, view, shape):
    """Dimensions in another order."""
    return View(tuple(view.dims[i] for i in operation.attributes["perm"]), view.whole)


def squeeze(operation, view, shape):
    """Dimensions of one cell left out."""
    rank = len(view.dims)
    wanted = operation.constants.get(1)
    gone = {i % rank for i in wanted} if wanted else set(range(rank))
    dims = tuple(dim for i, dim in enumerate(view.dims) if i not in gone or _size(dim) != 1)
    result = View(dims, view.whole)
    return View(dims, view.whole | (view.walked - result.walked))


def unsqueeze(operation, view, shape):
    """New dimensions of one cell."""
    dims = list(view.dims)
    for axis in operation.constants[1]:
        dims.insert(axis % (len(dims) + 1), (1,))
    return View(tuple(dims), view.whole)


def concat(operation, known, shape):
    """One after the other along a dimension; where it walks, in no regular order any more."""
    axis = operation.constants.get(len(operation.input_shapes), operation.constants.get(1, 0))
    axis = int(axis[0] if isinstance(axis, (list, tuple)) else axis) % len(shape)
    whole = frozenset().union(*(view.whole for _, view in known))
    dims = _fresh(shape, known)
    for _, view in known:
        for i, dim in enumerate(view.dims):
            if not numbers_of(dim):
                continue
            if i != axis:
                dims[i] = _united(dims[i], dim)
            elif is_flattened(dim):
                whole |= numbers_of(dim)
    scattered = frozenset().union(*(numbers_of(view.dims[axis]) for _, view in known)) - whole
    if scattered:
        if not all(_complete(f) for _, view in known for f in view.dims[axis]):
            raise Unknown
        dims[axis] = _scattered(scattered, shape[axis])
    return _without(View(tuple(dims), whole), whole)


def _complete(factor):
    """Whether the positions of a factor see the whole axis together."""
    if not isinstance(factor, Axis):
        return True
    return factor.field.cell(0)[0] <= 0 and (
        factor.field.cell(factor.size - 1)[1] >= factor.pixels - 1
    )


def stack(operation, known, shape):
    """A new dimension over values of one shape."""
    axis = operation.attributes["axis"] % len(shape)
    rest = elementwise(operation, known, shape[:axis] + shape[axis + 1 :])
    return View(rest.dims[:axis] + ((shape[axis],),) + rest.dims[axis:], rest.whole)


def cut(operation, view, shape):
    """slice and strided_slice."""
    starts = operation.constants[1]
    steps = operation.constants.get(3, [1] * len(starts))
    dropped = set(operation.attributes.get("decrease_axis", []))
    sizes = iter(shape)
    sizes = [1 if i in dropped else next(sizes) for i in range(len(view.dims))]
    dims = [dim if _size(dim) == n else (n,) for dim, n in zip(view.dims, sizes, strict=True)]
    whole = set(view.whole)
    for i, start, step in zip(operation.attributes["axes"], starts, steps, strict=True):
        if not numbers_of(view.dims[i]) or (start == 0 and step == 1 and dims[i] is view.dims[i]):
            continue
        axis = _only(view.dims[i])
        if step < 1:
            raise Unknown
        begin = min(max(start if start >= 0 else axis.size + start, 0), axis.size)
        field = axis.field.shift(begin).window(1, step)
        dims[i] = (Axis(axis.number, sizes[i], field, axis.pixels),)
    for i in sorted(dropped, reverse=True):
        if numbers_of(dims[i]):
            if not _only(dims[i]).sees_all():
                raise Unknown
            whole |= numbers_of(dims[i])
        del dims[i]
    result = View(tuple(dims), frozenset(whole))
    if view.walked - result.numbers:
        raise Unknown
    return result


def set_part(operation, known, shape):
    """Some of the channels or images of a value set to another."""
    views = []
    for number, view in known:
        dims = list(view.dims)
        if number == 1:
            for axis in sorted(operation.attributes["decrease_axes"]):
                dims.insert(axis, (1,))
        axes = operation.attributes["axes"]
        if number > 1 or len(dims) != len(shape) or any(numbers_of(dims[i]) for i in axes):
            raise Unknown
        views.append((number, View(tuple(dims), view.whole)))
    return elementwise(operation, views, shape)


def rearranged(operation, view, shape):
    """Positions or channels in another order (roll, flip): those of the image lose theirs."""
    axes = operation.attributes.get("axis")
    axes = axes if isinstance(axes, (list, tuple)) else [axes]
    moved = {int(i) % len(view.dims) for i in axes} if axes else set(range(len(view.dims)))
    dims = [
        _scattered(numbers_of(dim), _size(dim))
        if i in moved and numbers_of(dim) and all(map(_complete, dim))
        else dim
        for i, dim in enumerate(view.dims)
    ]
    if any(numbers_of(dims[i]) and dims[i] is view.dims[i] for i in moved):
        raise Unknown
    return View(tuple(dims), view.whole)


def pick(operation, view, shape):
    """Any choice along one dimension, which must not be one of positions."""
    axis = operation.constants.get(2, operation.attributes.get("axis", 0))
    axis = int(axis[0] if isinstance(axis, (list, tuple)) else axis)
    if numbers_of(view.dims[axis]):
        raise Unknown
    return _plain_dims(view, shape)


def pick_first(operation, view, shape):
    """gather_nd picks along the first dimension."""
    if numbers_of(view.dims[0]):
        raise Unknown
    return _plain_dims(view, shape)


def pad(operation, view, shape):
    """Cells added around the image, which see nothing of it."""
    if operation.attributes.get("mode", "constant") == "circular":
        raise Unknown
    paddings = operation.attributes.get("paddings") or operation.constants[1]
    dims = list(view.dims)
    if operation.kind == "pad3d":
        # Paddle lists the last axis first: (left, right, top, bottom, front, back).
        last = len(dims) - 1
        begins = {last - i: paddings[2 * i] for i in range(len(paddings) // 2)}
    else:
        begins = {i: paddings[2 * i] for i in range(len(paddings) // 2)}
    for i, begin in begins.items():
        if not numbers_of(dims[i]):
            dims[i] = (shape[i],)
        elif begin or _size(dims[i]) != shape[i]:
            axis = _only(dims[i])
            dims[i] = (Axis(axis.number, shape[i], axis.field.shift(-begin), axis.pixels),)
    return View(tuple(dims), view.whole)


def reduction(operation, view, shape):
    """Dimensions summed up."""
    rank = len(view.dims)
    axes = operation.constants.get(1, operation.attributes.get("axis"))
    axes = axes if isinstance(axes, (list, tuple)) else [int(axes)]
    gone = {int(i) % rank for i in axes}
    if not gone or operation.attributes.get("asvector"):
        gone = set(range(rank))
    view = _without(view, frozenset().union(*(numbers_of(view.dims[i]) for i in gone)))
    if len(shape) == rank:
        dims = tuple((1,) if i in gone else dim for i, dim in enumerate(view.dims))
    else:
        dims = tuple(dim for i, dim in enumerate(view.dims) if i not in gone)
    return View(dims, view.whole)


def matrix_product(operation, known, shape):
    """A product over the last dimension of the first or the second-last of the second factor."""
    dims = _fresh(shape, known)
    mixed = frozenset().union(*(view.whole for _, view in known))
    for number, view in known:
        transposed = operation.attributes.get(("transpose_x", "transpose_y")[number], False)
        summed = -1 if (number == 0) != transposed else -2
        rank = len(view.dims)
        if rank == 1:
            mixed |= numbers_of(view.dims[0])
            continue
        kept = view.dims[-2 if summed == -1 else -1]
        mixed |= numbers_of(view.dims[summed])
        if numbers_of(kept):
            dims[-2 if number == 0 else -1] = kept
        for i in range(3, rank + 1):
            if not numbers_of(view.dims[-i]):
                continue
            if _size(view.dims[-i]) != shape[-i]:
                raise Unknown
            dims[-i] = _united(dims[-i], view.dims[-i])
    return _without(View(tuple(dims), mixed), mixed)


def mix_positions(operation, view, shape):
    """Normalisations over the positions of each image."""
    return _without(_plain_dims(view, shape), view.walked)


def layer_norm(operation, view, shape):
    """Normalisation over the last dimensions."""
    last = view.dims[operation.attributes["begin_norm_axis"] :]
    return _without(_plain_dims(view, shape), frozenset().union(*map(numbers_of, last)))


def along_axis(operation, view, shape):
    """softmax, cumulative sums: every cell sees the others of one dimension."""
    axis = operation.attributes["axis"]
    return _without(_plain_dims(view, shape), numbers_of(view.dims[axis]))


def embedding(operation, view, shape):
    """A vector for every number."""
    return View((*view.dims, (shape[-1],)), view.whole)


def recurrent(operation, view, shape):
    """(steps, batch, features): every step sees the others."""
    if numbers_of(view.dims[1]):
        raise Unknown
    return View(tuple((n,) for n in shape), view.whole | view.walked)


def members(operation, view):
    """What the members of a list see; ``unbind`` drops a dimension, ``split`` cuts one."""
    if operation.kind != "unbind":
        return view
    axis = operation.attributes["axis"]
    if numbers_of(view.dims[axis]):
        raise Unknown  # each member sees another row of the image
    dims = list(view.dims)
    del dims[axis]
    return View(tuple(dims), view.whole)
