"""Networks that the course never saw: right, or unknown and named, or one clear sentence."""

import threading

import paddle
import paddle.nn.functional as F
import pytest
from oracle import gradient_extent
from paddle import nn

from course_utils import AnalysisError, analyze


class Net(nn.Layer):
    """Layers by name, and a function of the network and the input for its forward pass."""

    def __init__(self, run, parameters=None, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        for name, shape in (parameters or {}).items():
            setattr(self, name, self.create_parameter(shape))
        self.run = run

    def forward(self, x):
        return self.run(self, x)


def conv(inputs=1, outputs=1, kernel=3, **settings):
    return nn.Conv2D(inputs, outputs, kernel, **{"bias_attr": False, **settings})


# -- sizes by tensors of the shape, sizes that are not known ------------------------------------


def test_a_shape_tensor_is_a_shape():
    net = Net(
        lambda n, x: n.line(n.conv(x).reshape([paddle.shape(x)[0], -1])),
        conv=conv(1, 4),
        line=nn.Linear(144, 10),
    )
    table = analyze(net, (2, 1, 8, 8))
    assert table.totals["macs"] == 36 * 4 * 9 + 1440
    assert table["line"].output_shape == [2, 10] and table.unknown == {}


@pytest.mark.parametrize(
    "size",
    [
        lambda x: paddle.shape(x)[2:],
        lambda x: paddle.shape(x)[-2:].astype("int32"),
        lambda x: [paddle.shape(x)[2], paddle.shape(x)[3] * 1],
        lambda x: paddle.shape(x)[2:] // 2 * 2,
    ],
)
def test_interpolation_to_the_size_of_a_shape_tensor(size):
    net = Net(lambda n, x: n.b(F.interpolate(n.a(x), size=size(x))), a=conv(stride=2), b=conv())
    table = analyze(net, (1, 1, 16, 16))
    assert table["b"].output_shape == [1, 1, 14, 14]
    assert table.totals["macs"] == 49 * 9 + 14 * 14 * 9


def test_sizes_that_depend_on_values_are_not_counted():
    net = Net(
        lambda n, x: n.line(paddle.masked_select(x, x > 0).reshape([-1, 4])), line=nn.Linear(4, 2)
    )
    table = analyze(net, (1, 4))
    assert table["line"].macs is None and "matmul" in table.unknown["line"]
    assert table.totals["macs"] == 0 and table["line"].receptive_field == "?"


def test_branches_over_values_are_named_and_not_counted():
    def forward(n, x):
        return paddle.static.nn.cond(x.sum() > 0, lambda: n.line(x), lambda: -n.line(x))

    table = analyze(Net(forward, line=nn.Linear(4, 2)), (1, 4))
    assert table.totals["macs"] == 0 and table.unknown == {"if": ["if"]}


# -- parameters that meet the image outside of layers ------------------------------------------


def tokens(n, x):
    x = n.patch(x).flatten(2).transpose([0, 2, 1])
    token = n.cls.expand([x.shape[0], -1, -1])
    return n.head((paddle.concat([token, x], 1) + n.place)[:, 0])


def test_class_tokens_and_positions_are_parameters():
    net = Net(
        tokens,
        {"cls": [1, 1, 8], "place": [1, 17, 8]},
        patch=nn.Conv2D(3, 8, 4, 4),
        head=nn.Linear(8, 5),
    )
    table = analyze(net, (2, 3, 16, 16))
    assert table.totals["params"] == sum(p.size for p in net.parameters())
    assert table.totals["macs"] == 16 * 8 * 48 + 40
    assert table["concat"].params == 8 and table["add"].params == 17 * 8
    assert not any(row.uncalled for row in table.rows)


def test_add_n_with_a_parameter():
    net = Net(lambda n, x: paddle.add_n([x, n.p, n.p]), {"p": [2, 3]})
    table = analyze(net, (2, 3))
    assert table.totals == {"params": 6, "bn_statistics": 0, "macs": 0, "connections": 0}


@pytest.mark.parametrize(
    "equation, shape, macs",
    [
        ("nc,cd->nd", [4, 5], 20),
        ("nc,cd->ncd", [4, 5], 0),
        ("nc,nc->n", [2, 4], 4),
        ("nc,cd->dn", [4, 5], 20),
    ],
)
def test_einsum_of_two(equation, shape, macs):
    net = Net(lambda n, x: paddle.einsum(equation, x, n.p), {"p": shape})
    table = analyze(net, (2, 4))
    assert table.totals["macs"] == macs and not table.unknown
    assert table.totals["params"] == shape[0] * shape[1]


def test_einsum_of_three_counts_each_product():
    net = Net(lambda n, x: paddle.einsum("nc,cd,de->ne", x, n.p, n.q), {"p": [4, 5], "q": [5, 6]})
    table = analyze(net, (2, 4))
    assert table.totals["params"] == 50 and table.totals["macs"] == 4 * 5 + 5 * 6


def test_products_of_several_tensors_are_counted_or_named():
    net = Net(lambda n, x: paddle.linalg.multi_dot([x, n.p, n.q]), {"p": [4, 5], "q": [5, 6]})
    table = analyze(net, (2, 4))
    assert table.unknown == {"Net": ["multi_dot"]}
    assert table.totals["params"] == 50


def stripes(n, x):
    """Attention within stripes of the image, as in CSWin."""
    b, c, h, w = x.shape
    x = x.reshape([b, c, h // 4, 4, w]).transpose([0, 2, 3, 4, 1]).reshape([-1, 4 * w, c])
    return n.line(x).reshape([b, h // 4, 4, w, c]).transpose([0, 4, 1, 2, 3]).reshape([b, c, h, w])


@pytest.mark.parametrize("batch", [1, 2])
def test_windows_of_the_image_are_counted_and_their_field_is_unknown(batch):
    net = Net(lambda n, x: n.last(stripes(n, x)), line=nn.Linear(3, 3), last=conv(3, 3))
    table = analyze(net, (batch, 3, 8, 8))
    assert table.totals["macs"] == 64 * 9 + 36 * 81
    assert table.rows[-1].receptive_field == "?"


# -- receptive fields: exact or unknown ---------------------------------------------------------

FIELDS = {
    "space to depth": (lambda n, x: n.b(_space_to_depth(x)), {"b": conv(4)}, "?"),
    "pooling by reshape": (
        lambda n, x: n.b(x.reshape([1, 1, 8, 2, 8, 2]).mean([3, 5])), {"b": conv()}, "?",
    ),
    "flattened and back": (
        lambda n, x: n.b(n.a(x).flatten(1).reshape([1, 1, 14, 14])),
        {"a": conv(), "b": conv()}, 5,
    ),
    "a gate that sees all": (
        lambda n, x: n.b(x * n.a(x)), {"a": conv(kernel=16), "b": conv()}, "whole image",
    ),
    "a gate that sees a part": (lambda n, x: x * n.a(x), {"a": conv(kernel=15, stride=2)}, "?"),
    "added in place": (
        lambda n, x: n.b(_added_in_place(n.c(x), n.a)),
        {"a": conv(padding=1), "b": conv(), "c": conv()}, 7,
    ),
    "added in place, twice": (
        lambda n, x: _added_in_place(_added_in_place(n.c(x), n.a), n.a),
        {"a": conv(padding=1), "c": conv()}, 7,
    ),
    "set in place": (
        lambda n, x: n.b(_set_in_place(n.a(x), n.c)),
        {"a": conv(2, 2), "b": conv(2), "c": conv(2, 1, padding=1)}, 7,
    ),
    "rows set in place": (
        lambda n, x: n.b(_rows_set(n.a(x), n.c)),
        {"a": conv(), "b": conv(), "c": conv(padding=1)},
        "?",
    ),
    "a view changed in place": (
        lambda n, x: n.b(_view_changed(n.a(x), n.c)),
        {"a": conv(), "b": conv(), "c": conv(padding=1)}, "?",
    ),
    "transposed and added": (lambda n, x: n.b(x + x.transpose([0, 1, 3, 2])), {"b": conv()}, "?"),
    "some rows": (
        lambda n, x: n.b(paddle.index_select(x, paddle.to_tensor([9, 3, 0]), 2)),
        {"b": conv()}, "?",
    ),
    "a slice from before the border": (lambda n, x: n.b(x[:, :, -99:, -99:]), {"b": conv()}, 3),
    "one row": (lambda n, x: n.b(x[:, :, 3:4] + x), {"b": conv()}, "?"),
    "one row dropped": (lambda n, x: x[:, :, 3], {}, "?"),
    "rolled": (lambda n, x: n.b(x.roll(2, 2)), {"b": conv()}, "?"),
    "flipped": (lambda n, x: n.b(x.flip([3])), {"b": conv()}, "?"),
    "tiled": (lambda n, x: n.b(x.tile([1, 1, 2, 1])), {"b": conv()}, "?"),
    "halves side by side": (
        lambda n, x: n.b(paddle.concat([x[:, :, :8], x[:, :, 8:]], 3)), {"b": conv()}, "?",
    ),
    "weights made of the image": (
        lambda n, x: F.conv2d(x, n.a(x)[:, :, :3, :3]), {"a": conv()}, "?",
    ),
    "enlarged by nearest": (
        lambda n, x: n.b(F.interpolate(n.a(x), scale_factor=2)), {"a": conv(), "b": conv()}, 4,
    ),
    "enlarged by pixel shuffle": (
        lambda n, x: n.b(F.pixel_shuffle(n.a(x), 2)), {"a": conv(1, 4), "b": conv()}, 4,
    ),
    "attention": (lambda n, x: _attend(x.flatten(2)), {}, "whole image"),
    "rows of pairs": (
        lambda n, x: paddle.matmul(x.flatten(2).transpose([0, 2, 1]), x.flatten(2)), {}, "?",
    ),
}  # fmt: skip


def _space_to_depth(x):
    x = x.reshape([1, 1, 8, 2, 8, 2]).transpose([0, 1, 3, 5, 2, 4])
    return x.reshape([1, 4, 8, 8])


def _added_in_place(y, branch):
    y.add_(branch(y))
    return y


def _set_in_place(y, branch):
    y[:, 0] = branch(y)[:, 0]
    return y


def _rows_set(y, branch):
    y[:, :, 2] = branch(y)[:, :, 2]
    return y


def _view_changed(y, branch):
    part = y[:, :, 2:5]
    part.add_(branch(y)[:, :, 2:5])
    return y


def _attend(x):
    weights = F.softmax(paddle.matmul(x.transpose([0, 2, 1]), x), axis=-1)
    return paddle.matmul(x, weights)


@pytest.mark.parametrize("name", FIELDS)
def test_fields_are_exact_or_unknown(name):
    run, layers, field = FIELDS[name]
    net = Net(run, **layers)
    net(paddle.zeros([1, layers["a"].weight.shape[1] if "a" in layers else 1, 16, 16]))
    table = analyze(net, (1, layers["a"].weight.shape[1] if "a" in layers else 1, 16, 16))
    assert table.rows[-1].receptive_field == field


@pytest.mark.parametrize(
    "mode, corners", [("nearest", False), ("bilinear", False), ("bilinear", True)]
)
@pytest.mark.parametrize("size", [20, 40, 60, 30])
def test_fields_after_an_interpolation_equal_the_oracle(mode, size, corners):
    net = Net(
        lambda n, x: n.b(F.interpolate(n.a(x), [size, size], mode=mode, align_corners=corners)),
        a=conv(), b=conv(),
    )  # fmt: skip
    field = analyze(net, (1, 1, 22, 22)).rows[-1].receptive_field
    around = [nn.Sequential(net, nn.Pad2D([-2 * i, 0, -2 * i, 0])) for i in range(6)]
    assert field == max(gradient_extent(one, (1, 1, 22, 22))[0] for one in around)


# -- branches of the code that a trace must not change ------------------------------------------


@pytest.mark.parametrize(
    "test",
    [
        lambda x: paddle.in_dynamic_mode(),
        lambda x: isinstance(x, paddle.Tensor),
        lambda x: paddle.is_tensor(x),
        lambda x: len(x) == 2,
        lambda x: len([row for row in x]) == 2,
        lambda x: x.shape[0] == 2 and x.ndim == 2,
    ],
)
def test_a_network_takes_the_branch_that_it_takes_when_it_runs(test):
    net = Net(lambda n, x: n.a(x) if test(x) else n.b(x), a=nn.Linear(3, 4), b=nn.Linear(3, 5))
    assert net(paddle.ones([2, 3])).shape == [2, 4]
    table = analyze(net, (2, 3))
    assert table.totals["macs"] == 12
    assert [row.name for row in table.rows if row.uncalled] == ["b"]


@pytest.mark.parametrize(
    "run, batch, macs",
    [
        (lambda n, x: n.line(x.reshape([1, -1, 3]).flatten(0, 1)), 4, 12),
        (lambda n, x: paddle.stack([n.line(x[i]) for i in range(x.shape[0])]), 4, 12),
        (lambda n, x: n.line(x) if x.shape[0] > 1 else n.line(n.line(x)[:, :3]), 4, 12),
        (lambda n, x: n.line(paddle.concat([x, x], 0)), 4, 24),
        (lambda n, x: n.line(x.mean(0, keepdim=True)), 4, 3),
    ],
)
@pytest.mark.parametrize("receptive_field", [True, False])
def test_the_batch_may_move(run, batch, macs, receptive_field):
    table = analyze(Net(run, line=nn.Linear(3, 4)), (batch, 3), receptive_field)
    assert table.totals["macs"] == macs


class Doubled(paddle.autograd.PyLayer):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * 2

    @staticmethod
    def backward(ctx, slope):
        return slope * 2


def test_a_function_with_a_backward_pass_of_its_own():
    net = Net(lambda n, x: Doubled.apply(n.line(x)), line=nn.Linear(3, 4))
    assert analyze(net, (2, 3)).totals["macs"] == 12
    assert net(paddle.ones([2, 3])).shape == [2, 4]


@pytest.mark.parametrize("part", [False, True])
def test_networks_made_static_are_analysed_as_written(part):
    net = nn.Sequential(nn.Conv2D(3, 4, 3), nn.ReLU())
    expected = analyze(net, (1, 3, 8, 8))
    if part:
        net[0].forward = paddle.jit.to_static(net[0].forward)
    else:
        net = paddle.jit.to_static(net)
    assert analyze(net, (1, 3, 8, 8)).totals == expected.totals
    assert net(paddle.ones([1, 3, 8, 8])).shape == [1, 4, 6, 6]


def test_paddle_s_own_report_before_an_analysis_changes_nothing():
    net = nn.Sequential(nn.Conv2D(3, 4, 3), nn.ReLU())
    expected = analyze(net, (1, 3, 8, 8), False).totals
    paddle.summary(net, (1, 3, 8, 8))
    assert analyze(net, (1, 3, 8, 8), False).totals == expected


# -- operations that want a rule ---------------------------------------------------------------

COUNTED = {
    "lstm": (lambda: nn.LSTM(4, 5), (2, 6, 4), 6 * 4 * 5 * (4 + 5)),
    "lstm both ways, two layers": (
        lambda: nn.LSTM(4, 5, 2, direction="bidirect"), (2, 6, 4),
        6 * 2 * 4 * 5 * (4 + 5) + 6 * 2 * 4 * 5 * (10 + 5),
    ),
    "gru": (lambda: nn.GRU(4, 5), (2, 6, 4), 6 * 3 * 5 * (4 + 5)),
    "simple rnn": (lambda: nn.SimpleRNN(4, 5), (2, 6, 4), 6 * 5 * (4 + 5)),
    # The first step's state is made of zeros, not of the input.
    "cells in a loop": (
        lambda: nn.RNN(nn.GRUCell(4, 5)), (2, 6, 4), 6 * 3 * 5 * 4 + 5 * 3 * 5 * 5,
    ),
    "transposed in space": (
        lambda: nn.Conv3DTranspose(2, 3, 2, 2), (1, 2, 4, 4, 4), 2 * 64 * 3 * 8,
    ),
    "transposed": (lambda: nn.Conv2DTranspose(2, 3, 2, 2), (1, 2, 4, 4), 2 * 16 * 3 * 4),
    "embedding": (
        lambda: Net(lambda n, x: n.words(x.astype("int64")), words=nn.Embedding(9, 4)), (2, 3), 0,
    ),
    "nearest": (lambda: nn.Upsample(scale_factor=2), (1, 2, 4, 4), 0),
    "bilinear": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (1, 2, 4, 4), 0),
    "bicubic": (lambda: nn.Upsample(scale_factor=2, mode="bicubic"), (1, 2, 4, 4), 0),
    "roll": (lambda: Net(lambda n, x: x.roll(1, 1)), (1, 3), 0),
    "fold": (lambda: Net(lambda n, x: F.fold(F.unfold(x, 2, 2), 4, 2, 2)), (1, 2, 4, 4), 0),
    "assign to": (lambda: Net(lambda n, x: paddle.assign(x * 2, x)), (1, 3), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTED)
def test_operations_that_had_no_rule(name):
    factory, shape, macs = COUNTED[name]
    table = analyze(factory(), shape)
    assert table.totals["macs"] == macs and table.unknown == {}


# -- sentences -----------------------------------------------------------------------------------


class Listed(nn.Layer):
    def __init__(self, layers):
        super().__init__()
        self.blocks = layers

    def forward(self, x):
        for layer in self.blocks.values() if isinstance(self.blocks, dict) else self.blocks:
            x = layer(x)
        return x


class Parametric(nn.Layer):
    def __init__(self):
        super().__init__()
        self.ws = [self.create_parameter([3, 3])]

    def forward(self, x):
        return paddle.matmul(x, self.ws[0])


class Forgetful(nn.Layer):
    def __init__(self):
        self.scale = 3

    def forward(self, x):
        return x * self.scale


class ForgetfulWithLayers(nn.Layer):
    def __init__(self):
        self.line = nn.Linear(3, 3)


class Wrong(nn.Layer):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, undefined)  # noqa: F821


GLOBAL = nn.Linear(3, 3)

SENTENCES = {
    "a list of layers": (
        lambda: Listed([nn.Linear(3, 3), nn.ReLU()]), r"^blocks\[0\]（Linear）.*列表.*nn.LayerList",
    ),
    "a dict of layers": (
        lambda: Listed({"a": nn.Linear(3, 3)}), r"^blocks\['a'\]（Linear）.*nn.LayerDict",
    ),
    "a nested list": (
        lambda: Listed([nn.Sequential(nn.Linear(3, 3))]), r"^blocks\[0\].*nn.LayerList",
    ),
    "a list of parameters": (
        Parametric, r"ws\[0\] 里一个没有登记的参数.*\[3, 3\].*ParameterList",
    ),
    "a layer from outside": (lambda: Net(lambda n, x: GLOBAL(x)), r"没有登记的参数"),
    "no super().__init__()": (Forgetful, r"Forgetful 的 __init__ 没有调用 super"),
    "no super().__init__() before a layer": (ForgetfulWithLayers, r"super\(\).__init__\(\)"),
    "a constructor that fails": (Wrong, r"Wrong 建不起来，NameError：name 'undefined'"),
}  # fmt: skip


UNBUILDABLE = {"no super().__init__() before a layer", "a constructor that fails"}


@pytest.mark.parametrize(
    "name, built",
    [(name, built) for name in SENTENCES for built in (False, True)[: 2 - (name in UNBUILDABLE)]],
)
def test_a_learner_s_mistakes_are_named(name, built):
    factory, said = SENTENCES[name]
    with pytest.raises(AnalysisError, match=said) as caught:
        analyze(factory() if built else factory, (2, 3))
    assert "\n" not in str(caught.value)


def test_a_class_that_wants_arguments():
    with pytest.raises(AnalysisError, match=r"Linear 要有参数才能建立.*analyze\(lambda: Linear"):
        analyze(nn.Linear, (2, 3))


def test_layers_without_parameters_may_stand_in_a_list():
    table = analyze(Listed([nn.ReLU(), nn.Tanh()]), (2, 3))
    assert [row.name for row in table.rows] == ["blocks[0]", "blocks[1]"]


def test_a_name_for_a_parameter_that_is_taken():
    def factory():
        return nn.Linear(3, 3, weight_attr=paddle.ParamAttr(name="taken"))

    factory()
    assert analyze(factory, (1, 3)).totals["macs"] == 9
    assert analyze(factory, (1, 3)).totals["macs"] == 9


def test_a_shape_changed_in_place_is_followed_or_refused():
    good = Net(lambda n, x: n.line(n.conv(x).flatten_(1)), conv=conv(), line=nn.Linear(36, 2))
    assert analyze(good, (1, 1, 8, 8)).totals["macs"] == 36 * 9 + 72

    def forward(n, x):
        x = n.conv(x)
        x.flatten_(1)
        return n.line(x)

    bad = Net(forward, conv=conv(), line=nn.Linear(36, 2))
    with pytest.raises(AnalysisError, match="原地改了形状"):
        analyze(bad, (1, 1, 8, 8))


def test_values_are_not_known():
    for run in (lambda n, x: x * float(x.sum()), lambda n, x: x if x.sum() > 0 else -x,
                lambda n, x: x + paddle.to_tensor(x.numpy())):  # fmt: skip
        with pytest.raises(AnalysisError, match="depends on tensor values"):
            analyze(Net(run), (1, 3))


def test_a_second_thread():
    found = []
    net = nn.Linear(3, 4)
    thread = threading.Thread(target=lambda: found.append(analyze(net, (1, 3)).totals["macs"]))
    thread.start()
    thread.join()
    assert found == [12]
