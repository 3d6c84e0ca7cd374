"""The networks of section 6.6, against the paper and by independent arithmetic."""

from functools import partial

import numpy as np
import paddle
import pytest
from oracle import gradient_extent

from course_utils import analyze, exercises, load_section, notebooks
from course_utils.book import textbook

SECTION = load_section("6.6")
IMAGE = (1, 3, 224, 224)
# Huang et al. 2017, table 1: dense layers in each block.
SIZES = {
    121: (6, 12, 24, 16),
    169: (6, 12, 32, 32),
    201: (6, 12, 48, 32),
    264: (6, 12, 64, 48),
}


def layer_parameters(m, k, bottleneck):
    """Weights and batch normalisations of one dense layer, by hand."""
    if bottleneck:
        return 2 * m + m * 4 * k + 2 * 4 * k + 4 * k * k * 9
    return 2 * m + m * k * 9


def network_parameters(sizes, k, bottleneck, halve, stem, head):
    """(parameters, channels at the end) of the blocks with their transitions, plus a stem and
    the last normalisation and linear layer of ``head`` classes."""
    first_weights, m = stem
    total = first_weights
    for number, size in enumerate(sizes):
        for _ in range(size):
            total += layer_parameters(m, k, bottleneck)
            m += k
        if number < len(sizes) - 1:
            out = m // 2 if halve else m
            total += 2 * m + m * out
            m = out
    return total + 2 * m + m * head + head, m


@pytest.mark.parametrize("depth", SIZES)
@pytest.mark.parametrize("bottleneck", [True, False])
@pytest.mark.parametrize("halve", [True, False])
def test_parameters_by_hand(depth, bottleneck, halve):
    stem = 7 * 7 * 3 * 64 + 2 * 64
    build = partial(SECTION.DenseNet, depth, 32, bottleneck, 0.5 if halve else 1.0)
    expected, channels = network_parameters(
        SIZES[depth], 32, bottleneck, halve, stem=(stem, 64), head=1000
    )
    table = analyze(build, IMAGE)
    assert table.totals["params"] == expected
    assert table["flatten"].output_shape == [1, channels]


@pytest.mark.parametrize("depth", SIZES)
def test_counts_are_those_of_paddle_vision(depth):
    theirs = analyze(lambda: getattr(paddle.vision.models, f"densenet{depth}")(), IMAGE).totals
    ours = analyze(partial(SECTION.DenseNet, depth), IMAGE).totals
    assert ours == theirs


@pytest.mark.parametrize(
    "depth, k, switches, millions",
    [
        (40, 12, (False, 1.0), "1.0"),
        (100, 12, (False, 1.0), "7.0"),
        (100, 24, (False, 1.0), "27.2"),
        (100, 12, (True, 0.5), "0.8"),
        (250, 24, (True, 0.5), "15.3"),
        (190, 40, (True, 0.5), "25.6"),
    ],
)
def test_small_networks_of_table_2_of_the_paper(depth, k, switches, millions):
    totals = analyze(partial(SECTION.CifarDenseNet, depth, k, *switches), (1, 3, 32, 32)).totals
    assert f"{totals['params'] / 1e6:.1f}" == millions
    bottleneck, compression = switches
    width = 2 * k if bottleneck else 16
    size = (depth - 4) // (6 if bottleneck else 3)
    by_hand, _ = network_parameters(
        [size] * 3, k, bottleneck, compression < 1, stem=(9 * 3 * width, width), head=10
    )
    assert totals["params"] == by_hand


@pytest.mark.parametrize("side", [14, 28, 32])
@pytest.mark.parametrize("switches", [(False, 1.0), (True, 1.0), (False, 0.5), (True, 0.5)])
def test_small_networks_run_on_small_images(side, switches):
    net = SECTION.CifarDenseNet(16, 4, *switches, num_classes=7, in_channels=1)
    assert net(paddle.randn([2, 1, side, side])).shape == [2, 7]


def test_only_batch_normalisation_and_the_classifier_have_biases():
    net = SECTION.CifarDenseNet(22, 4, bottleneck=True, compression=0.5)
    for layer in net.sublayers():
        if type(layer).__name__ == "Conv2D":
            assert layer.bias is None


def test_kaiming_initialisation():
    paddle.seed(0)
    weight = SECTION.convolution(64, 64, 3).weight
    assert float(weight.std()) == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)


@pytest.mark.parametrize("bottleneck", [True, False])
def test_each_layer_hears_all_before_it_and_nothing_is_overwritten(bottleneck):
    paddle.seed(0)
    block, x = SECTION.DenseBlock(5, 4, 3, bottleneck), paddle.randn([2, 5, 8, 8])
    block.eval()
    output = block(x)
    assert output.shape == [2, 5 + 4 * 3, 8, 8]
    np.testing.assert_array_equal(output[:, :5].numpy(), x.numpy())
    for number, layer in enumerate(block.children()):
        m = 5 + number * 3
        np.testing.assert_allclose(
            output[:, m : m + 3].numpy(), layer(output[:, :m]).numpy(), atol=1e-5
        )


def test_a_dense_layer_normalises_first():
    x = 3 + 2 * paddle.randn([8, 4, 6, 6])
    layer = SECTION.DenseLayer(4, 2, bottleneck=False)
    mean, variance = x.mean([0, 2, 3], keepdim=True), x.var([0, 2, 3], unbiased=False, keepdim=True)
    normal = paddle.nn.functional.relu((x - mean) / (variance + 1e-5).sqrt())
    expected = paddle.nn.functional.conv2d(normal, layer[2].weight, padding=1)
    np.testing.assert_allclose(layer(x).numpy(), expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("bottleneck", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
def test_receptive_field_of_a_block(layers, bottleneck):
    build = partial(SECTION.DenseBlock, 2, layers, 2, bottleneck)
    side = 2 * layers + 1
    assert gradient_extent(build(), [1, 2, 15, 15]) == (side, side)
    assert analyze(build, (1, 2, 15, 15)).rows[-1].receptive_field == side


@pytest.mark.parametrize("layers", range(1, 8))
def test_connections_of_a_block(layers):
    found = SECTION.block_connections(layers)
    assert sorted(found) == sorted(
        (start, end) for end in range(1, layers + 2) for start in range(end)
    )
    assert sum(end <= layers for _, end in found) == layers * (layers + 1) // 2
    assert len(found) == (layers + 1) * (layers + 2) // 2


@pytest.mark.parametrize(
    "m, theta, out", [(27, 0.5, 13), (1, 1.0, 1), (159, 0.5, 79), (10, 0.33, 3), (256, 0.5, 128)]
)
def test_transitions_round_down_and_halve(m, theta, out):
    transition, x = SECTION.Transition(m, theta), paddle.randn([2, m, 6, 6])
    assert transition.out_channels == out
    before = transition[2](transition[1](transition[0](x))).numpy()
    expected = before.reshape(2, out, 3, 2, 3, 2).mean(axis=(3, 5))
    np.testing.assert_allclose(transition(x).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("theta", [0, -0.5, 1.1])
def test_an_impossible_compression_is_told(theta):
    with pytest.raises(ValueError, match="choose more than 0, at most 1"):
        SECTION.Transition(16, theta)


def test_impossible_depths_are_told():
    with pytest.raises(ValueError, match="choose 121, 169, 201 or 264"):
        SECTION.DenseNet(161)
    with pytest.raises(ValueError, match="3n \\+ 4"):
        SECTION.CifarDenseNet(41)
    with pytest.raises(ValueError, match="6n \\+ 4"):
        SECTION.CifarDenseNet(43, bottleneck=True)


def test_names_and_layers():
    layers = {name: fact[0] for name, fact in SECTION.network_facts().items()}
    assert layers == {121: 121, 169: 169, 201: 201, 264: 265}
    assert all(layers[name] == 2 * sum(sizes) + 5 for name, sizes in SIZES.items())


def test_the_staircase():
    steps = SECTION.channel_steps(SECTION.DenseNet)
    m = 64
    for size, block in zip(SIZES[121], steps, strict=True):
        assert block == [m + 32 * place for place in range(size + 1)]
        m = block[-1] // 2


def convolution_weights(layer):
    return sum(p.size for p in layer.parameters() if p.ndim == 4)


@pytest.mark.parametrize("k, last_loss", [(5, 36), (8, 57), (32, 230)])
def test_bottlenecks_save_weights_above_seven_point_two_k(k, last_loss):
    for m, saves in ((last_loss, False), (last_loss + 1, True)):
        plain, narrow = (
            convolution_weights(SECTION.DenseLayer(m, k, bottleneck))
            for bottleneck in (False, True)
        )
        assert (narrow < plain) == saves == (9 * m * k > 4 * m * k + 36 * k * k)


def test_what_the_prose_says_of_the_switches():
    tables = {name: SECTION.switched(name) for name in SECTION.SWITCHES}
    totals = {name: table.totals for name, table in tables.items()}
    ratio = {c: totals["DenseNet-BC"][c] / totals["DenseNet"][c] for c in ("params", "macs")}
    assert round(ratio["params"], 2) == 0.38 and round(ratio["macs"], 2) == 0.60
    first = [tables[name]["block1"].params for name in ("DenseNet-B", "DenseNet")]
    assert first[0] / first[1] == pytest.approx(4 / 3, abs=0.01)
    for block in ("block2", "block3", "block4"):
        assert tables["DenseNet-B"][block].params < tables["DenseNet"][block].params


def test_a_third_of_resnet_152():
    dense, res = (SECTION.tradeoff()[family] for family in ("DenseNet-BC", "ResNet"))
    shares = [round(point[1] / res[-1][1], 2) for point in dense]
    assert shares == [0.13, 0.24, 0.33, 0.55]
    assert [point[0] for point in res] == ["34", "50", "101", "152"]
    assert dense[2][1] / res[2][1] < 0.5  # the paper's own example: 201 and ResNet-101


def test_table_6_4_has_every_printed_cell():
    table = SECTION.table_6_4()
    printed = {row: set(cells) for row, cells in textbook.printed("6.6").items()}
    printed["分类层（全连接）"].add("输出的尺寸")  # the book prints it once, in the line above
    assert {row: set(cells) for row, cells in table.items()} == printed
    for depth, sizes in SIZES.items():
        for number, size in enumerate(sizes, start=1):
            cell = table[f"Dense Block ({number})"][f"DenseNet-{depth}"]
            assert cell == f"[1×1 conv, 3×3 conv] ×{size}"


PLANTED = [
    ("24, 32, 48, 64),", "24, 32, 48, 60),", "6.6-block3-264"),
    ("math.floor(compression", "math.ceil(compression", "6.6-c-floor"),
    ("4 * growth_rate", "3 * growth_rate", "6.6-b-4k"),
    ("kernel_size=2, stride=2)", "kernel_size=3, stride=2, padding=1)",
     "6.6-transition1-pool-words"),
    ("nn.BatchNorm2D(in_channels), nn.ReLU()", "nn.ReLU(), nn.BatchNorm2D(in_channels)",
     "6.6-h-sequence"),
    ("number * growth_rate, growth_rate", "number * growth_rate, growth_rate + 1",
     "6.6-k-features"),
    ('"conv1": ("convolution", 7, 2)', '"conv1": ("convolution", 5, 2)', "6.6-conv-words"),
]  # fmt: skip


@pytest.mark.parametrize("right, wrong, claim", PLANTED)
def test_planted_mistakes_are_caught(tmp_path, right, wrong, claim):
    source = notebooks.section_path("6.6").read_text(encoding="utf-8")
    quoted, planted = (text.replace('"', '\\"') for text in (right, wrong))
    assert quoted in source
    copy = tmp_path / "6.6_copy.ipynb"
    copy.write_text(source.replace(quoted, planted), encoding="utf-8")
    (asked,) = [c for c in textbook.claims("6.6") if c.id == claim]
    (finding,) = textbook.audit("6.6", notebooks.load_notebook(copy), [asked])
    assert finding.problem is not None


@pytest.mark.parametrize(
    "exercise, answer",
    [("6.6-1", 416), ("6.6-2", 70_400), ("6.6-3", 78), ("6.6-4", 79), ("6.6-5", 161), ("6.6-6", 7)],
)
def test_right_answers_worked_out_by_hand(capsys, exercise, answer):
    exercises.check(exercise, answer)
    assert "✓ 正确" in capsys.readouterr().out


@pytest.mark.parametrize(
    "exercise, answer, hint",
    [
        ("6.6-1", 32, "产生"),
        ("6.6-1", 448, "不包括它自己"),
        ("6.6-1", 288, "模块的输入"),
        ("6.6-2", 69_632, "批归一化"),
        ("6.6-2", 74_240, "不带瓶颈"),
        ("6.6-2", 70_560, "偏置"),
        ("6.6-3", 66, "模块的输入"),
        ("6.6-3", 91, "转换层"),
        ("6.6-4", 80, "向下取整"),
        ("6.6-4", 67, "它的输入"),
        ("6.6-5", 83, "两个卷积"),
        ("6.6-5", 158, "转换层"),
        ("6.6-6", 6, "7.2k"),
        ("6.6-6", 4, "自己也要权值"),
    ],
)
def test_usual_mistakes_get_their_hint(capsys, exercise, answer, hint):
    exercises.check(exercise, answer)
    output = capsys.readouterr().out
    assert "✗" in output and hint in output


def small(depth=40, k=4, **settings):
    switches = {"bottleneck": True, "compression": 0.5, "in_channels": 1} | settings
    return partial(SECTION.CifarDenseNet, depth, k, **switches)


@pytest.mark.parametrize(
    "net, words",
    [
        (small(), "正确"),
        (small(k=12), "超过 30,000"),
        (small(depth=22), "至少要 40 个"),
        (small(num_classes=9), "[n, 10]"),
        (small(in_channels=3), "还不能运行"),
        (
            lambda: paddle.nn.Sequential(
                *[SECTION.convolution(1, 1, 3) for _ in range(40)],
                paddle.nn.Flatten(),
                paddle.nn.Linear(784, 10),
            ),
            "还没有拼接",
        ),
    ],
)
def test_the_network_exercise(capsys, net, words):
    exercises.check("6.6-7", net)
    assert words in capsys.readouterr().out
