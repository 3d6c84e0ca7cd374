import contextlib
import copy
import doctest
import sys

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from oracle import gradient_extent
from paddle import nn

from course_utils import AnalysisError, analyze
from course_utils.counting import analysis, rules

MODELS = paddle.vision.models
VISION = [
    "LeNet",
    "alexnet",
    "vgg11",
    "vgg13",
    "vgg16",
    "vgg19",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext50_64x4d",
    "resnext101_32x4d",
    "resnext101_64x4d",
    "resnext152_32x4d",
    "resnext152_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
    "densenet264",
    "googlenet",
    "inception_v3",
    "mobilenet_v1",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "shufflenet_v2_x0_25",
    "shufflenet_v2_x0_33",
    "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5",
    "shufflenet_v2_x2_0",
    "shufflenet_v2_swish",
    "squeezenet1_0",
    "squeezenet1_1",
]


def vision_input(name):
    return {"LeNet": (1, 1, 28, 28), "inception_v3": (1, 3, 299, 299)}.get(name, (1, 3, 224, 224))


@pytest.mark.parametrize("name", VISION)
def test_parameters_of_every_vision_model(name):
    table = analyze(getattr(MODELS, name), vision_input(name))
    with paddle.LazyGuard():
        net = getattr(MODELS, name)()
    sizes = {path: int(np.prod(p.shape)) for path, p in net.named_parameters()}
    statistics = sum(n for path, n in sizes.items() if path.endswith(("_mean", "_variance")))
    assert table.totals["params"] == sum(sizes.values()) - statistics
    assert table.totals["bn_statistics"] == statistics
    assert table.unknown == {}


def real_shapes(net, input_shape):
    """Output shapes of the leaf layers in a real forward pass, in order."""
    shapes = []
    leaves = [layer for layer in net.sublayers(include_self=True) if not layer._sub_layers]
    handles = [
        leaf.register_forward_post_hook(lambda layer, i, o: shapes.append(list(o.shape)))
        for leaf in leaves
    ]
    net.eval()
    with paddle.no_grad():
        net(paddle.zeros(input_shape))
    for handle in handles:
        handle.remove()
    return shapes


@pytest.mark.parametrize(
    "name, shape",
    [
        ("LeNet", (2, 1, 28, 28)),
        ("alexnet", (1, 3, 224, 224)),
        ("resnet50", (1, 3, 97, 65)),
        ("densenet121", (1, 3, 64, 64)),
        ("googlenet", (1, 3, 224, 224)),
        ("inception_v3", (1, 3, 299, 299)),
        ("mobilenet_v3_small", (1, 3, 64, 64)),
        ("shufflenet_v2_x1_0", (1, 3, 64, 64)),
        ("squeezenet1_1", (1, 3, 64, 64)),
    ],
)
def test_shapes_equal_a_real_forward_pass(name, shape):
    net = getattr(MODELS, name)()
    expected = real_shapes(net, shape)
    net.train()
    rows = [row for row in analyze(net, shape).rows if row.type[0].isupper() and row.output_shape]
    assert [row.output_shape for row in rows] == expected


class V1Bottleneck(nn.Layer):
    """The paper's block: the stride stands on the first 1x1."""

    def __init__(self, inputs, width, stride=1):
        super().__init__()
        self.a = nn.Conv2D(inputs, width, 1, stride)
        self.b = nn.Conv2D(width, width, 3, padding=1)
        self.c = nn.Conv2D(width, 4 * width, 1)
        self.short = nn.Conv2D(inputs, 4 * width, 1, stride)

    def forward(self, x):
        return self.c(F.relu(self.b(self.a(x)))) + self.short(x)


def resnet_v1(blocks):
    layers, inputs = [nn.Conv2D(3, 64, 7, 2, 3), nn.MaxPool2D(3, 2, 1)], 64
    for stage, number in enumerate(blocks):
        width = 64 * 2**stage
        for i in range(number):
            layers.append(V1Bottleneck(inputs, width, 2 if stage and not i else 1))
            inputs = 4 * width
    return nn.Sequential(*layers)


@pytest.mark.parametrize(
    "blocks, published", [((3, 4, 6, 3), 483), ((3, 4, 23, 3), 1027), ((3, 8, 36, 3), 1507)]
)
def test_published_fields_of_resnet_v1(blocks, published):
    """Araujo et al., Distill 2019, table of receptive fields."""
    table = analyze(lambda: resnet_v1(blocks), (1, 3, 224, 224))
    assert table.rows[-1].receptive_field == published
    assert table.rows[-1].jump == 32


@pytest.mark.parametrize("name, published", [("vgg11", 150), ("vgg16", 212)])
def test_published_fields_of_vgg(name, published):
    rows = analyze(getattr(MODELS, name), (1, 3, 224, 224)).rows
    assert [row for row in rows if row.type == "MaxPool2D"][-1].receptive_field == published


def test_published_fields_of_alexnet():
    rows = analyze(MODELS.alexnet, (1, 3, 224, 224)).rows
    assert [r.receptive_field for r in rows if r.type == "Conv2D"] == [11, 51, 99, 131, 163]
    assert [r.receptive_field for r in rows if r.type == "MaxPool2D"][-1] == 195


class Branches(nn.Layer):
    """Uneven branches, an off-centre even kernel, dilation, a slice and a functional pooling."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2D(1, 4, 3, stride=2, padding=1)
        self.even = nn.Conv2D(4, 4, 2, padding=[1, 0])
        self.wide = nn.Conv2D(4, 4, 3, padding=2, dilation=2, groups=2)
        self.last = nn.Conv2D(8, 2, 3, padding="SAME")

    def forward(self, x):
        x = self.stem(x)
        one = self.even(x)[:, :, 1:]
        two = F.avg_pool2d(self.wide(x), 3, 1, 1, exclusive=False)
        size = min(one.shape[2], two.shape[2]), min(one.shape[3], two.shape[3])
        merged = paddle.concat(
            [one[:, :, : size[0], : size[1]], two[:, :, : size[0], : size[1]]], 1
        )
        return self.last(merged)


class Shuffled(nn.Layer):
    """Channel shuffle by reshape and transpose keeps the walk over the image."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2D(1, 4, (3, 5), padding=(1, 2))
        self.b = nn.Conv2D(4, 4, 3, groups=2, padding=1)

    def forward(self, x):
        n, c, h, w = self.a(x).shape
        x = self.a(x).reshape([n, 2, 2, h, w]).transpose([0, 2, 1, 3, 4]).reshape([n, c, h, w])
        return self.b(F.pad(x, [1, 0, 2, 1]))


class PaddedChannels(nn.Layer):
    """Padding of every axis, as in ResNet's option A: zeros in more channels."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2D(1, 2, 3, stride=2), nn.Conv2D(5, 1, (3, 1))

    def forward(self, x):
        return self.b(F.pad(self.a(x), [0, 0, 1, 2, 2, 0, 1, 1]))


@pytest.mark.parametrize("factory", [Branches, Shuffled, PaddedChannels])
def test_fields_equal_the_gradient_oracle(factory):
    net = factory()
    field = analyze(net, (1, 1, 41, 43)).rows[-1].receptive_field
    height, width = gradient_extent(net, (1, 1, 41, 43))
    assert field == (height if height == width else (height, width))


class UNet(nn.Layer):
    """Pooled by two and enlarged again, beside a 3x3 convolution."""

    def __init__(self, join=True, after=1, **options):
        super().__init__()
        self.pool = nn.AvgPool2D(2)
        self.up = nn.Conv2DTranspose(1, 2, stride=2, **options)
        self.skip = nn.Conv2D(1, 2, 3, padding=1)
        self.join, self.last = join, nn.Conv2D(4 if join else 2, 1, after)

    def forward(self, x):
        up = self.up(self.pool(x))
        side = min(up.shape[2], 40)
        up, skip = up[:, :, :side, :side], self.skip(x)[:, :, :side, :side]
        return self.last(paddle.concat([up, skip], 1) if self.join else up)


def widest_extent(net):
    """The oracle's answer for the middle cell or its neighbour, whichever sees more."""
    shifted = [net, nn.Sequential(net, nn.Pad2D([-2, 0, -2, 0]))]
    return max(gradient_extent(one, (1, 1, 40, 40))[0] for one in shifted)


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 2},
        {"kernel_size": 3, "padding": 1, "output_padding": 1},
        {"kernel_size": 4, "padding": 1},
        {"kernel_size": 5, "padding": 2, "output_padding": 1},
        {"kernel_size": 4, "padding": 0},
        {"kernel_size": 4, "padding": "SAME"},
        {"kernel_size": 3, "padding": 1, "dilation": 3},
    ],
)
def test_fields_after_a_transposed_convolution_equal_the_oracle(options):
    for join, after in [(True, 1), (True, 2), (True, 3), (False, 1), (False, 2), (False, 4)]:
        net = UNet(join, after, **options)
        row = analyze(net, (1, 1, 40, 40)).rows[-1]
        assert row.receptive_field == widest_extent(net)


class Uneven(nn.Layer):
    """A convolution over adaptive windows of 5 and 6 cells."""

    def __init__(self):
        super().__init__()
        self.pool, self.conv = nn.AdaptiveAvgPool2D(8), nn.Conv2D(1, 1, 3)

    def forward(self, x):
        return self.conv(self.pool(x))


def test_fields_over_uneven_windows_equal_the_oracle():
    row = analyze(Uneven(), (1, 1, 41, 41)).rows[-1]
    extents = [
        gradient_extent(nn.Sequential(Uneven(), nn.Pad2D([-a, 0, -a, 0])), (1, 1, 41, 41))[0]
        for a in range(6)
    ]
    assert row.receptive_field == max(extents)


def test_the_field_of_cells_that_see_nothing_is_unknown():
    net = nn.Sequential(nn.Conv2D(1, 1, 3), nn.Conv2DTranspose(1, 1, 1, stride=2))
    assert analyze(net, (1, 1, 12, 12)).rows[-1].receptive_field == "?"


def test_uneven_adaptive_pooling_counts_its_real_windows():
    row = analyze(nn.AdaptiveAvgPool2D(3), (1, 2, 7, 8)).rows[0]
    # windows of 7 -> 3: 3, 3, 3 cells; of 8 -> 3: 3, 4, 3 cells
    assert row.connections == 2 * 9 * 10
    assert row.receptive_field == (3, 4)


class Reused(nn.Layer):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(2, 2, 3, padding=1)
        self.scale = self.create_parameter([2, 1, 1])
        self.spare = nn.Linear(3, 3)

    def forward(self, x):
        return self.conv(self.conv(x)) * self.scale


def test_shared_root_and_unused_parameters_count_once():
    table = analyze(Reused(), (1, 2, 8, 8))
    assert [r.params for r in table.rows] == [38, 0, 2, 12]
    assert [r.shared for r in table.rows] == [False, True, False, False]
    assert table.rows[1].macs == table.rows[0].macs == 8 * 8 * 2 * 18
    assert table.rows[-1].uncalled and table.totals["params"] == 52
    assert table.rows[1].receptive_field == 5


def tied():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    return net


@pytest.mark.parametrize(
    "factory, shape, params",
    [
        (tied, (1, 3), 3 * 3 + 3 + 3),
        (lambda: nn.LSTM(4, 5), (2, 6, 4), 4 * (5 * 4 + 5 * 5 + 5 + 5)),
        (lambda: nn.Sequential(nn.SimpleRNN(4, 5)), (2, 6, 4), 5 * 4 + 5 * 5 + 5 + 5),
    ],
)
def test_a_parameter_of_two_layers_counts_once(factory, shape, params):
    table = analyze(factory(), shape)
    assert table.totals["params"] == params
    assert not any(row.uncalled for row in table.rows)


def test_counts_are_those_of_one_image():
    one, four = (analyze(nn.Conv2D(3, 8, 3), (n, 3, 9, 9)) for n in (1, 4))
    assert one.totals == four.totals
    assert four.rows[0].output_shape == [4, 8, 7, 7]


class Functional(nn.Layer):
    def __init__(self):
        super().__init__()
        self.idle = nn.Identity()

    def forward(self, x):
        kernel = paddle.ones([4, 3, 3, 3])
        x = F.max_pool2d(F.relu(F.conv2d(x, kernel)), 2, ceil_mode=True)
        return paddle.matmul(x.flatten(1), paddle.ones([64, 5]))


def test_functional_calls_are_rows_with_counts():
    table = analyze(Functional(), (1, 3, 9, 9))
    assert [r.type for r in table.rows] == ["conv2d", "relu", "pool2d", "flatten", "matmul"]
    assert table.totals["macs"] == 4 * 49 * 27 + 64 * 5
    assert table.totals["params"] == 0
    assert table.rows[-1].receptive_field == "whole image"


class Fourier(nn.Layer):
    def __init__(self):
        super().__init__()
        self.idle = nn.Identity()

    def forward(self, x):
        return paddle.fft.fft(x).real() + x


def test_an_unknown_operation_is_named_and_not_zero():
    table = analyze(Fourier(), (1, 1, 8, 8))
    assert table.unknown == {"fft_r2c": ["fft_r2c"], "real": ["real"]}
    assert table.rows[0].macs is None and table.df["macs"].isna().sum() == 2
    assert table.rows[-1].receptive_field == "?"
    assert "fft_r2c" in table._repr_html_()


def snapshot(net):
    layers = net.sublayers(include_self=True)
    return (
        [layer.training for layer in layers],
        [len(layer._forward_pre_hooks) + len(layer._forward_post_hooks) for layer in layers],
        [sorted(vars(layer)) for layer in layers],
        {k: v.numpy().tobytes() for k, v in net.state_dict().items()},
        [id(p) for p in net.parameters()],
    )


class Failing(nn.Layer):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2D(1, 4, 3)
        self.norm = nn.BatchNorm2D(4)
        self.second = nn.Linear(10, 2)

    def forward(self, x):
        return self.second(self.norm(self.first(x)).flatten(1))


@pytest.mark.parametrize("receptive_field", [True, False])
@pytest.mark.parametrize("factory", [MODELS.resnet18, Failing])
def test_the_network_is_left_as_it_was(factory, receptive_field):
    net = factory()
    net.sublayers()[0].eval()
    net.register_forward_post_hook(lambda *a: None)
    before, random_state = snapshot(net), paddle.get_rng_state()[0].current_seed()
    shape = (2, 3, 32, 32) if factory is MODELS.resnet18 else (2, 1, 8, 8)
    with contextlib.suppress(AnalysisError):
        analyze(net, shape, receptive_field)
    assert snapshot(net) == before
    assert not hasattr(sys, "tracebacklimit")
    assert paddle.get_rng_state()[0].current_seed() == random_state
    assert paddle.in_dynamic_mode()


class Remembering(nn.Layer):
    """Keeps what it computed: as an attribute, in a list, as a new layer and as a buffer."""

    def __init__(self):
        super().__init__()
        self.conv, self.maps = nn.Conv2D(3, 4, 3), []
        self.register_buffer("mean", paddle.zeros([4]))

    def forward(self, x):
        self.last = self.conv(x)
        self.maps.append(self.last)
        self.act = nn.ReLU()
        self.mean = F.relu(self.last).mean([0, 2, 3])
        return self.last


@pytest.mark.parametrize("receptive_field", [True, False])
def test_what_a_forward_pass_keeps_is_not_kept_by_an_analysis(receptive_field):
    net = Remembering()
    before = snapshot(net)
    analyze(net, (2, 3, 8, 8), receptive_field)
    assert snapshot(net) == before and net.maps == []
    copy.deepcopy(net)


def test_a_failure_names_the_layer_and_keeps_the_rows_so_far():
    with pytest.raises(AnalysisError) as caught:
        analyze(Failing(), (2, 1, 8, 8))
    assert str(caught.value) == (
        "second (Linear) 接不上形状为 [2, 144] 的输入："
        "这一层按 10 个输入特征建立，实际来的是 144 个。"
    )
    assert [row.name for row in caught.value.table.rows] == ["first", "norm", "flatten", "second"]


class Undecided(nn.Layer):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Raising(nn.Layer):
    def forward(self, x):
        raise ValueError("no luck")


@pytest.mark.parametrize(
    "net, shape, said",
    [
        (nn.Conv2D(3, 4, 5), (1, 1, 8, 8), "按 3 个输入通道建立，实际来的是 1 个"),
        (
            nn.Conv2D(1, 4, 5),
            (1, 1, 3, 3),
            r"Conv2D \(Conv2D\) .*范围为 5 格的核放不进 3 格",
        ),
        (
            nn.Sequential(nn.MaxPool2D(2), nn.MaxPool2D(3)),
            (1, 1, 4, 4),
            "1 .MaxPool2D. .*范围为 3 格",
        ),
        (nn.Linear(4, 2), (1, 5), "按 4 个输入特征建立，实际来的是 5 个"),
        (nn.BatchNorm2D(4), (1, 3, 4, 4), "BatchNorm2D"),
        (Undecided(), (1, 2), "depends on tensor values"),
        (Raising(), (1, 2), "no luck"),
        ("LeNet", (1, 1, 28, 28), "needs a paddle.nn.Layer.*got str"),
        (lambda: 3, (1, 1, 28, 28), "got int"),
        (nn.ReLU(), (28, -1), "input_shape is .28, -1."),
        (nn.ReLU(), (0, 3), "positive integers"),
        (nn.ReLU(), "1x3", "input_shape is '1x3'"),
        (nn.ReLU(), (1, 3.0, 8), "positive integers"),
        (nn.ReLU(), 28, "input_shape is 28"),
    ],
)
@pytest.mark.parametrize("receptive_field", [True, False])
def test_one_clear_sentence(net, shape, said, receptive_field):
    with pytest.raises(AnalysisError, match=said) as caught:
        analyze(net, shape, receptive_field)
    assert "\n" not in str(caught.value)
    assert paddle.in_dynamic_mode()


def test_several_outputs():
    table = analyze(MODELS.googlenet, (1, 3, 224, 224))
    assert [r.output_shape for r in table.rows if r.type == "Linear"] == [
        [1, 1000],
        [1, 1024],
        [1, 1000],
        [1, 1024],
        [1, 1000],
    ]


def without_rules(monkeypatch):
    """Every layer is run from now on, also where its settings say what it does."""
    monkeypatch.setattr(rules, "rule_of", lambda layer: None)


def rows_and_runs(net, shape, monkeypatch):
    """The rows as they are, and where every layer is run."""
    described = analyze(net, shape).rows
    with monkeypatch.context() as patched:
        without_rules(patched)
        return described, analyze(net, shape).rows


@pytest.mark.parametrize(
    "name", ["LeNet", "vgg11", "resnet50", "densenet121", "mobilenet_v2", "mobilenet_v3_small"]
)
def test_what_layers_are_described_to_do_is_what_they_do(name, monkeypatch):
    with paddle.LazyGuard():
        net = getattr(MODELS, name)()
    described, run = rows_and_runs(net, (2, *vision_input(name)[1:]), monkeypatch)
    assert described == run


class Settings(nn.Layer):
    """Everything the rules read: groups, dilation, uneven windows, ceil mode, no bias."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2D(4, 8, (3, 5), (2, 1), (1, 2), groups=2, bias_attr=False),
            nn.Conv2D(8, 8, 3, padding=2, dilation=(2, 1)),
            nn.BatchNorm(8, act="relu"),
            nn.MaxPool2D((3, 2), 2, (1, 0), ceil_mode=True),
            nn.AvgPool2D(2, stride=1),
            nn.AdaptiveAvgPool2D((None, 3)),
            nn.Flatten(2),
        )
        self.head = nn.Linear(15, 6)

    def forward(self, x):
        x = F.relu(self.features(x))
        return self.head(x) + self.head(x)


def test_descriptions_read_every_setting(monkeypatch):
    described, run = rows_and_runs(Settings(), (3, 4, 20, 17), monkeypatch)
    assert described == run
    layers = [row for row in described if row.type[0].isupper()]
    assert [row.output_shape for row in layers[-3:]] == [[3, 8, 15], [3, 8, 6], [3, 8, 6]]
    assert [row.shared for row in layers[-2:]] == [False, True]


class Folded(nn.Layer):
    """Channels become images."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(1, 2, 3)

    def forward(self, x):
        return self.conv(x.reshape([-1, 1, *x.shape[2:]]))


class InPlace(nn.Layer):
    """Two outputs of one shape, of which one is changed afterwards."""

    def __init__(self):
        super().__init__()
        self.conv, self.relu = nn.Conv2D(3, 2, 3), nn.ReLU()

    def forward(self, x):
        self.conv(x).flatten_(1)
        return self.relu(self.conv(x))


class Idle(nn.Layer):
    """A layer that is never called."""

    def __init__(self):
        super().__init__()
        self.used, self.spare = nn.Linear(3, 2), nn.Linear(3, 3)

    def forward(self, x):
        return self.used(x)


class Scaled(nn.Layer):
    """A parameter of the network itself."""

    def __init__(self):
        super().__init__()
        self.line, self.scale = nn.Linear(3, 2), self.create_parameter([2])

    def forward(self, x):
        return self.line(x) * self.scale


class Film(nn.Layer):
    """The pictures of a film become images of the batch."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2D(3, 4, 3)

    def forward(self, x):
        return self.conv(x.flatten(0, 1))


def replaced_forward():
    net = nn.Sequential(nn.Conv2D(3, 4, 3), nn.ReLU())
    net[1].forward = lambda x: F.max_pool2d(x, 2)
    return net


@pytest.mark.parametrize(
    "factory, shape",
    [
        (Functional, (1, 3, 9, 9)),
        (Folded, (1, 3, 8, 8)),
        (InPlace, (1, 3, 8, 8)),
        (Reused, (1, 2, 8, 8)),
        (replaced_forward, (1, 3, 9, 9)),
        (lambda: nn.Conv2D(3, 4, 3, padding="same"), (1, 3, 9, 9)),
        (lambda: nn.Conv2D(3, 4, 3, padding=[1, 0, 2, 0]), (1, 3, 9, 9)),
        (lambda: nn.Conv2D(3, 4, 3, padding=1, padding_mode="reflect"), (1, 3, 9, 9)),
        (lambda: nn.MaxPool2D(2, return_mask=True), (1, 3, 8, 8)),
        (lambda: nn.MaxPool2D(2, padding="valid"), (1, 3, 8, 8)),
        (lambda: nn.Flatten(0, 1), (1, 3, 8, 8)),
        (lambda: nn.LeakyReLU(), (1, 3)),
        (Idle, (1, 3)),
        (Scaled, (1, 3)),
        (Film, (2, 5, 3, 8, 8)),
    ],
)
def test_uncommon_settings_and_uses_of_layers(factory, shape, monkeypatch):
    described, run = rows_and_runs(factory(), shape, monkeypatch)
    assert described == run


def test_the_example_of_the_docstring():
    failed, tried = doctest.testmod(analysis)
    assert tried and not failed


def test_a_factory_allocates_no_weights():
    """640 GB as float32 would not fit into any machine that runs this test."""
    table = analyze(lambda: nn.Linear(40_000, 4_000_000), (1, 40_000))
    assert table.totals["params"] == 40_000 * 4_000_000 + 4_000_000


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pooling_sizes_equal_paddle_in_every_mode(ceil_mode):
    image = paddle.zeros([1, 1, 5, 7])
    for kernel, stride, padding in [(2, 3, 1), (3, 2, 1), (3, 2, 0), (2, 2, 0), (4, 3, 2)]:
        net = nn.MaxPool2D(kernel, stride, padding, ceil_mode=ceil_mode)
        assert analyze(net, (1, 1, 5, 7)).rows[0].output_shape == list(net(image).shape)


class Pieces(nn.Layer):
    """Two convolutions with a function between them."""

    def __init__(self, channels, between):
        super().__init__()
        self.first, self.between = nn.Conv2D(1, 4, 3), between
        self.second = nn.Conv2D(channels, 1, 3)

    def forward(self, x):
        return self.second(self.between(self.first(x)))


@pytest.mark.parametrize(
    "channels, between, field",
    [
        (2, lambda x: paddle.split(x, 2, axis=1)[0], 5),
        (8, lambda x: paddle.repeat_interleave(x, 2, axis=1), 5),
        (4, lambda x: paddle.split(x, 2, axis=2)[0], "?"),
        (4, lambda x: paddle.repeat_interleave(x, 2, axis=-1), "?"),
        (4, lambda x: paddle.unbind(x, axis=2)[0].unsqueeze(2).expand([-1, -1, 9, -1]), "?"),
    ],
)
def test_fields_in_pieces_of_the_image_are_unknown(channels, between, field):
    table = analyze(Pieces(channels, between), (1, 1, 16, 16))
    assert table["second"].receptive_field == field


@pytest.mark.parametrize("shape", [(2, 16, 18, 3), (2, 3, 3, 3)])
def test_channels_last_is_counted_and_its_field_is_unknown(shape):
    row = analyze(nn.Conv2D(3, 8, 3, data_format="NHWC"), shape).rows[0]
    height, width = shape[1] - 2, shape[2] - 2
    assert row.output_shape == [2, height, width, 8]
    assert row.params == 8 * 28 and row.macs == height * width * 8 * 27
    assert row.receptive_field == "?"
