"""After an analysis all is as if there had been none: names, containers, random numbers, modes."""

import gc
import random
import sys
import threading
from collections import OrderedDict, defaultdict, deque

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from course_utils import AnalysisError, analyze


def test_layers_built_later_share_no_name_and_no_optimiser_state():
    body = nn.Linear(4, 4)
    analyze(body, (1, 4))
    head = nn.Linear(4, 4)
    names = [p.name for layer in (body, head) for p in layer.parameters()]
    assert len(set(names)) == 4
    adam = paddle.optimizer.Adam(parameters=[*body.parameters(), *head.parameters()])
    head(body(paddle.ones([1, 4]))).sum().backward()
    adam.step()
    assert sum(name.endswith(("moment1_0", "moment2_0")) for name in adam.state_dict()) == 8


@pytest.mark.parametrize("factory", [lambda: nn.Linear(4, 4), None])
def test_names_go_on_as_if_nothing_had_been_named(factory):
    net = nn.Linear(4, 4)
    first = nn.Linear(2, 2).weight.name
    analyze(factory or net, (1, 4))
    number = int(first.split("_")[1].split(".")[0])
    assert nn.Linear(2, 2).weight.name == f"linear_{number + 1}.w_0"


class NeverEmpty(dict):
    """Refuses what a careless restoration would do."""

    def update(self, *arguments, **settings):
        raise TypeError("no update")

    def clear(self):
        raise TypeError("no clear")

    def __setitem__(self, key, value):
        raise TypeError("no setitem")


class State:
    """An object of the user's, not a layer."""

    def __init__(self):
        self.last, self.seen = None, []


class Keeping(nn.Layer):
    """Keeps what it computes in every kind of container."""

    calls = 0

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4)
        self.strict = NeverEmpty(a=1)
        self.nested = {"k": [], "deep": {"d": [0]}}
        self.queue = deque([1, 2], maxlen=2)
        self.ordered = OrderedDict([("a", 1), ("b", 2)])
        self.default = defaultdict(list)
        self.pair = ([], {})
        self.names = {"x"}
        self.numbers = np.zeros(3)
        self.state = State()
        self.tensors = [paddle.ones([2])]
        self.register_buffer("steps", paddle.zeros([1]))

    def forward(self, x):
        y = self.norm(self.conv(x))
        type(self).calls += 1
        self.count = getattr(self, "count", 0) + 1
        self.nested["k"].append(y)
        self.nested["deep"]["d"][0] = y
        self.nested["new"] = y
        self.queue.append(y)
        self.ordered.move_to_end("a")
        self.default["y"].append(y)
        self.pair[0].append(y)
        self.pair[1]["y"] = y
        self.names.add("y")
        self.numbers[1] += 1
        self.state.last, self.state.seen = y, [y]
        self.tensors.append(y)
        self.tensors[0] = self.tensors[0] + 1
        self.steps += 1
        self.added = nn.ReLU()
        self.conv.remark = y
        self.training = False
        return y


def content(value):
    """A picture of a value that can be compared."""
    if isinstance(value, paddle.Tensor):
        return ("tensor", id(value), value.numpy().tobytes())
    if isinstance(value, np.ndarray):
        return ("array", value.tobytes())
    if isinstance(value, dict):
        return (type(value), [(key, content(each)) for key, each in dict.items(value)])
    if isinstance(value, (list, tuple, deque)):
        return (type(value), [content(each) for each in value])
    if isinstance(value, State):
        return ("state", content(vars(value)))
    return (type(value), value if isinstance(value, (int, str, set)) else id(value))


def picture(net):
    return [content(vars(layer)) for layer in net.sublayers(include_self=True)]


@pytest.mark.parametrize("receptive_field", [True, False])
def test_containers_of_every_kind_are_as_before(receptive_field):
    net = Keeping()
    before, calls = picture(net), Keeping.calls
    analyze(net, (2, 3, 8, 8), receptive_field)
    assert picture(net) == before and Keeping.calls == calls
    net(paddle.zeros([2, 3, 8, 8]))
    net(paddle.zeros([2, 3, 8, 8]))


class Unkind(nn.Layer):
    """One container that cannot be put back beside others that can."""

    class Stuck(nn.Layer):
        pass

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 3)
        self.frozen = np.zeros(2)
        self.list = []

    def forward(self, x):
        self.frozen[0] = 1
        self.frozen.flags.writeable = False
        self.list.append(x)
        return self.line(x)


def test_what_cannot_be_put_back_leaves_the_rest_alone():
    net = Unkind()
    weight = net.line.weight
    analyze(net, (1, 3))
    assert net.list == [] and net.line.weight is weight


class Drawing(nn.Layer):
    """Takes random numbers from everywhere."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 3)
        self.line.weight.set_value(paddle.rand([3, 3]))

    def forward(self, x):
        keep = random.random() + np.random.rand() > -1
        x = F.dropout(self.line(x) + paddle.rand([3]), 0.5)
        return x if keep else -x


@pytest.mark.parametrize("factory", [True, False])
def test_random_numbers_go_on_as_before(factory):
    net = Drawing()

    def draw():
        return random.random(), np.random.rand(), float(paddle.rand([1]))

    def seed():
        random.seed(3), np.random.seed(3), paddle.seed(3)

    seed()
    expected = draw()
    seed()
    analyze(Drawing if factory else net, (2, 3))
    assert draw() == expected


class Clipping(nn.Layer):
    """Changes its own weights each time (as a Wasserstein critic does)."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 3)
        self.register_buffer("seen", paddle.zeros([1]))

    def forward(self, x):
        self.line.weight.clip_(-0.01, 0.01)
        self.line.weight.set_value(self.line.weight * 2)
        self.seen.set_value(self.seen + 1)
        return self.line(x)


@pytest.mark.parametrize("receptive_field", [True, False])
def test_weights_and_buffers_that_a_network_changes_are_as_before(receptive_field):
    net = Clipping()
    before = picture(net)
    table = analyze(net, (2, 3), receptive_field)
    assert picture(net) == before
    assert table.totals["macs"] == 9 and table.totals["params"] == 12


def test_the_settings_around_an_analysis_stay():
    net = nn.Linear(3, 3)
    with paddle.no_grad():
        analyze(net, (1, 3))
        assert net(paddle.ones([1, 3])).stop_gradient
    assert not net(paddle.ones([1, 3])).stop_gradient
    collecting, limit = gc.isenabled(), getattr(sys, "tracebacklimit", "none")
    with pytest.raises(AnalysisError):
        analyze(net, (1, 4))
    assert gc.isenabled() == collecting and getattr(sys, "tracebacklimit", "none") == limit
    assert paddle.in_dynamic_mode() and isinstance(paddle.ones([1]), paddle.Tensor)
    assert not hasattr(paddle.pir.Value, "__len__")


def test_an_analysis_in_graph_mode_leaves_graph_mode():
    net = nn.Linear(3, 3)
    paddle.enable_static()
    try:
        assert analyze(net, (1, 3)).totals["macs"] == 9
        assert not paddle.in_dynamic_mode()
    finally:
        paddle.disable_static()


def test_two_threads_get_the_same_tables():
    tables, net = [], paddle.vision.models.LeNet()

    def work():
        tables.append(analyze(net, (1, 1, 28, 28)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tables) == 3
    assert all(table.totals == analyze(net, (1, 1, 28, 28)).totals for table in tables)
    assert net(paddle.ones([1, 1, 28, 28])).shape == [1, 10]


def test_training_after_an_analysis_is_training_without_it():
    def train(analysed):
        paddle.seed(1)
        net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1D(8), nn.Dropout(0.5), nn.Linear(8, 2))
        adam = paddle.optimizer.Adam(0.01, parameters=net.parameters())
        for _ in range(3):
            if analysed:
                analyze(net, (4, 4))
            net(paddle.rand([4, 4])).square().mean().backward()
            adam.step()
            adam.clear_grad()
        return [value.numpy().tobytes() for value in net.state_dict().values()]

    assert train(True) == train(False)
