"""A sweep: every model of ``paddle.vision``, and odd networks of every kind.

Each is right or one clear sentence, and each is afterwards what it was before.
"""

from math import prod

import paddle
import paddle.nn.functional as F
import pytest
from paddle import nn

from course_utils import AnalysisError, analyze

MODELS = paddle.vision.models
NAMES = [
    name for name in MODELS.__all__ if name[0].islower() or name == "LeNet"
]  # fmt: skip
LARGE = {
    "LeNet": (1, 28, 28), "alexnet": (3, 224, 224), "googlenet": (3, 224, 224),
    "inception_v3": (3, 107, 107),
}  # fmt: skip


def state(net):
    """What an analysis must leave alone: modes, attributes, registers, hooks."""
    return [
        (
            layer.training,
            [(key, id(value)) for key, value in vars(layer).items()],
            [(key, id(value)) for key, value in layer._parameters.items()],
            [(key, id(value)) for key, value in layer._buffers.items()],
            list(layer._sub_layers),
            list(layer._forward_pre_hooks) + list(layer._forward_post_hooks),
        )
        for layer in net.sublayers(include_self=True)
    ]


def by_hand(net, table):
    """Multiply-adds of the convolutions and linear layers, from their weights and outputs."""
    weights = {
        path: layer.weight.shape
        for path, layer in net.named_sublayers()
        if isinstance(layer, nn.Conv2D | nn.Linear)
    }
    total = 0
    for row in table.rows:
        shape = weights.get(row.name)
        if shape and len(shape) == 4:
            total += prod(shape) * prod(row.output_shape[2:])
        elif shape:
            total += prod(shape)
    return total


@pytest.mark.parametrize("name", NAMES)
def test_every_vision_model(name):
    with paddle.LazyGuard():
        net = getattr(MODELS, name)()
    size = LARGE.get(name, (3, 64, 64))
    parameters = {id(p): p for _, p in net.named_parameters()}
    statistics = [p for path, p in net.named_parameters() if path.endswith(("_mean", "_variance"))]
    tables = []
    for training in (True, False):
        net.train() if training else net.eval()
        for number in (1, 2):
            before = state(net)
            tables.append(analyze(net, (number, *size), receptive_field=not training))
            assert state(net) == before
    first = tables[0]
    assert all(table.totals["params"] == first.totals["params"] for table in tables)
    assert tables[0].totals == tables[1].totals and tables[2].totals == tables[3].totals
    assert all(table.unknown == {} for table in tables)
    assert all(table.totals["macs"] == by_hand(net, table) for table in tables)
    values = sum(prod(p.shape) for p in parameters.values())
    assert first.totals["bn_statistics"] == sum(prod(p.shape) for p in statistics)
    assert first.totals["params"] + first.totals["bn_statistics"] == values
    fields = [row.receptive_field for row in tables[-1].rows if row.type == "Conv2D"]
    assert "?" not in fields


class Net(nn.Layer):
    """Layers by name, and a function of the network and the input for its forward pass."""

    def __init__(self, run, **layers):
        super().__init__()
        for name, layer in layers.items():
            setattr(self, name, layer)
        self.run = run

    def forward(self, x):
        return self.run(self, x)


class Pair(nn.Layer):
    """A layer that takes several values in any form, and returns a dictionary."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(3, 4)

    def forward(self, given, more=None):
        values = list(given.values()) if isinstance(given, dict) else list(given)
        return {"out": sum(self.line(v) for v in [*values, *(more or [])])}


def tied():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    return net


def repeated(n, x):
    for _ in range(x.shape[0]):
        x = n.line(x)
    return x


def recursive(n, x, depth=2):
    return recursive(n, n.line(x), depth - 1) if depth else x


def hooked(kind):
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    if kind == "pre":
        net[0].register_forward_pre_hook(lambda layer, inputs: (inputs[0] * 2,))
    else:
        net[0].register_forward_post_hook(lambda layer, inputs, output: output[:, :2])
    return net


def caught(n, x):
    try:
        return n.wide(x)
    except Exception:
        return n.line(x)


def autocast(n, x):
    with paddle.amp.auto_cast(level="O1"):
        return n.line(x)


def without_slopes(n, x):
    with paddle.no_grad():
        return n.line(x).detach()


def recomputed(n, x):
    from paddle.distributed.fleet.utils import recompute

    return recompute(n.line, x)


def normed(wrap):
    return wrap(nn.Linear(3, 4))


class Own(nn.Linear):
    """A layer of Paddle's with a forward pass of one's own."""

    def forward(self, x):
        return super().forward(super().forward(x)[:, :3])


line = lambda: nn.Linear(3, 4)  # noqa: E731
square = lambda: nn.Linear(3, 3)  # noqa: E731
NETWORKS = {
    "one layer": (line, (2, 3), 12),
    "shared": (lambda: Net(lambda n, x: n.line(n.line(x)), line=square()), (2, 3), 18),
    "tied": (tied, (2, 3), 18),
    "recursive": (lambda: Net(recursive, line=square()), (2, 3), 18),
    "as often as there are images": (lambda: Net(repeated, line=square()), (4, 3), 36),
    "a dictionary goes in": (
        lambda: Net(lambda n, x: n.p({"a": x, "b": x})["out"], p=Pair()),
        (2, 3),
        24,
    ),
    "a list goes in": (
        lambda: Net(lambda n, x: n.p([x], more=[x, x])["out"], p=Pair()),
        (2, 3),
        36,
    ),
    "a layer in two places": (
        lambda: (lambda s: nn.Sequential(s, nn.ReLU(), s))(square()),
        (2, 3),
        18,
    ),
    "a list of layers, registered": (
        lambda: Net(lambda n, x: sum(f(x) for f in n.fs), fs=nn.LayerList([line(), line()])),
        (2, 3),
        24,
    ),
    "a dict of layers, registered": (
        lambda: Net(lambda n, x: sum(f(x) for f in n.fs.values()), fs=nn.LayerDict({"a": line()})),
        (2, 3),
        12,
    ),
    "functional convolution": (
        lambda: Net(lambda n, x: F.conv2d(x, n.c.weight), c=nn.Conv2D(1, 2, 3)),
        (1, 1, 6, 6),
        16 * 18,
    ),
    "three axes": (lambda: nn.Conv3D(1, 2, 3), (1, 1, 6, 6, 6), 64 * 54),
    "one axis": (lambda: nn.Conv1D(1, 2, 3), (1, 1, 6), 4 * 6),
    "one axis, transposed": (lambda: nn.Conv1DTranspose(1, 2, 3), (1, 1, 6), 36),
    "depthwise": (lambda: nn.Conv2D(4, 4, 3, groups=4), (1, 4, 6, 6), 16 * 36),
    "channels last": (lambda: nn.Conv2D(1, 2, 3, data_format="NHWC"), (1, 6, 6, 1), 16 * 18),
    "padding by reflection": (
        lambda: nn.Conv2D(1, 2, 3, padding=1, padding_mode="reflect"),
        (1, 1, 6, 6),
        36 * 18,
    ),
    "unfold and product": (
        lambda: Net(
            lambda n, x: paddle.matmul(n.line.weight.T, F.unfold(x, 3)), line=nn.Linear(9, 2)
        ),
        (1, 1, 6, 6),
        16 * 18,
    ),
    "attention": (lambda: nn.MultiHeadAttention(4, 2), (1, 5, 4), 4 * 5 * 16 + 2 * 5 * 5 * 4),
    "an encoder": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8),
        (1, 5, 4),
        4 * 5 * 16 + 200 + 2 * 5 * 32,
    ),
    "a transposed bilinear layer": (
        lambda: Net(lambda n, x: n.b(x, x), b=nn.Bilinear(3, 3, 4)),
        (2, 3),
        36,
    ),
    "weight norm": (lambda: normed(nn.utils.weight_norm), (2, 3), 12),
    "spectral norm": (lambda: normed(nn.utils.spectral_norm), (2, 3), 12),
    "a hook before": (lambda: hooked("pre"), (2, 3), 12),
    "a hook after": (lambda: hooked("post"), (2, 3), 12),
    "an error that the network catches": (
        lambda: Net(caught, wide=nn.Linear(9, 9), line=line()),
        (2, 3),
        12,
    ),
    "mixed precision": (lambda: Net(autocast, line=line()), (2, 3), 12),
    "without slopes": (lambda: Net(without_slopes, line=line()), (2, 3), 12),
    "recomputed": (lambda: Net(recomputed, line=line()), (2, 3), 12),
    "double precision inside": (
        lambda: Net(lambda n, x: n.line(x.astype("float64").astype("float32")), line=line()),
        (2, 3),
        12,
    ),
    "a layer of one's own": (lambda: Own(3, 3), (2, 3), 18),
    "made while running": (lambda: Net(lambda n, x: nn.ReLU()(n.line(x)), line=line()), (2, 3), 12),
    "fourier": (
        lambda: Net(lambda n, x: paddle.fft.rfft(n.line(x)).abs(), line=line()),
        (2, 3),
        12,
    ),
    "sorted": (lambda: Net(lambda n, x: paddle.sort(n.line(x)), line=line()), (2, 3), 12),
    "the largest": (lambda: Net(lambda n, x: n.line(x).topk(2)[0], line=line()), (2, 3), 12),
    "masked": (
        lambda: Net(lambda n, x: paddle.where(x > 0, x, 0 * x) @ n.line.weight, line=line()),
        (2, 3),
        12,
    ),
    "split and joined": (
        lambda: Net(
            lambda n, x: n.line(paddle.concat(paddle.split(x, 3, 1)[::-1], 1)), line=line()
        ),
        (2, 3),
        12,
    ),
    "unbound": (
        lambda: Net(lambda n, x: sum(n.line(row) for row in x.unbind(0)), line=line()),
        (2, 3),
        12,
    ),
    "dropout": (lambda: nn.Sequential(line(), nn.Dropout(0.5), nn.AlphaDropout(0.5)), (2, 3), 12),
    "local response": (lambda: nn.LocalResponseNorm(3), (1, 4, 6, 6), 0),
    "group norm": (lambda: nn.GroupNorm(2, 4), (1, 4, 6, 6), 0),
    "instance norm": (lambda: nn.InstanceNorm2D(4), (1, 4, 6, 6), 0),
    "many activations": (
        lambda: nn.Sequential(nn.ELU(), nn.GELU(), nn.Mish(), nn.PReLU(), nn.Maxout(2)),
        (1, 4, 6, 6),
        0,
    ),
    "shuffles": (
        lambda: nn.Sequential(nn.ChannelShuffle(2), nn.PixelShuffle(2), nn.PixelUnshuffle(2)),
        (1, 4, 6, 6),
        0,
    ),
    "a grid": (
        lambda: Net(
            lambda n, x: F.grid_sample(x, F.affine_grid(paddle.ones([1, 2, 3]), [1, 1, 6, 6]))
        ),
        (1, 1, 6, 6),
        0,
    ),
    "not enough channels": (lambda: nn.Conv2D(3, 4, 3), (1, 1, 6, 6), "按 3 个输入通道建立"),
    "a wrong sum": (lambda: Net(lambda n, x: x + n.line(x), line=line()), (2, 3), r"\[2, 3\]"),
    "an attribute that is missing": (lambda: Net(lambda n, x: n.lime(x)), (2, 3), "lime"),
    "nothing comes out": (lambda: Net(lambda n, x: None), (2, 3), 0),
    "nothing happens": (nn.Identity, (2, 3), 0),
    "a while over values": (
        lambda: Net(lambda n, x: recursive(n, x, int(x.max()))),
        (2, 3),
        "tensor values",
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_odd_networks(name):
    factory, shape, expected = NETWORKS[name]
    net = factory()
    before = state(net)
    try:
        table = analyze(net, shape)
    except AnalysisError as error:
        assert isinstance(expected, str), str(error)
        assert "\n" not in str(error) and len(str(error)) < 400
        with pytest.raises(AnalysisError, match=expected):
            raise
    else:
        assert table.totals["macs"] == expected
        parameters = {id(p): p for p in net.parameters()}
        assert table.totals["params"] == sum(prod(p.shape) for p in parameters.values())
        assert table.to_markdown() and table.to_latex() and table._repr_html_()
    assert state(net) == before
