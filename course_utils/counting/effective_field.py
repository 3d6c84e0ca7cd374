"""What the middle unit of a layer can see of the input, and where its gradient comes from.

The receptive field is exact over the graph: Araujo, Norris & Sim, "Computing Receptive Fields of
Convolutional Neural Networks", Distill 2019, doi 10.23915/distill.00021. The gradient of one unit
with respect to the input is the "effective receptive field" of Luo, Li, Urtasun & Zemel,
"Understanding the Effective Receptive Field in Deep Convolutional Neural Networks", NeurIPS 2016,
section 2.
"""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil, floor

import numpy as np
import paddle
from paddle import nn

from . import graph
from .fields import Unknown
from .modes import evaluating
from .operations import receptive_fields, slides


@dataclass(frozen=True)
class Unit:
    """The middle unit of a layer's output and the window of the input that it can see.

    Attributes:
        layer: the layer's path in the network; from its second call on with the call's number.
        type: the layer's class.
        output_shape: (channels, height, width).
        position: (row, column) of the unit, from 0.
        jump: (down, right) distance in pixels between the fields of neighbouring units; None
            where a unit sees the whole image.
        window: ((first row, last row), (first column, last column)) in pixels; parts of it may
            lie outside of the image.
    """

    layer: str
    type: str
    output_shape: tuple
    position: tuple
    jump: tuple | None
    window: tuple
    module: nn.Layer = field(repr=False, compare=False)
    call: int = field(repr=False, compare=False)


class FieldProbe:
    """The units of a network: what each can see, and its gradient for an image.

    Attributes:
        net: the network.
        input_shape: (1, channels, height, width).
        units: {layer: Unit} of every layer without sublayers that convolves or pools, in the
            order of the forward pass.

    Args:
        net_or_factory: a layer, used with its present weights and left as it was; or a function
            or class that builds one, of which only the weights that are needed are initialised.
        input_shape: shape of the input, batch included.

    Raises:
        graph.TraceError: the network cannot take such an input.
        ValueError: no layer whose field is known.
    """

    def __init__(self, net_or_factory, input_shape):
        self.net = graph.build(net_or_factory)
        self.input_shape = tuple(input_shape)
        graph.check_arguments(self.net, self.input_shape)
        with evaluating(self.net):
            self.units = {unit.layer: unit for unit in _units(graph.trace(self.net, input_shape))}
        if not self.units:
            raise ValueError(
                f"{type(self.net).__name__} has no layer that convolves or pools an image of "
                f"shape {self.input_shape}; give a convolutional network."
            )
        self._random_state = _seeded_state()

    def gradient(self, layer, image):
        """|d unit / d input| of a layer's middle unit, its channels summed.

        Only the layers up to this one run.

        Args:
            layer: a key of ``units``.
            image: float32 array (channels, height, width).

        Returns:
            float32 array (height, width): absolute values, summed over the input's channels.
        """
        unit = self.units[layer]
        data = paddle.to_tensor(image[None], stop_gradient=False)
        with evaluating(self.net), self._initializing():
            output = _output_of(self.net, data, unit.module, unit.call)
        row, column = unit.position
        (slope,) = paddle.grad(output[0, :, row, column].sum(), data)
        return np.abs(slope.numpy()[0]).sum(axis=0)

    @contextmanager
    def _initializing(self):
        """Inside, a layer built without weights gets them when it is called.

        They come from random numbers of their own: always the same, whatever else was drawn.
        """
        hooks = [
            layer.register_forward_pre_hook(_initialize)
            for layer in self.net.sublayers(include_self=True)
        ]
        outside = paddle.get_rng_state()
        paddle.set_rng_state(self._random_state)
        try:
            yield
        finally:
            self._random_state = paddle.get_rng_state()
            paddle.set_rng_state(outside)
            for hook in hooks:
                hook.remove()


def clipped(window, shape):
    """The part of a window that lies in an image of ``shape`` (height, width)."""
    return tuple(
        (max(first, 0), min(last, size - 1))
        for (first, last), size in zip(window, shape, strict=True)
    )


def extent(window):
    """(height, width) of a window in pixels."""
    return tuple(last - first + 1 for first, last in window)


def cut(image, window):
    """The pixels of ``image`` (height, width, ...) in that part of a window that lies in it."""
    (top, bottom), (left, right) = clipped(window, image.shape[:2])
    return image[top : bottom + 1, left : right + 1]


def core(gradient, window, share=0.9):
    """The smallest window with the same middle that holds ``share`` of a gradient.

    Args:
        gradient: array (height, width) of absolute values, 0 outside of ``window``.
        window: as in ``Unit``.

    Returns:
        A window: the given one, with the same number of pixels taken from every side; None
        where the gradient is 0 everywhere.
    """
    wanted = share * gradient.sum(dtype=np.float64)
    if not wanted:
        return None
    for margin in range((min(extent(window)) - 1) // 2, -1, -1):
        inner = tuple((first + margin, last - margin) for first, last in window)
        if cut(gradient, inner).sum(dtype=np.float64) >= wanted:
            break
    return inner


def _units(traced):
    views = receptive_fields(traced)
    pixels = traced.input_shape[2:]
    calls = Counter()
    for number, call in enumerate(traced.calls):
        before = calls[call.layer]
        calls[call.layer] += 1
        operations = [operation for operation in traced.operations if operation.call == number]
        if not call.is_leaf or not any(map(slides, operations)):
            continue
        seen = [views[v] for o in reversed(operations) for v in o.outputs if v in views]
        shape = call.output_shape
        if seen and seen[0] is not None and len(shape) == 4:
            position = tuple(size // 2 for size in shape[2:])
            try:
                jump, window = _sight(seen[0], position, pixels)
            except Unknown:
                continue
            yield Unit(
                call.name if not before else f"{call.name}（第 {before + 1} 次）",
                call.type,
                tuple(shape[1:]),
                position,
                jump,
                window,
                call.layer,
                before,
            )


def _sight(view, position, pixels):
    """(jump, window) of the unit at a position."""
    jumps, window = [], []
    for number, (place, size) in enumerate(zip(position, pixels, strict=True)):
        axis = view.axis(number)
        jumps.append(axis and axis.field.jump)
        if axis is None:
            window.append((0, size - 1))
        else:
            first, last = axis.field.cell(place)
            window.append((floor(first), ceil(last)))
    return None if None in jumps else tuple(jumps), tuple(window)


class _Reached(Exception):
    """The forward pass has come to the layer that was asked for."""

    def __init__(self, output):
        super().__init__()
        self.output = output


def _output_of(net, data, module, call):
    """Output of the call of that number of one layer; the layers after it do not run."""
    left = [call]

    def stop(layer, inputs, output):
        if not left[0]:
            raise _Reached(output)
        left[0] -= 1

    hook = module.register_forward_post_hook(stop)
    try:
        net(data)
    except _Reached as reached:
        return reached.output
    finally:
        hook.remove()


def _initialize(layer, inputs):
    for parameter in layer._parameters.values():
        if parameter is not None and not parameter._is_initialized():
            parameter.initialize()


def _seeded_state():
    """Paddle's random state after ``paddle.seed(0)``; the present one stays."""
    outside = paddle.get_rng_state()
    paddle.seed(0)
    state = paddle.get_rng_state()
    paddle.set_rng_state(outside)
    return state
