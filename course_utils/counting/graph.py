"""Any ``paddle.nn.Layer`` as a plain list of operations, without computing anything.

This is the only room that touches Paddle's graph objects. A network is run once in static
mode, where an operation only works out its output shape; parameters and buffers are replaced by
placeholders for that moment, so a network built under ``paddle.LazyGuard`` (no weights at all)
serves as well as a trained one.
"""

import contextlib
import reprlib
import sys
from dataclasses import dataclass, field
from math import prod

import paddle
from paddle import nn
from paddle.base import core
from paddle.nn.layer import layers as paddle_layers
from paddle.pir.core import static_op_arg_cast_guard

from . import geometry
from .reasons import first_sentence

CONVOLUTIONS = {"conv2d", "depthwise_conv2d", "conv3d"}
TRANSPOSED = {"conv2d_transpose", "depthwise_conv2d_transpose"}
POOLINGS = {"pool2d", "pool3d", "max_pool2d_with_index", "max_pool3d_with_index"}
CHANNELS_LAST = ("NLC", "NHWC", "NDHWC")
# Reading attributes is the slowest part of a record; the commonest operations need none.
WITHOUT_ATTRIBUTES = {"add", "batch_norm", "combine", "multiply", "relu"}


class TraceError(RuntimeError):
    """A network that cannot be traced; the message is one sentence for people.

    Attributes:
        graph: what was traced before the failure, a ``Graph`` (None if nothing was).
    """

    def __init__(self, message, graph=None):
        super().__init__(message)
        self.graph = graph


@dataclass(slots=True)
class LayerCall:
    """One call of one layer: its path in the network, and the operations it ran.

    ``begin`` and ``end`` are the marks taken before its first and after its last operation.
    """

    name: str
    type: str
    is_leaf: bool
    layer: object = field(default=None, repr=False)
    input_shape: list | None = None
    output_shape: list | None = None
    begin: object = None
    end: object = None


@dataclass(slots=True)
class Operation:
    """One operation; shapes and constants are plain Python values."""

    kind: str
    inputs: list
    outputs: list
    input_shapes: list
    output_shapes: list
    attributes: dict
    constants: dict
    call: int = -1

    @property
    def output_shape(self):
        """Shape of the first output."""
        return self.output_shapes[0]


@dataclass
class Graph:
    """The operations of one forward pass, in order, with the layer calls that ran them."""

    input_id: object = None
    operations: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)


def check_arguments(net, input_shape):
    """Raise ``TraceError`` unless ``net`` is a layer and ``input_shape`` can be an input."""
    if not isinstance(net, nn.Layer):
        raise TraceError(
            f"analyze() needs a paddle.nn.Layer, or a function that builds one, but got "
            f"{type(net).__name__}."
        )
    is_shape = isinstance(input_shape, (tuple, list)) and len(input_shape) >= 2
    if not is_shape or not all(type(n) is int and n > 0 for n in input_shape):
        raise TraceError(
            f"input_shape is {input_shape!r}; it must list positive integers, the batch first, "
            f"for example (1, 3, 224, 224)."
        )
    if prod(input_shape) > geometry.LARGEST:
        raise TraceError(
            f"input_shape is {reprlib.repr(input_shape)}, more than {geometry.LARGEST:,} numbers, "
            f"which take 8 GB; choose a smaller one."
        )


def build(net_or_factory):
    """The network itself, or the one a factory builds without allocating its weights.

    Raises:
        TraceError: the factory returns no layer.
    """
    if isinstance(net_or_factory, nn.Layer) or not callable(net_or_factory):
        return net_or_factory
    try:
        with paddle.LazyGuard():
            return net_or_factory()
    except Exception:
        # A constructor that reads or sets its weights needs them to exist.
        return net_or_factory()


def trace(net, input_shape):
    """Trace a network in the mode (train or eval) it is in, and leave it as it was.

    Args:
        net: a ``paddle.nn.Layer``.
        input_shape: shape of the single float32 input, batch included.

    Returns:
        Graph

    Raises:
        TraceError: the forward pass fails; names the layer, its input shape and the cause.
    """
    check_arguments(net, input_shape)
    recorder = _Recorder(net)
    program = paddle.static.Program()
    failure = None
    with _static_mode(), paddle.static.program_guard(program), recorder.placeholders():
        data = paddle.static.data("input", list(input_shape), "float32")
        try:
            with recorder.hooks():
                net(data)
        except Exception as error:
            failure = error
        graph = recorder.graph(program, data)
    _verify(graph)
    if failure is not None:
        raise TraceError(_explain(recorder, failure), graph) from failure
    return graph


@contextlib.contextmanager
def attributes_kept(layers):
    """Put back afterwards what the attributes of these layers were, and what stood in them."""
    containers = [vars(layer) for layer in layers]
    containers += [
        value
        for attributes in containers
        for value in attributes.values()
        if isinstance(value, (dict, list, set))
    ]
    contents = [container.copy() for container in containers]
    try:
        yield
    finally:
        for container, content in zip(containers, contents, strict=True):
            if container or content:
                container.clear()
                restore = container.extend if isinstance(container, list) else container.update
                restore(content)


class _Recorder:
    """Watches the layers of one network while it is traced."""

    def __init__(self, net):
        self.layers = [
            (name or type(net).__name__, layer)
            for name, layer in net.named_sublayers(include_self=True)
        ]
        self.calls = []
        self.open = []
        self.parameters = {}
        self._names = {id(parameter): name for name, _, _, parameter in _named_parameters(net)}
        self._values = {}

    @contextlib.contextmanager
    def placeholders(self):
        """Replace parameters and buffers by values of the graph."""
        with attributes_kept([layer for _, layer in self.layers]):
            for _, layer in self.layers:
                for store in (layer._parameters, layer._buffers):
                    store.update({key: self._value(tensor) for key, tensor in store.items()})
            # Tensors kept outside the layers' registers reach the operations as they are.
            with static_op_arg_cast_guard(self._value):
                yield

    def _value(self, tensor):
        if not isinstance(tensor, paddle.Tensor) or isinstance(tensor, paddle.pir.Value):
            return tensor
        if id(tensor) not in self._values:
            value = paddle.full(tensor.shape, 0, tensor.dtype)
            # The tensor is kept so that its id stays its own.
            self._values[id(tensor)] = (value, tensor)
            if id(tensor) in self._names:
                self.parameters[value.id] = self._names[id(tensor)]
        return self._values[id(tensor)][0]

    @contextlib.contextmanager
    def hooks(self):
        """Note the begin and end of every layer call."""
        handles = []
        try:
            for name, layer in self.layers:
                handles.append(layer.register_forward_pre_hook(self._enter(name)))
                handles.append(layer.register_forward_post_hook(self._leave))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, name):
        def hook(layer, inputs):
            call = LayerCall(name, type(layer).__name__, not layer._sub_layers, layer)
            call.input_shape = _shape_of(inputs)
            call.begin = _last_operation()
            self.open.append(call)
            self.calls.append(call)

        return hook

    def _leave(self, layer, inputs, outputs):
        call = self.open.pop()
        call.output_shape = _shape_of(outputs)
        call.end = _last_operation()

    def graph(self, program, data):
        """The finished (or broken-off) trace as plain records."""
        raw = program.global_block().ops
        position = {op.id(): i for i, op in enumerate(raw)}
        owners = [-1] * len(raw)
        # Inner calls come later in the list, so each operation ends with its innermost one.
        for number, call in enumerate(self.calls):
            first = position[call.begin] + 1
            last = len(raw) - 1 if call.end is None else position[call.end]
            owners[first : last + 1] = [number] * (last + 1 - first)
        placeholders = {value.id for value, _ in self._values.values()}
        reader = _OperationReader()
        operations = [
            reader.read(op, owner)
            for op, owner in zip(raw, owners, strict=True)
            if op.num_results() != 1 or op.result(0).id not in placeholders
        ]
        return Graph(data.id, operations, self.calls, self.parameters)


class _OperationReader:
    """Turns Paddle's operations into records; lists of tensors are flattened."""

    def __init__(self):
        self._shapes = {}
        self._lists = {}
        self._constants = {}

    def read(self, op, call):
        """The record of one operation, which ran in the call of that number."""
        kind = op.name().split(".", 1)[1].removesuffix("_")
        attributes = {} if kind in WITHOUT_ATTRIBUTES else op.attrs()
        inputs, constants = [], {}
        for number, value in enumerate(op.operands_source()):
            if value is None or not value.initialized():
                continue
            if value.id in self._constants:
                constants[number] = self._constants[value.id]
            inputs.extend(self._lists.get(value.id, [value]))
        outputs = self._outputs(op, kind, inputs, attributes)
        return Operation(
            kind,
            [value.id for value in inputs],
            [value.id for value in outputs],
            [self._shape(value) for value in inputs],
            [self._shape(value) for value in outputs],
            attributes,
            constants,
            call,
        )

    def _shape(self, value):
        if value.id not in self._shapes:
            is_tensor = value.is_dense_tensor_type()
            self._shapes[value.id] = list(value.shape) if is_tensor else None
        return self._shapes[value.id]

    def _outputs(self, op, kind, inputs, attributes):
        results = [value for value in op.results() if value.initialized()]
        if kind in ("full", "full_int_array") and "value" in attributes:
            self._constants[results[0].id] = attributes["value"]
        if kind == "combine":
            self._lists[results[0].id] = inputs
            self._constants[results[0].id] = [self._constants.get(v.id) for v in inputs]
            return []
        return results


def _verify(graph):
    """Raise ``TraceError`` at the first operation whose sizes cannot be (Paddle's static shape
    inference lets some pass: a kernel larger than its input, a wrong number of channels)."""
    for operation in graph.operations:
        try:
            verify_sizes(operation)
        except geometry.GeometryError as error:
            call = graph.calls[operation.call]
            raise TraceError(_sentence(call, operation.input_shapes[0], error), graph) from None


def verify_sizes(operation):
    """Raise ``GeometryError`` for a convolution or pooling that cannot be."""
    if operation.kind in CONVOLUTIONS:
        _verify_channels(operation)
    if operation.kind in CONVOLUTIONS | POOLINGS:
        for axis in windows(operation):
            axis.output_size()


def _verify_channels(operation):
    last = operation.attributes.get("data_format") in CHANNELS_LAST
    channels = operation.input_shapes[0][-1 if last else 1]
    wanted = operation.input_shapes[1][1] * operation.attributes["groups"]
    if channels != wanted:
        raise geometry.GeometryError(
            f"the layer was built for {wanted} input channels but gets {channels}."
        )


def _explain(recorder, error):
    """One sentence: which layer, what it got, and what was wrong."""
    cause = first_sentence(error)
    if not recorder.open:
        return f"the forward pass failed: {cause}"
    call = recorder.open[-1]
    layer, shape = call.layer, call.input_shape
    if isinstance(layer, nn.Linear) and shape and shape[-1] != layer.weight.shape[0]:
        cause = (
            f"the layer was built for {layer.weight.shape[0]} input features but gets {shape[-1]}."
        )
    return _sentence(call, shape, cause)


def _sentence(call, shape, cause):
    return f"{call.name} ({call.type}) cannot take an input of shape {shape}: {cause}"


@dataclass(frozen=True)
class Window:
    """How one operation slides over one axis of its input (dimension ``dim``)."""

    dim: int
    size: int
    kernel: int
    stride: int
    padding: tuple
    dilation: int = 1
    ceil_mode: bool = False

    def output_size(self):
        """Number of positions of the window; raises ``GeometryError`` if there are none."""
        return geometry.output_size(
            self.size, self.kernel, self.stride, self.padding, self.dilation, self.ceil_mode
        )


def windows(operation):
    """The windows of a convolution, unfold or (not adaptive) pooling, one per spatial axis."""
    attributes, shape = operation.attributes, operation.input_shapes[0]
    if attributes.get("adaptive") or attributes.get("global_pooling"):
        return []
    kernel = _kernel(operation)
    axes = len(kernel)
    dims = (
        range(1, axes + 1) if attributes.get("data_format") in CHANNELS_LAST else range(2, axes + 2)
    )
    strides = attributes["strides"]
    dilations = attributes.get("dilations", [1] * axes)
    algorithm = attributes.get("padding_algorithm", "EXPLICIT")
    result = []
    for axis, dim in enumerate(dims):
        dilation = dilations[axis]
        if algorithm == "SAME":
            # Paddle drops the dilation here (field-tested on 3.3.1).
            padding, dilation = geometry.same_padding(shape[dim], kernel[axis], strides[axis]), 1
        elif algorithm == "VALID":
            padding = (0, 0)
        else:
            padding = _explicit_padding(attributes["paddings"], axis, axes)
        result.append(
            Window(
                dim,
                shape[dim],
                kernel[axis],
                strides[axis],
                padding,
                dilation,
                attributes.get("ceil_mode", False),
            )
        )
    return result


def _kernel(operation):
    if operation.kind in CONVOLUTIONS | TRANSPOSED:
        return operation.input_shapes[1][2:]
    if "kernel_sizes" in operation.attributes:
        return operation.attributes["kernel_sizes"]
    if "kernel_size" in operation.attributes:
        return operation.attributes["kernel_size"]
    return operation.constants[1]


def _explicit_padding(paddings, axis, axes):
    if len(paddings) == axes:
        return (paddings[axis], paddings[axis])
    return (paddings[2 * axis], paddings[2 * axis + 1])


@contextlib.contextmanager
def _static_mode():
    """Static mode for the body, without two notes that Paddle makes of every operation: the
    calling layer, at a cost that grows with the square of the network's depth, and the Python
    stack, which takes most of the time and memory of a trace."""
    labels = paddle_layers.name_struct
    was_static = not paddle.in_dynamic_mode()
    limit = getattr(sys, "tracebacklimit", None)
    paddle_layers.name_struct = lambda prefix=None: contextlib.nullcontext()
    sys.tracebacklimit = 0
    paddle.enable_static()
    try:
        yield
    finally:
        paddle_layers.name_struct = labels
        if limit is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = limit
        if not was_static:
            paddle.disable_static()


def _last_operation():
    return paddle.static.default_main_program().global_block().back().id()


def _shape_of(values):
    """Shape of a tensor, of a single tensor in a tuple, or the list of shapes of several."""
    if isinstance(values, (tuple, list)):
        shapes = [_shape_of(v) for v in values]
        shapes = [s for s in shapes if s is not None]
        return shapes[0] if len(shapes) == 1 else shapes or None
    return list(values.shape) if hasattr(values, "shape") else None


def run_replaced(net, input_shape, forwards):
    """Run a network's own code on a batch of no images, some of its layers replaced.

    Args:
        net: a ``paddle.nn.Layer``; it is left as it was.
        input_shape: shape of the input, batch included; the batch that runs has no images.
        forwards: list of (layer, function to call instead of its ``forward``).

    Returns:
        The kinds of operations that Paddle still ran, by the names of its census: a set.
    """
    random_state = paddle.get_rng_state()
    counting = paddle.get_flags("FLAGS_low_precision_op_list")
    replaced = {layer for layer, _ in forwards}
    running = [layer for layer in net.sublayers(include_self=True) if layer not in replaced]
    try:
        for layer, forward in forwards:
            # Not setattr: Paddle's is slow, and this must leave no trace.
            vars(layer)["forward"] = forward
        with attributes_kept(running), paddle.no_grad():
            core.clear_low_precision_op_list()
            paddle.set_flags({"FLAGS_low_precision_op_list": 1})
            net(paddle.empty([0, *input_shape[1:]]))
        return set(core.get_low_precision_op_list())
    finally:
        paddle.set_flags(counting)
        paddle.set_rng_state(random_state)
        for layer, _ in forwards:
            vars(layer).pop("forward", None)


def parameter_sizes(net):
    """({name: number of values}, names of batch statistics); shared parameters once."""
    sizes, statistics = {}, set()
    for name, layer, key, parameter in _named_parameters(net):
        sizes[name] = prod(parameter.shape)
        if is_statistic(layer, key):
            statistics.add(name)
    return sizes, statistics


def _named_parameters(net):
    """(name, layer, key, parameter) of every parameter once: where it is met first."""
    seen = set()
    for path, layer in net.named_sublayers(include_self=True):
        for key, parameter in layer._parameters.items():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                yield f"{path or type(net).__name__}.{key}", layer, key, parameter


def is_statistic(layer, key):
    """Whether a parameter of a layer is a running statistic of its batches."""
    return key in ("_mean", "_variance") and isinstance(
        layer, (nn.BatchNorm, nn.layer.norm._BatchNormBase)
    )
