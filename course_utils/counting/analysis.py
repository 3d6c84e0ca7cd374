"""``analyze(net, input_shape)``: one row a layer, from the network as it really runs."""

from collections import Counter, defaultdict

from . import counts, graph, rules
from .fields import WHOLE, receptive_fields
from .table import NetworkTable, Row


class AnalysisError(RuntimeError):
    """A network that cannot be analysed; the message is one sentence for people.

    Attributes:
        table: the rows up to the failure, a ``NetworkTable`` (None if there are none).
    """

    def __init__(self, message, table=None):
        super().__init__(message)
        self.table = table


# What a reader need not see as a row of its own: constants and plumbing.
HIDDEN = {
    "assign", "assign_value", "cast", "combine", "data", "empty", "full", "full_int_array",
    "gather_nd", "index_select", "parameter", "shape", "shape64", "slice", "split",
    "split_with_num", "squeeze", "stack", "strided_slice", "transpose", "unbind", "unsqueeze",
}  # fmt: skip


def analyze(net_or_factory, input_shape, receptive_field=True):
    """Analyse any network without computing anything.

    Rows are the calls of the layers that contain no other layer, and the operations that the
    network calls directly (additions, concatenations, ``F.relu`` ...). The network is left as it
    was: weights, hooks, train or eval mode. Counts are those of a single image.

    Conventions: ``params`` are weights, biases, gamma and beta, shared ones once, buffers not at
    all; ``bn_statistics`` the running means and variances; ``macs`` the multiply-adds of
    convolutions and matrix products without biases; ``connections`` output positions x (inputs
    each one sees + its bias); ``receptive_field`` the side in input pixels, exact over the graph
    (Araujo et al., Distill 2019).

    Args:
        net_or_factory: a ``paddle.nn.Layer``, or a function or class that builds one when called
            without arguments (no weights are then allocated).
        input_shape: shape of the input, batch included, e.g. ``(1, 3, 224, 224)``.
        receptive_field: False skips the receptive fields; a network with weights that consists
            of common layers is then not traced: more than 20 times as fast as
            ``paddle.summary`` (``make bench``), and lists layers only. The first dimension is
            taken for the batch all the way through.

    Returns:
        NetworkTable

    Raises:
        AnalysisError: wrong arguments, or a network that fails; ``.table`` has the rows so far.
    """
    try:
        net = graph.build(net_or_factory)
        graph.check_arguments(net, input_shape)
        if not receptive_field and net is net_or_factory:
            rows = rules.rows_from_layers(net, input_shape)
            if rows is not None:
                return NetworkTable(rows, type(net).__name__, input_shape)
        traced = graph.trace(net, input_shape)
    except graph.TraceError as error:
        table = None
        if error.graph is not None:
            table = NetworkTable(_rows(net, error.graph), type(net).__name__, input_shape)
        raise AnalysisError(str(error), table) from None
    rows = _rows(net, traced) + _uncalled(net, traced)
    return NetworkTable(rows, type(net).__name__, input_shape)


def _rows(net, traced):
    """One row a leaf call, one a visible operation outside leaves."""
    views = receptive_fields(traced)
    facts = _Facts(net, traced)
    names = Counter()
    groups = []
    for operation in traced.operations:
        if operation.call < 0:
            continue
        call = traced.calls[operation.call]
        if call.is_leaf:
            if not groups or groups[-1][0] is not call:
                groups.append((call, []))
            groups[-1][1].append(operation)
        elif operation.kind not in HIDDEN or facts.has_parameters(operation):
            _add_direct(groups, operation)
    called = {id(call) for call, _ in groups if call}
    silent = [call for call in traced.calls if call.is_leaf and id(call) not in called]
    rows = []
    for call, operations in groups:
        name, kind = (call.name, call.type) if call else _operation_name(traced, operations, names)
        rows.append(facts.row(name, kind, call, operations, views))
    return rows + [
        Row(c.name, c.type, c.input_shape, c.output_shape) for c in silent if c.output_shape is None
    ]


def _add_direct(groups, operation):
    """A row for an operation outside leaves; a run of the same kind in one call shares a row."""
    call, operations = groups[-1] if groups else (None, [])
    if call is None and operations:
        last = operations[-1]
        alike = (last.kind, last.call) == (operation.kind, operation.call)
        if alike and not set(last.outputs) & set(operation.inputs):
            operations.append(operation)
            return
    groups.append((None, [operation]))


def _operation_name(traced, operations, names):
    operation = operations[0]
    call = traced.calls[operation.call]
    root = operation.call == 0
    name = operation.kind if root else f"{call.name}.{operation.kind}"
    names[name] += 1
    kind = operation.kind if len(operations) == 1 else f"{operation.kind} ×{len(operations)}"
    return (name if names[name] == 1 else f"{name}_{names[name]}"), kind


class _Facts:
    """Parameters, counts and fields of groups of operations; each parameter counts once."""

    def __init__(self, net, traced):
        self.graph = traced
        self.batch = None
        self.sizes, self.statistics = graph.parameter_sizes(net)
        self.weights = self._derived_from_parameters()
        self.counted = set()

    def _derived_from_parameters(self):
        """Values made of parameters and constants alone, with the parameters in them."""
        sources = {value: {name} for value, name in self.graph.parameters.items()}
        active = {self.graph.input_id}
        for operation in self.graph.operations:
            if self.graph.input_id in operation.outputs:
                self.batch = operation.output_shape[0]
            if active.intersection(operation.inputs):
                active.update(operation.outputs)
                continue
            found = set().union(*(sources.get(v, set()) for v in operation.inputs), set())
            for value in operation.outputs:
                if found:
                    sources[value] = sources.get(value, set()) | found
        self.active = active
        return sources

    def has_parameters(self, operation):
        """Whether an operation works on the input and on parameters."""
        return any(v in self.weights for v in operation.inputs) and self._runs(operation)

    def _runs(self, operation):
        return any(v in self.active for v in operation.inputs)

    def row(self, name, kind, call, operations, views):
        """The row of one group of operations."""
        running = [op for op in operations if self._runs(op)]
        used = set()
        for operation in running:
            used.update(*(self.weights.get(v, set()) for v in operation.inputs))
        new = used - self.counted
        self.counted |= used
        unknown = sorted({op.kind for op in running if counts.multiply_adds(op) is None})
        row = Row(
            name,
            kind,
            call.input_shape if call else operations[0].input_shapes[0],
            call.output_shape if call else operations[-1].output_shape,
            params=sum(self.sizes[n] for n in new if n not in self.statistics),
            bn_statistics=sum(self.sizes[n] for n in new if n in self.statistics),
            shared=bool(used) and not new,
            unknown=unknown,
        )
        if unknown:
            row.macs = row.connections = None
        else:
            row.macs = sum(map(counts.multiply_adds, running)) // self.batch
            row.connections = (
                sum(counts.connections(op, self._adds_bias(op)) for op in running) // self.batch
            )
        _fill_field(row, running, views)
        return row

    def _adds_bias(self, operation):
        return operation.kind == "add" and any(
            v in self.weights and v not in self.active for v in operation.inputs
        )


def _fill_field(row, operations, views):
    outputs = [v for op in reversed(operations) for v in op.outputs if v in views]
    if not outputs:
        return
    view = views[outputs[0]]
    if view is None:
        row.receptive_field = "?"
        return
    numbers = sorted(set(view.axes) | set(view.whole))
    row.receptive_field = _one([_plain(view.seen(n)) for n in numbers]) if numbers else WHOLE
    row.jump = _one([_plain(view.jump(n)) for n in numbers]) if numbers else None


def _one(values):
    """A single value where all axes agree, else the tuple of them."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def _plain(value):
    if value is None or isinstance(value, str):
        return value
    return int(value) if value == int(value) else float(value)


def _uncalled(net, traced):
    """Rows of parameters that the forward pass never used."""
    facts = _Facts(net, traced)
    used = set()
    for operation in traced.operations:
        if facts._runs(operation):
            used.update(*(facts.weights.get(v, set()) for v in operation.inputs))
    left = defaultdict(int)
    for name, size in facts.sizes.items():
        if name not in used:
            left[name.rsplit(".", 1)[0], name in facts.statistics] += size
    layers = dict(net.named_sublayers(include_self=True))
    return [
        Row(
            path,
            type(layers.get(path, net)).__name__,
            None,
            None,
            uncalled=True,
            **{"bn_statistics" if statistic else "params": size},
        )
        for (path, statistic), size in left.items()
    ]
