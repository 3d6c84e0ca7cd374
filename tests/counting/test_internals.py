"""The private names of Paddle that the engine uses are there, and do what it relies on."""

import paddle
import paddle.nn.functional as F
from paddle import nn

from course_utils.counting import internals


def in_graph_mode(work, changed=None):
    with internals.graph_mode(lambda tensor: tensor, changed or (lambda *values: None)) as block:
        return work(block)


def test_values_without_an_operation_have_shapes_and_can_be_used():
    def work(block):
        value = block.new_value([2, 3], paddle.float32)
        same = block.new_value([2, 3], paddle.float32)
        assert value.id != same.id and value.get_defining_op().name() == "builtin.argument"
        assert list(F.relu(value).shape) == [2, 3] and value.dtype == paddle.float32
        assert block.last() == block.operations[-1].id()

    in_graph_mode(work)


def test_a_branch_is_not_the_graph_itself():
    seen = []

    def work(block):
        value = block.new_value([2, 3], paddle.float32)

        def branch():
            seen.append(block.is_open())
            return value

        seen.append(block.is_open())
        paddle.static.nn.cond(value.sum() > 0, branch, branch)

    in_graph_mode(work)
    assert seen == [True, False, False]


def test_changes_in_place_are_reported():
    seen = []

    def work(block):
        value = block.new_value([2, 3], paddle.float32)
        return value.add_(value), value.flatten_(0)

    in_graph_mode(work, lambda before, after: seen.append((list(before.shape), list(after.shape))))
    assert seen == [([2, 3], [2, 3]), ([2, 3], [6])]


def test_what_is_replaced_is_put_back():
    names = [
        (paddle, "shape"), (paddle, "Tensor"), (paddle, "in_dynamic_mode"),
        (internals.layer_module, "name_struct"), (internals.rnn_module, "_rnn_static_graph"),
        (internals.amp_module, "amp_guard"), (internals.PyLayer, "apply"),
        (internals.Value, "get_defining_op"),
    ]  # fmt: skip
    before = [getattr(owner, name) for owner, name in names]
    in_graph_mode(lambda block: None)
    assert [getattr(owner, name) for owner, name in names] == before
    assert not hasattr(internals.inplace_utils, "eval")
    assert not hasattr(internals.Value, "__len__") and not hasattr(internals.Value, "__iter__")


def test_layers_are_built_without_weights_and_without_names():
    with internals.lazily():
        net = nn.Linear(3, 4)
    assert not net.weight._is_initialized() and list(net.weight.shape) == [3, 4]
    with paddle.LazyGuard():
        with internals.lazily():
            nn.Linear(3, 4)
        assert not nn.Linear(3, 4).weight._is_initialized()


def test_registers_and_statistics_of_layers():
    norm = nn.BatchNorm2D(3)
    assert set(internals.parameters_of(norm)) >= {"_mean", "_variance", "weight", "bias"}
    assert [key for key in norm._parameters if internals.is_statistic(norm, key)] == [
        "_mean", "_variance",
    ]  # fmt: skip
    assert internals.parameter_of(norm, "weight") is norm.weight
    assert internals.is_complete(norm) and internals.sublayers_of(nn.Sequential(norm)) == {
        "0": norm
    }
    static = paddle.jit.to_static(nn.Linear(3, 4))
    assert list(internals.python_forward(static)(paddle.ones([2, 3])).shape) == [2, 4]
