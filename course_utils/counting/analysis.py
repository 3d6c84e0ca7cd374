"""``analyze(net, input_shape)``: one row a layer, from the network as it really runs."""

from collections import Counter, defaultdict

from . import counts, graph
from .fields import UNKNOWN, WHOLE, Unknown
from .operations import connections, kind_of, multiply_adds, receptive_fields
from .table import NetworkTable, Row


class AnalysisError(RuntimeError):
    """A network that cannot be analysed; the message is one sentence for people.

    Attributes:
        table: the rows up to the failure, a ``NetworkTable`` (None if there are none).
    """

    def __init__(self, message, table=None):
        super().__init__(message)
        self.table = table


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
        receptive_field: False leaves the receptive fields out; else they are worked out when the
            table is first looked at, not for its ``totals``.

    Returns:
        NetworkTable

    Raises:
        AnalysisError: wrong arguments, or a network that fails; ``.table`` has the rows so far.

    >>> from paddle import nn
    >>> from course_utils import analyze
    >>> net = nn.Sequential(nn.Conv2D(3, 8, 3), nn.BatchNorm2D(8), nn.ReLU())
    >>> table = analyze(net, (1, 3, 32, 32))
    >>> table.totals
    {'params': 240, 'bn_statistics': 16, 'macs': 194400, 'connections': 201600}
    >>> table.rows[0].output_shape, table.rows[0].receptive_field
    ([1, 8, 30, 30], 3)
    """
    try:
        net = graph.build(net_or_factory)
    except Exception as error:
        raise AnalysisError(graph.failed_building(net_or_factory, error)) from error
    try:
        traced = graph.trace(net, input_shape)
    except graph.TraceError as error:
        table = None
        if error.graph is not None:
            table = _table(net, error.graph, receptive_field, complete=False)
        raise AnalysisError(str(error), table) from None
    return _table(net, traced, receptive_field)


def _table(net, traced, receptive_field, complete=True):
    facts = _Facts(net, traced)
    groups = _groups(facts)
    rows = [facts.row(name, kind, call, operations) for name, kind, call, operations in groups]
    rows += [
        Row(call.name, call.type, call.input_shape, call.output_shape)
        for call in _silent(traced, groups)
    ]
    if complete:
        rows += facts.uncalled(net)

    def fill():
        views = receptive_fields(traced)
        for row, (*_, operations) in zip(rows, groups, strict=False):
            _fill_field(row, operations, views)

    title = type(net).__name__
    return NetworkTable(rows, title, traced.input_shape, fill if receptive_field else None)


def _groups(facts):
    """(name, type, call or None, operations): one a leaf call, one a visible operation outside of
    leaves."""
    traced, names, groups = facts.graph, Counter(), []
    for operation in traced.operations:
        if operation.call < 0:
            continue
        call = traced.calls[operation.call]
        if call.is_leaf:
            if not groups or groups[-1][0] is not call:
                groups.append((call, []))
            groups[-1][1].append(operation)
        elif _is_visible(operation, facts):
            _add_direct(groups, operation)
    return [
        (call.name, call.type, call, operations)
        if call
        else (*_operation_name(traced, operations, names), None, operations)
        for call, operations in groups
    ]


def _is_visible(operation, facts):
    shown = kind_of(operation).visible or facts.has_parameters(operation)
    return shown and bool(operation.inputs and operation.outputs)


def _silent(traced, groups):
    """The leaf calls that failed before they ran an operation."""
    called = {id(call) for _, _, call, _ in groups}
    return [
        call
        for call in traced.calls
        if call.is_leaf and call.output_shape is None and id(call) not in called
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
    """Parameters and counts of groups of operations; each parameter counts once."""

    def __init__(self, net, traced):
        self.graph = traced
        self.batch = traced.input_shape[0]
        self.sizes, self.statistics = graph.parameter_sizes(net)
        self.active = {traced.input_id}
        self.weights = self._derived_from_parameters()
        self.counted = set()

    def _derived_from_parameters(self):
        """Values made of parameters and constants alone, with the parameters in them."""
        sources = {value: {name} for value, name in self.graph.parameters.items()}
        for operation in self.graph.operations:
            if not self.active.isdisjoint(operation.inputs):
                self.active.update(operation.outputs, operation.touched)
                continue
            found = set().union(*(sources[v] for v in operation.inputs if v in sources))
            if found:
                for value in operation.outputs:
                    sources[value] = sources.get(value, set()) | found
        return sources

    def has_parameters(self, operation):
        """Whether an operation works on the input and on parameters."""
        return any(v in self.weights for v in operation.inputs) and self._runs(operation)

    def _runs(self, operation):
        return not self.active.isdisjoint(operation.inputs)

    def row(self, name, kind, call, operations):
        """The row of one group of operations."""
        running = [op for op in operations if self._runs(op)]
        used = set()
        for operation in running:
            used.update(*(self.weights[v] for v in operation.inputs if v in self.weights))
        new = used - self.counted
        self.counted |= used
        row = Row(
            name,
            kind,
            call.input_shape if call else operations[0].input_shapes[0],
            call.output_shape if call else operations[-1].output_shape,
            params=sum(self.sizes[n] for n in new if n not in self.statistics),
            bn_statistics=sum(self.sizes[n] for n in new if n in self.statistics),
            shared=bool(used) and not new,
        )
        macs = [multiply_adds(op) for op in running]
        links = [self._connections(op) for op in running]
        if None in macs or None in links:
            row.macs = row.connections = None
            pairs = zip(running, macs, links, strict=True)
            row.unknown = sorted({op.kind for op, *numbers in pairs if None in numbers})
        else:
            row.macs, row.connections = sum(macs) // self.batch, sum(links) // self.batch
        return row

    def _connections(self, operation):
        adds_bias = operation.kind == "add" and any(
            v in self.weights and v not in self.active for v in operation.inputs
        )
        return counts.added_bias(operation) if adds_bias else connections(operation)

    def uncalled(self, net):
        """Rows of parameters that the forward pass never used."""
        used = set(self.counted)
        for operation in self.graph.operations:
            if self._runs(operation):
                used.update(*(self.weights[v] for v in operation.inputs if v in self.weights))
        left = defaultdict(int)
        for name, size in self.sizes.items():
            if name not in used:
                left[name.rsplit(".", 1)[0], name in self.statistics] += size
        layers = dict(net.named_sublayers(include_self=True)) if left else {}
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


def _fill_field(row, operations, views):
    outputs = [v for op in reversed(operations) for v in op.outputs if v in views]
    if not outputs:
        return
    view = views[outputs[0]]
    if view is None:
        row.receptive_field = UNKNOWN
        return
    numbers = sorted(view.numbers)
    try:
        row.receptive_field = _one([_plain(view.seen(n)) for n in numbers]) if numbers else WHOLE
        row.jump = _one([_plain(view.jump(n)) for n in numbers]) if numbers else None
    except Unknown:
        row.receptive_field = UNKNOWN


def _one(values):
    """A single value where all axes agree, else the tuple of them."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def _plain(value):
    if value is None or isinstance(value, str):
        return value
    return int(value) if value == int(value) else float(value)
