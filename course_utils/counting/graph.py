"""Any ``paddle.nn.Layer`` as a plain list of operations, without computing anything.

A network's own code is run once in Paddle's graph mode, where an operation only works out its
output shape; parameters and buffers are stand-ins for that moment, so a network built under
``paddle.LazyGuard`` (no weights at all) serves as well as a trained one. Common layers are not
even run: ``rules`` describes what they do from their settings.
"""

import contextlib
import inspect
import reprlib
from math import prod

import paddle
from paddle import nn

from . import geometry, internals, rules
from .kept import Snapshot
from .operations import kind_of
from .operations import slides as slides  # for those who read a graph
from .reasons import first_sentence
from .records import Graph, LayerCall, Operation
from .windows import windows as windows


class TraceError(RuntimeError):
    """A network that cannot be traced; the message is one sentence for people.

    Attributes:
        graph: what was traced before the failure, a ``Graph`` (None if nothing was).
    """

    def __init__(self, message, graph=None):
        super().__init__(message)
        self.graph = graph


class UnregisteredError(Exception):
    """Layers or parameters that the network uses without having them for its own."""


class InPlaceError(Exception):
    """A change of a tensor's shape that cannot be followed."""

    def __init__(self):
        super().__init__(
            "网络里有一个张量被原地改了形状（如 flatten_、reshape_、unsqueeze_），之后又被使用："
            "这里无法跟踪，请改写成 x = x.flatten(…) 这样的形式。"
        )


def check_arguments(net, input_shape):
    """Raise ``TraceError`` unless ``net`` is a layer and ``input_shape`` can be an input."""
    if not isinstance(net, nn.Layer):
        raise TraceError(
            f"analyze() needs a paddle.nn.Layer, or a function that builds one, but got "
            f"{type(net).__name__}."
        )
    if not internals.is_complete(net):
        raise TraceError(
            f"{type(net).__name__} 的 __init__ 没有调用 super().__init__()，它还不是一个完整的层："
            f"请把 super().__init__() 写在 __init__ 的第一行。"
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
        whatever the factory raises; ``failed_building`` says it in one sentence.
    """
    if isinstance(net_or_factory, nn.Layer) or not callable(net_or_factory):
        return net_or_factory
    with internals.random_states_kept():
        with contextlib.suppress(Exception), internals.lazily():
            return net_or_factory()
        # A constructor that reads or sets its weights needs them to exist.
        with internals.unique_name.guard():
            return net_or_factory()


def failed_building(factory, error):
    """One sentence for people: why a factory builds no network."""
    name = getattr(factory, "__name__", type(factory).__name__)
    name = "这个函数" if name == "<lambda>" else name
    if "super().__init__" in str(error) or "super(YourLayer, self).__init__" in str(error):
        return (
            f"{name} 建不起来：它（或它里面的层）的 __init__ 没有先调用 super().__init__()，"
            f"请把 super().__init__() 写在 __init__ 的第一行。"
        )
    if isinstance(error, TypeError) and _wants_arguments(factory):
        return (
            f"{name} 要有参数才能建立（{first_sentence(error)}）："
            f"请写成 analyze(lambda: {name}(…), input_shape)，或者直接传入建好的网络。"
        )
    return f"{name} 建不起来，{type(error).__name__}：{first_sentence(error)}"


def _wants_arguments(factory):
    try:
        inspect.signature(factory).bind()
    except TypeError:
        return True
    except ValueError:
        return False
    return False


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
    layers = dict(_named_layers(net))
    snapshot = Snapshot(list(layers.values()))
    recorder = _Recorder(net, layers, snapshot)
    failure = None
    with (
        internals.random_states_kept(),
        internals.graph_mode(recorder.value, recorder.changed) as block,
    ):
        try:
            data = paddle.static.data("input", list(input_shape), "float32")
            recorder.prepare(block)
            try:
                net(data)
            except Exception as error:
                failure = error
            graph = recorder.graph(data)
        except InPlaceError as error:
            raise TraceError(str(error)) from None
        finally:
            snapshot.restore()
    _verify(graph)
    if failure is not None:
        raise TraceError(recorder.explain(failure), graph) from None
    if recorder.unregistered:
        raise TraceError(recorder.unregistered_parameter(), graph)
    return graph


def _has_parameters(layer):
    layers = layer.sublayers(include_self=True)
    return any(p is not None for each in layers for p in internals.parameters_of(each).values())


def _named_layers(net):
    for path, layer in net.named_sublayers(include_self=True):
        yield path or type(net).__name__, layer


class _Recorder:
    """Watches the layers of one network while it is traced."""

    def __init__(self, net, layers, snapshot):
        self.net = net
        self.layers = layers
        self.snapshot = snapshot
        self.calls = []
        self.unregistered = {}
        self._timeline = []  # (last operation before it, number of a call or operations)
        self._open = [-1]
        self._failed = (None, None)  # an error, and the innermost call that it left
        self._parameters = {}
        self._names = {id(parameter): name for name, _, _, parameter in _named_parameters(net)}
        self._values = {}
        self._weights = {}
        self._paths = {}
        self._reshaped = set()

    def prepare(self, block):
        """Put stand-ins for the forward of every layer, and for all tensors."""
        self.block = block
        for name, layer in self.layers.items():
            self._watch(name, layer, self._call)
        for path, layer in self.snapshot.strays.items():
            self._watch(path, layer, self._refuse if _has_parameters(layer) else self._call)
        for container, key, value, path in self.snapshot.slots:
            if isinstance(value, _TENSORS) and type(container) in (dict, list):
                self._paths[id(value)] = path
                container[key] = self.value(value)

    def _watch(self, name, layer, call):
        forward = internals.python_forward(layer)
        attributes = vars(layer)
        rule = rules.rule_of(layer)
        attributes.update(internals.registers(layer, self.value))

        def watched(*inputs, **settings):
            return call(name, layer, forward, rule, inputs, settings)

        # Not setattr: Paddle's is slow, and this must leave no trace.
        attributes["forward"] = watched

    def value(self, tensor):
        """The value of the graph that stands for a tensor; anything else as it is."""
        if not isinstance(tensor, _TENSORS) or isinstance(tensor, internals.Value):
            return tensor
        if id(tensor) not in self._values:
            value = self.block.new_value(tensor.shape, tensor.dtype)
            # The tensor is kept so that its id stays its own.
            self._values[id(tensor)] = (value, tensor)
            if id(tensor) in self._names:
                self._parameters[value.id] = self._names[id(tensor)]
            elif isinstance(tensor, internals.Parameter):
                self.unregistered[value.id] = tensor
        return self._values[id(tensor)][0]

    def _call(self, name, layer, forward, rule, inputs, settings):
        call = LayerCall(name, type(layer).__name__, not internals.sublayers_of(layer), layer)
        call.input_shape = shape_of(inputs or list(settings.values()))
        self._open.append(len(self.calls))
        self.calls.append(call)
        outputs = None
        try:
            if rule is not None and len(inputs) == 1 and not settings:
                outputs = self._described(layer, rule, inputs[0])
            if outputs is None:
                outputs = self._run(forward, inputs, settings)
            call.output_shape = shape_of(outputs)
            return outputs
        except Exception as error:
            if self._failed[0] is not error:
                self._failed = (error, call)
            raise
        finally:
            self._open.pop()

    def _run(self, forward, inputs, settings):
        self._timeline.append((self.block.last(), self._open[-1]))
        try:
            return forward(*inputs, **settings)
        finally:
            self._timeline.append((self.block.last(), self._open[-2]))

    def _described(self, layer, rule, data):
        """What a common layer returns, its operations noted; None if it has to be run."""
        if not isinstance(data, internals.Value):
            return None
        shape, dtype, source = list(data.shape), data.dtype, data.id
        if source in self._reshaped:
            raise InPlaceError
        if min(shape, default=0) < 1 or not self.block.is_open():
            return None
        steps = rule(layer, shape)
        if steps is None:
            return None
        known = [[self._known(weight) for weight in weights] for _, weights, _, _ in steps]
        if any(each != dtype for step in known for _, _, each in step):
            return None
        result = self.block.new_value(steps[-1][2], dtype)
        operations = []
        for (kind, _, output_shape, attributes), weights in zip(steps, known, strict=True):
            # Values between the steps of one layer need no place in Paddle's graph.
            target = result.id if len(operations) == len(steps) - 1 else object()
            operations.append(
                Operation(
                    kind,
                    [source, *(value for value, _, _ in weights)],
                    [target],
                    [shape, *(size for _, size, _ in weights)],
                    [output_shape],
                    attributes,
                    {},
                    self._open[-1],
                )
            )
            source, shape = target, output_shape
        self._timeline.append((self.block.last(), operations))
        return result

    def changed(self, before, after):
        """Note that a value was changed in place."""
        if isinstance(before, internals.Value) and isinstance(after, internals.Value):
            shapes = [list(before.shape)], [list(after.shape)]
            if shapes[0] != shapes[1]:
                self._reshaped.add(before.id)
            change = Operation("change", [after.id], [before.id], *shapes, {}, {})
            self._timeline.append((self.block.last(), [change]))

    def _known(self, weight):
        """(id of its value, shape, type) of a parameter that a described layer uses."""
        if id(weight) not in self._weights:
            if isinstance(weight, _TENSORS):
                self._weights[id(weight)] = (id(weight), list(weight.shape), weight.dtype)
                if id(weight) in self._names:
                    self._parameters[id(weight)] = self._names[id(weight)]
                elif isinstance(weight, internals.Parameter):
                    self.unregistered[id(weight)] = weight
            else:
                return None, None, None
        return self._weights[id(weight)]

    def _refuse(self, name, layer, forward, rule, inputs, settings):
        kind = "列表" if name.endswith("]") else "容器或对象"
        raise UnregisteredError(
            f"{name}（{type(layer).__name__}）放在普通的 Python {kind}里，网络不知道它是自己的层，"
            f"它的参数既不会被统计，也不会被训练：请改用 nn.LayerList（或 nn.LayerDict、"
            f"nn.Sequential）来存放这些层。"
        )

    def unregistered_parameter(self):
        """The sentence about parameters that the network uses without registering them."""
        tensor = next(iter(self.unregistered.values()))
        path = self._paths.get(id(tensor))
        where = f"{path} 里" if path else ""
        return (
            f"{type(self.net).__name__} 用到了{where}一个没有登记的参数（形状 "
            f"{list(tensor.shape)}），它既不会被统计，也不会被训练：请把它作为层的属性"
            f"（self.名字 = self.create_parameter(…)），或放进 nn.ParameterList；"
            f"层则作为属性，或放进 nn.LayerList。"
        )

    def graph(self, data):
        """The finished (or broken-off) trace as plain records."""
        raw = self.block.operations
        position = {op.id(): i + 1 for i, op in enumerate(raw)}
        reader = _OperationReader()
        operations, at, owner = [], 0, -1
        for last, what in [*self._timeline, (raw[-1].id() if raw else None, -1)]:
            end = position.get(last, 0)
            for op in raw[at:end]:
                operations.append(reader.read(op, owner))
            at = max(at, end)
            if isinstance(what, int):
                owner = what
            else:
                operations.extend(map(reader.renew, what))
        return Graph(data.id, list(data.shape), operations, self.calls, self._used(operations))

    def _used(self, operations):
        """The parameters by the ids of their values."""
        used = {v for operation in operations for v in operation.inputs}
        self.unregistered = {v: t for v, t in self.unregistered.items() if v in used}
        return self._parameters

    def explain(self, error):
        """One sentence: which layer, what it got, and what was wrong."""
        if isinstance(error, UnregisteredError | InPlaceError):
            return str(error)
        cause = first_sentence(error)
        failed, call = self._failed
        if failed is not error:
            return f"the forward pass failed: {cause}"
        return _sentence(call, call.input_shape, cause)


class _OperationReader:
    """Turns Paddle's operations into records; lists of tensors are flattened.

    Where an operation changes its input in place, whatever reads that value later reads what the
    operation made of it; values that may share memory with it are noted as touched.
    """

    def __init__(self):
        self._shapes = {}
        self._lists = {}
        self._constants = {}
        self._now = {}
        self._families = {}
        self._reshaped = set()

    def read(self, op, call):
        """The record of one operation, which ran in the call of that number."""
        dialect, _, kind = op.name().partition(".")
        if dialect == "builtin" and kind == "split":
            kind = "list_split"
        in_place = kind.endswith("_")
        kind = kind.removesuffix("_")
        inputs, constants = [], {}
        for number, value in enumerate(op.operands_source()):
            if value is None or not value.initialized():
                continue
            if value.id in self._constants:
                constants[number] = self._constants[value.id]
            inputs.extend(self._lists.get(value.id) or [self._noted(value)])
        self._check_reshaped(inputs)
        attributes = op.attrs() if kind not in _WITHOUT_ATTRIBUTES else {}
        outputs = self._outputs(op, kind, inputs, attributes)
        operation = Operation(
            kind,
            list(map(self._current, inputs)),
            outputs,
            [self._shapes[value] for value in inputs],
            [self._shapes[value] for value in outputs],
            attributes,
            constants,
            call,
        )
        self._share(operation, inputs, in_place)
        return operation

    def renew(self, operation):
        """A described operation, or a change in place that Paddle made another value of."""
        inputs = operation.inputs
        operation.inputs = list(map(self._current, inputs))
        if operation.kind == "change":
            (after,), (before,) = operation.inputs, operation.outputs
            self._change(operation, self._current(before), after)
            if operation.input_shapes != operation.output_shapes:
                self._reshaped.add(before)
            operation.outputs, operation.output_shapes = [], []
        else:
            self._check_reshaped(inputs)
        return operation

    def _check_reshaped(self, inputs):
        if not self._reshaped.isdisjoint(inputs):
            raise InPlaceError

    def _current(self, value):
        while value in self._now:
            value = self._now[value]
        return value

    def _noted(self, value):
        key = value.id
        if key not in self._shapes:
            self._shapes[key] = list(value.shape) if value.is_dense_tensor_type() else None
        return key

    def _outputs(self, op, kind, inputs, attributes):
        results = [value for value in op.results() if value.initialized()]
        if kind in ("full", "full_int_array") and "value" in attributes:
            self._constants[results[0].id] = attributes["value"]
        if kind == "combine":
            self._lists[results[0].id] = inputs
            self._constants[results[0].id] = [self._constants.get(v) for v in inputs]
            return []
        return [self._noted(value) for value in results]

    def _share(self, operation, inputs, in_place):
        kind = kind_of(operation)
        if kind.shares and inputs:
            source, *_ = operation.inputs
            family = self._families.setdefault(source, {source})
            family.update(operation.outputs)
            self._families.update(dict.fromkeys(operation.outputs, family))
        if not in_place or kind.changes is None or not operation.outputs:
            return
        self._change(operation, operation.inputs[kind.changes], operation.outputs[0])

    def _change(self, operation, before, after):
        """Whatever reads ``before`` from now on reads ``after``."""
        if before == after:
            return
        family = self._families.get(before, set())
        operation.touched = tuple(v for v in family if v not in (before, after))
        if family:
            family.add(after)
            self._families[after] = family
        self._now[before] = after


# Reading attributes is the slowest part of a record; the commonest operations need none.
_WITHOUT_ATTRIBUTES = {"add", "batch_norm", "combine", "multiply", "relu"}
# Paddle's own class, not what stands for it during a trace.
_TENSORS = paddle.Tensor


def _verify(graph):
    """Raise ``TraceError`` at the first operation whose sizes cannot be."""
    for operation in graph.operations:
        check = kind_of(operation).check
        if check is None:
            continue
        try:
            check(operation)
        except geometry.GeometryError as error:
            call = graph.calls[operation.call]
            raise TraceError(_sentence(call, operation.input_shapes[0], error), graph) from None


def _sentence(call, shape, cause):
    return f"{call.name} ({call.type}) 接不上形状为 {shape} 的输入：{cause}"


def shape_of(values):
    """Shape of a tensor, of a single tensor in a tuple, or the list of shapes of several."""
    if isinstance(values, dict):
        values = list(values.values())
    if isinstance(values, (tuple, list)):
        shapes = [shape_of(v) for v in values]
        shapes = [s for s in shapes if s is not None]
        return shapes[0] if len(shapes) == 1 else shapes or None
    shape = getattr(values, "shape", None)
    return None if shape is None else list(shape)


def parameter_sizes(net):
    """({name: number of values}, names of batch statistics); shared parameters once."""
    sizes, statistics = {}, set()
    for name, layer, key, parameter in _named_parameters(net):
        sizes[name] = prod(parameter.shape)
        if internals.is_statistic(layer, key):
            statistics.add(name)
    return sizes, statistics


def _named_parameters(net):
    """(name, layer, key, parameter) of every parameter once: where it is met first."""
    seen = set()
    for path, layer in _named_layers(net):
        for key, parameter in internals.parameters_of(layer).items():
            if parameter is not None and id(parameter) not in seen:
                seen.add(id(parameter))
                yield f"{path}.{key}", layer, key, parameter
