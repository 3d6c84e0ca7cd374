"""The private names of Paddle that the engine uses, all of them; a test tries each on every
supported version. (``rules`` also reads the settings of Paddle's layers.)

``graph_mode`` is the heart: inside, an operation only works out the shape of its result, and code
that was written for tensors with values still runs. Everything that is replaced meanwhile is put
back; what is replaced in Paddle's own modules matters in graph mode only.
"""

import contextlib
import gc
import random
import sys
import threading
from functools import partial
from types import SimpleNamespace

import numpy as np
import paddle
from paddle.autograd import PyLayer
from paddle.base import framework, unique_name
from paddle.base.core import default_cpu_generator
from paddle.base.libpaddle.pir import create_shaped_type, get_current_insertion_point
from paddle.jit.dy2static.program_translator import ProgramTranslator, StaticFunction
from paddle.nn.initializer.lazy_init import lazy_init_helper
from paddle.nn.layer import layers as layer_module
from paddle.nn.layer import rnn as rnn_module
from paddle.nn.layer.norm import _BatchNormBase
from paddle.pir.core import static_op_arg_cast_guard
from paddle.utils import inplace_utils

try:
    from paddle.jit.dy2static.parameter_recorder import _global_inplace_map
except ImportError:  # where Paddle 3.0 has it
    from paddle.jit.pir_dy2static.parameter_recorder import _global_inplace_map

amp_module = sys.modules["paddle.amp.auto_cast"]
Parameter = framework.EagerParamBase
Value = paddle.pir.Value
# Paddle's programs belong to the whole process.
_LOCK = threading.RLock()


def parameters_of(layer):
    """The layer's own parameters, {name: tensor or None}."""
    return layer._parameters


def parameter_of(layer, key):
    """The tensor itself of a parameter, also while a value of the graph stands for it."""
    return dict.get(layer._parameters, key)


def sublayers_of(layer):
    """The layer's own sublayers, {name: layer or None}."""
    return layer._sub_layers


def is_complete(layer):
    """Whether the constructor of ``paddle.nn.Layer`` has run."""
    return {"_parameters", "_buffers", "_sub_layers"} <= set(vars(layer))


def is_statistic(layer, key):
    """Whether a parameter of a layer is a running statistic of its batches."""
    return key in ("_mean", "_variance") and isinstance(
        layer, (paddle.nn.BatchNorm, _BatchNormBase)
    )


def python_forward(layer):
    """The layer's forward as it was written, also where ``paddle.jit.to_static`` wraps it."""
    forward = layer.forward
    if isinstance(forward, StaticFunction):
        return forward._call_dygraph_function
    return forward


class Registers(dict):
    """A layer's parameters or buffers, which turn into values of the graph when asked for."""

    def __init__(self, content, convert):
        super().__init__(content)
        self._convert = convert

    def __getitem__(self, key):
        return self._convert(super().__getitem__(key))

    def get(self, key, default=None):
        return self._convert(super().get(key, default))

    def values(self):
        return [self[key] for key in self]

    def items(self):
        return [(key, self[key]) for key in self]

    def pop(self, key, *default):
        return self._convert(super().pop(key, *default))


def registers(layer, convert):
    """{attribute: stand-in} for the registers of a layer's tensors."""
    attributes = vars(layer)
    return {
        name: Registers(attributes[name], convert)
        for name in ("_parameters", "_buffers")
        if attributes[name]
    }


class Block:
    """The operations of a trace in the making."""

    def __init__(self, program):
        self._block = program.global_block()
        self._types = {}
        self._sample(paddle.float32)

    def new_value(self, shape, dtype):
        """A value that no operation makes: a parameter, or what a described layer returns."""
        key = (*shape, dtype)
        if key not in self._types:
            self._types[key] = create_shaped_type(self._sample(dtype), list(shape))
        return self._block.add_arg(self._types[key])

    def _sample(self, dtype):
        if dtype not in self._types:
            self._types[dtype] = paddle.full([1], 0, dtype).type()
        return self._types[dtype]

    @property
    def operations(self):
        """Paddle's operations so far."""
        return self._block.ops

    def is_open(self):
        """Whether operations go to the graph itself, not into a branch or a loop of it."""
        return get_current_insertion_point().block() == self._block

    def last(self):
        """Id of the last operation; there must be one."""
        return self._block.back().id()


@contextlib.contextmanager
def graph_mode(convert, changed):
    """Inside, operations build a graph and compute nothing.

    Args:
        convert: called with each argument of each operation; turns tensors into values.
        changed: called with a value that is changed in place, and the value it turns into.

    Yields:
        Block
    """
    program = paddle.static.Program()
    with contextlib.ExitStack() as stack:
        for manager in (
            _LOCK,
            without_collector(),
            unique_name.guard(),
            framework._dygraph_guard(None),
            paddle.static.program_guard(program, paddle.static.Program()),
            _like_eager_code(changed),
            static_op_arg_cast_guard(convert),
        ):
            stack.enter_context(manager)
        stack.callback(_global_inplace_map.pop, program)
        yield Block(program)


@contextlib.contextmanager
def _like_eager_code(changed):
    """Code written for tensors with values runs in graph mode, and takes the same branches."""
    translator = ProgramTranslator.get_instance()
    eager = framework.in_dygraph_mode
    with contextlib.ExitStack() as stack:
        for owner, name, value in (
            # Two notes that Paddle makes of every operation: the calling layer, at a cost that
            # grows with the square of the network's depth, and the Python stack, which takes
            # most of the time and memory of a trace.
            (layer_module, "name_struct", lambda prefix=None: contextlib.nullcontext()),
            (sys, "tracebacklimit", 0),
            (translator, "enable_to_static", False),
            # relu_() and its like make another value in graph mode, and warn of it.
            (inplace_utils, "eval", partial(_noting, changed)),
            (inplace_utils, "warnings", SimpleNamespace(warn=lambda message: None)),
            # A loop over the steps, not an operation that hides them.
            (rnn_module, "_rnn_static_graph", rnn_module._rnn_dynamic_graph),
            (amp_module, "amp_guard", lambda *a, **k: contextlib.nullcontext()),
            (PyLayer, "apply", classmethod(_apply_forward)),
            (Value, "get_defining_op", _defining_op(Value.get_defining_op)),
            (Value, "__len__", lambda value: value.shape[0]),
            (Value, "__iter__", lambda value: (value[i] for i in range(value.shape[0]))),
            (Value, "set_value", lambda value, new: paddle.assign(new, value)),
            (Value, "register_hook", lambda value, hook: None),
            (paddle, "shape", lambda x, name=None: Sizes(x.shape)),
            (paddle, "in_dynamic_mode", partial(_for_networks, eager)),
            (paddle, "Tensor", _tensor_class()),
        ):
            stack.enter_context(_replaced(owner, name, value))
        yield


_MISSING = object()


@contextlib.contextmanager
def _replaced(owner, name, value):
    before = vars(owner).get(name, _MISSING)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def _asked_by_paddle(depth=2):
    """Whether the code that called the caller belongs to Paddle."""
    return sys._getframe(depth).f_globals.get("__name__", "").split(".")[0] == "paddle"


def _for_networks(in_dygraph_mode):
    """``paddle.in_dynamic_mode``: networks take the branch that they take when they run."""
    return in_dygraph_mode() if _asked_by_paddle() else True


def _noting(changed, name):
    """The function that makes another value where one of that name with a ``_`` is called."""
    function = eval(name, vars(inplace_utils))

    def change(value, *arguments, **settings):
        result = function(value, *arguments, **settings)
        changed(value, result)
        return result

    return change


class _NoOperation:
    """What makes a value that no operation makes, for code that asks for its name."""

    def name(self):
        return "builtin.argument"

    def has_attr(self, name):
        return False

    def attrs(self):
        return {}


def _defining_op(found):
    return lambda value: found(value) or _NoOperation()


def _tensor_class():
    """``paddle.Tensor``, of which a network takes the values of the graph for instances."""
    tensor = paddle.Tensor

    class Meta(type):
        def __instancecheck__(cls, value):
            return isinstance(value, tensor) or (
                isinstance(value, Value) and not _asked_by_paddle()
            )

        def __subclasscheck__(cls, other):
            return issubclass(other, tensor)

        def __getattr__(cls, name):
            return getattr(tensor, name)

        def __call__(cls, *arguments, **settings):
            return tensor(*arguments, **settings)

    return Meta("Tensor", (), {})


class _Context:
    """What a ``PyLayer`` keeps for a backward pass that never comes."""

    def save_for_backward(self, *tensors):
        self._saved = tensors

    def saved_tensor(self):
        return self._saved

    def mark_not_inplace(self, *tensors):
        pass

    def mark_non_differentiable(self, *tensors):
        pass

    def set_materialize_grads(self, value):
        pass


def _apply_forward(cls, *arguments, **settings):
    return cls.forward(_Context(), *arguments, **settings)


class Size(int):
    """One size, where ``paddle.shape`` gives a tensor of it."""

    def astype(self, dtype):
        return self

    cast = astype

    def item(self):
        return int(self)

    def numpy(self):
        return np.array(int(self))


class Sizes(list):
    """A shape, where ``paddle.shape`` gives a tensor of it."""

    def __init__(self, sizes):
        super().__init__(map(Size, sizes))

    def __getitem__(self, index):
        found = super().__getitem__(index)
        return Sizes(found) if isinstance(index, slice) else found

    @property
    def shape(self):
        return [len(self)]

    def astype(self, dtype):
        return self

    cast = astype

    def tolist(self):
        return list(map(int, self))

    def numpy(self):
        return np.array(self.tolist())

    def _each(self, other, calculate):
        others = other if isinstance(other, (list, tuple)) else [other] * len(self)
        return Sizes(calculate(a, b) for a, b in zip(self, others, strict=True))

    def __add__(self, other):
        return self._each(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._each(other, lambda a, b: a - b)

    def __mul__(self, other):
        return self._each(other, lambda a, b: a * b)

    def __floordiv__(self, other):
        return self._each(other, lambda a, b: a // b)

    __radd__ = __add__
    __rmul__ = __mul__


@contextlib.contextmanager
def lazily():
    """Inside, layers are built without weights, and their names are forgotten afterwards."""
    helper = lazy_init_helper()
    with unique_name.guard(), without_collector():
        if helper._state:
            yield
            return
        with paddle.LazyGuard():
            yield


@contextlib.contextmanager
def without_collector():
    """No garbage collection inside: it would walk over all records again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def random_states_kept():
    """The random numbers of Python, NumPy and Paddle go on afterwards as if nothing had run."""
    python, numpy = random.getstate(), np.random.get_state()
    generator = default_cpu_generator()
    on_cpu, on_device = generator.get_state(), paddle.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        generator.set_state(on_cpu)
        paddle.set_rng_state(on_device)
