"""The networks of section 6.5, against the paper, Paddle's own and by independent arithmetic."""

import dataclasses

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from oracle import Average, gradient_extent
from paddle import nn

from course_utils import analyze, exercises, load_section
from course_utils.book import textbook
from course_utils.counting.depth import depth

SECTION = load_section("6.5")
IMAGE = (1, 3, 224, 224)
DEPTHS = (18, 34, 50, 101, 152)
# He et al. 2016, table 1: blocks of conv2_x to conv5_x.
REPEATS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}


def convolution(n, m, kernel):
    """Weights of a convolution, gamma and beta of its normalisation."""
    return n * m * kernel**2 + 2 * m


def parameters_by_hand(layers, shortcut):
    """Parameters of a ResNet by the paper's table, block by block."""
    total, channels = convolution(3, 64, 7), 64
    for width, repeats in zip((64, 128, 256, 512), REPEATS[layers], strict=True):
        out = width if layers < 50 else 4 * width
        for _ in range(repeats):
            if layers < 50:
                total += convolution(channels, width, 3) + convolution(width, width, 3)
            else:
                total += convolution(channels, width, 1) + convolution(width, width, 3)
                total += convolution(width, out, 1)
            if channels != out and shortcut == "B":
                total += convolution(channels, out, 1)
            channels = out
    return total + channels * 1000 + 1000


@pytest.fixture(scope="module", params=DEPTHS)
def layers(request):
    return request.param


@pytest.mark.parametrize("shortcut", ["A", "B", None])
def test_parameters_by_hand(layers, shortcut):
    table = analyze(lambda: SECTION.ResNet(layers, shortcut=shortcut), IMAGE)
    assert table.totals["params"] == parameters_by_hand(layers, shortcut)


def test_later_version_is_that_of_paddle(layers):
    ours = analyze(lambda: SECTION.ResNet(layers, stride_in="3x3"), IMAGE)
    library = analyze(getattr(paddle.vision.models, f"resnet{layers}"), IMAGE)
    assert ours.totals == library.totals
    kinds = ("Conv2D", "BatchNorm2D", "Linear")
    shapes = [
        # Paddle defines a block's projection after its convolutions, and calls it so too.
        sorted((row.type, tuple(row.input_shape), tuple(row.output_shape), row.params, row.macs)
               for row in table.rows if row.type in kinds)
        for table in (ours, library)
    ]  # fmt: skip
    assert shapes[0] == shapes[1]


def test_same_weights_give_the_outputs_of_paddle():
    paddle.seed(0)
    ours, library = SECTION.ResNet(18), paddle.vision.models.resnet18()
    targets = [layer for layer in library.sublayers() if isinstance(layer, nn.Conv2D | nn.Linear)]
    sources = [layer for layer in ours.sublayers() if isinstance(layer, nn.Conv2D | nn.Linear)]
    for source, target in zip(sources, targets, strict=True):
        target.set_state_dict(source.state_dict())
    ours.eval(), library.eval()
    x = paddle.randn([1, 3, 64, 64])
    np.testing.assert_allclose(ours(x).numpy(), library(x).numpy(), rtol=1e-4, atol=1e-4)


def test_depth_is_the_name(layers):
    assert depth(lambda: SECTION.ResNet(layers), IMAGE) == layers


def test_receptive_fields_of_araujo_et_al():
    # Distill 2019, table: ResNet-50, 101, 152 of the first version.
    fields = {
        n: analyze(lambda n=n: SECTION.ResNet(n), IMAGE).group()["conv5_x"].receptive_field
        for n in (50, 101, 152)
    }
    assert fields == {50: 483, 101: 1027, 152: 1507}


def test_fields_of_blocks_by_the_gradient():
    class Unrectified(nn.Layer):
        def __init__(self, block):
            super().__init__()
            self.block = block

        def forward(self, x):
            return self.block.residual(x) + self.block.shortcut(x)

    for block, side in (
        (SECTION.BasicBlock(4, (8, 8), stride=2, shortcut="A"), 7),
        (SECTION.BasicBlock(4, (8, 8), stride=2, shortcut="B"), 7),
        (SECTION.BottleneckBlock(8, (4, 4, 8)), 3),
        (SECTION.BottleneckBlock(4, (4, 4, 8), stride=2, strided=0), 5),
        (SECTION.BottleneckBlock(4, (4, 4, 8), stride=2, strided=1), 3),
    ):
        channels = block.residual[0].conv.weight.shape[1]
        shape = [1, channels, 21, 21]
        for i, layer in enumerate(block.residual):
            if isinstance(layer, nn.ReLU):
                block.residual[i] = nn.Identity()
        net = Unrectified(block)
        assert gradient_extent(net, shape) == (side, side)
        assert analyze(block, shape).group(0).rows[0].receptive_field == side


def test_fields_of_a_small_net_by_the_gradient():
    class Unrectified(nn.Layer):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def forward(self, x):
            x = Average(3, 1, 1)(self.net.conv1(x))  # one more window, so that no field is 1
            for block in (*self.net.group1, *self.net.group2):
                x = block.residual[2](block.residual[0](x)) + block.shortcut(x)
            return x

    net = SECTION.CifarResNet(8, in_channels=1, width=2)
    assert gradient_extent(Unrectified(net), [1, 1, 41, 41]) == (3 + 2 + 4 + 2 + 4,) * 2
    fields = analyze(net, (1, 1, 41, 41)).group()
    assert fields["group2"].receptive_field == 3 + 4 + 2 + 4


@pytest.mark.parametrize(
    "residual, plain",
    [
        (lambda: SECTION.ResNet(34, shortcut="A"), lambda: SECTION.PlainNet(34)),
        (lambda: SECTION.ResNet(18, shortcut="A"), lambda: SECTION.PlainNet(18)),
        (lambda: SECTION.CifarResNet(56), lambda: SECTION.CifarPlainNet(56)),
    ],
)
def test_twins_have_the_same_layers(residual, plain):
    with paddle.LazyGuard():
        shapes = [{name: w.shape for name, w in net().named_parameters()}
                  for net in (residual, plain)]  # fmt: skip
    assert shapes[0] == shapes[1]


def test_plain_block_is_the_residual_block_without_its_shortcut():
    plain = SECTION.BasicBlock(4, (4, 4), shortcut=None)
    x = paddle.randn([2, 4, 9, 9])
    assert plain.shortcut is None
    np.testing.assert_allclose(plain(x).numpy(), F.relu(plain.residual(x)).numpy(), atol=1e-5)


def test_a_block_by_hand():
    block, x = SECTION.BasicBlock(4, (6, 6), stride=2, shortcut="B"), paddle.randn([2, 4, 9, 9])
    block.eval()

    def normalised(layer, x, stride, padding):
        x = F.conv2d(x, layer.conv.weight, stride=stride, padding=padding)
        return x / np.sqrt(1 + 1e-5)  # mean 0, variance 1, gamma 1, beta 0 at the start

    first, _, second = block.residual
    hidden = F.relu(normalised(first, x, 2, 1))
    expected = F.relu(normalised(second, hidden, 1, 1) + normalised(block.shortcut, x, 2, 0))
    np.testing.assert_allclose(block(x).numpy(), expected.numpy(), atol=1e-5)


def test_shortcut_a_by_hand():
    shortcut = SECTION.make_shortcut("A", 3, 8, stride=2)
    x = paddle.randn([2, 3, 7, 7])
    output = shortcut(x).numpy()
    assert output.shape == (2, 8, 4, 4)
    np.testing.assert_array_equal(output[:, :3], x.numpy()[:, :, ::2, ::2])
    assert not output[:, 3:].any()
    assert not shortcut.parameters()


@pytest.mark.parametrize(
    "build, words",
    [
        (lambda: SECTION.ResNet(51), "choose 18, 34, 50, 101 or 152"),
        (lambda: SECTION.ResNet(50, shortcut="C"), 'choose "A", "B" or None'),
        (lambda: SECTION.ResNet(50, stride_in="1×1"), 'choose "1x1" or "3x3"'),
        (lambda: SECTION.CifarResNet(21), "must be 6n \\+ 2"),
        (lambda: SECTION.CifarPlainNet(2), "must be 6n \\+ 2"),
    ],
)
def test_settings_that_no_network_has(build, words):
    with pytest.raises(ValueError, match=words):
        build()


@pytest.mark.parametrize("side", [14, 28, 32])
@pytest.mark.parametrize("net", [SECTION.CifarResNet, SECTION.CifarPlainNet])
def test_small_nets_take_small_images(net, side):
    small = net(8, in_channels=1, width=4)
    assert small(paddle.randn([2, 1, side, side])).shape == [2, 10]
    # Paper, section 4.2: the maps have half the side and twice the width in each group.
    rows = analyze(small, (1, 1, side, side)).group()
    sides = [side, (side + 1) // 2, ((side + 1) // 2 + 1) // 2]
    shapes = [rows[f"group{i + 1}"].output_shape[1:] for i in range(3)]
    assert shapes == [[4 * 2**i, s, s] for i, s in enumerate(sides)]


@pytest.mark.parametrize("layers, millions", [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85),
                                              (110, 1.7)])  # fmt: skip
def test_small_nets_have_the_paper_s_parameters(layers, millions):
    # He et al. 2016, table 6.
    digits = 1 if millions > 1 else 2
    total = analyze(lambda: SECTION.CifarResNet(layers), (1, 3, 32, 32)).totals["params"]
    assert round(total / 1e6, digits) == millions


def test_kaiming_initialisation():
    paddle.seed(0)
    net = SECTION.ResNet(18)
    for layer in net.sublayers():
        if isinstance(layer, nn.Conv2D):
            assert layer.bias is None
            inputs = np.prod(layer.weight.shape[1:])
            assert float(layer.weight.std()) == pytest.approx(np.sqrt(2 / inputs), rel=0.05)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_construction_differs_by_rounding_only(dtype):
    shallow, deep = SECTION.constructed_outputs(dtype)
    assert str(shallow.dtype) == str(deep.dtype) == dtype and shallow.shape == (64, 10)
    assert SECTION.agree(shallow, deep)


def test_in_double_precision_all_answers_are_the_same():
    shallow, deep = SECTION.constructed_outputs()
    two = np.sort(shallow, axis=1)[:, -2:]
    # No difference that `agree` lets pass can change an answer.
    assert np.diff(two).min() > 1e6 * np.finfo("float64").eps * np.abs(shallow).max()
    np.testing.assert_array_equal(shallow.argmax(axis=1), deep.argmax(axis=1))


def test_the_construction_needs_its_identities():
    paddle.seed(0)
    shallow = SECTION.CifarPlainNet(8, in_channels=1, width=4).to(dtype="float64")
    deep = SECTION.CifarPlainNet(14, in_channels=1, width=4).to(dtype="float64")
    shallow.eval(), SECTION.deepened(shallow, deep).eval()
    x = paddle.randn([2, 1, 14, 14]).astype("float64")
    assert SECTION.agree(shallow(x).numpy(), deep(x).numpy())
    deep.group2[1].residual[0].conv.weight.set_value(2 * deep.group2[1].residual[0].conv.weight)
    assert not SECTION.agree(shallow(x).numpy(), deep(x).numpy())


def test_normalisation_is_not_confined():
    mean, low, high, outside = SECTION.bn_outputs()
    assert mean < 1e-5 and low == pytest.approx(1, abs=1e-3) and high == pytest.approx(1, abs=1e-3)
    assert 0.2 < outside < 0.5
    mean, low, high, outside = SECTION.bn_outputs(gamma=3.0, beta=5.0)
    assert mean == pytest.approx(5, abs=1e-3) and low == pytest.approx(9, rel=1e-3)


def test_facts_that_claims_rest_on():
    assert SECTION.adds_shortcut() and SECTION.bn_follows_convolutions()
    saving = SECTION.bottleneck_saving()
    assert saving["macs"] == 2 * 9 * 256 * 256 / (256 * 64 + 9 * 64 * 64 + 64 * 256)


def test_table_by_hand():
    table = SECTION.table_6_3()
    assert [cells["output size"] for name, cells in table.items() if name != "FLOPs"] == [
        "112×112", "56×56", "56×56", "28×28", "14×14", "7×7", "1×1"
    ]  # fmt: skip
    for layers, repeats in REPEATS.items():
        column = f"{layers}-layer"
        assert [table[f"conv{i}_x"][column].split("×")[-1] for i in range(2, 6)] == [
            str(n) for n in repeats
        ]
    assert table["conv4_x"]["101-layer"] == "[1×1, 256; 3×3, 256; 1×1, 1024]×23"


def flops_by_hand(layers, shortcut):
    """Multiply-adds by the paper's table."""
    total, channels = 112**2 * 147 * 64, 64
    sides = (56, 28, 14, 7)
    for width, repeats, side in zip((64, 128, 256, 512), REPEATS[layers], sides, strict=True):
        out = width if layers < 50 else 4 * width
        for _ in range(repeats):
            if layers < 50:
                each = 9 * channels * width + 9 * width**2
            else:
                each = channels * width + 9 * width**2 + width * out
            if channels != out and shortcut == "B":
                each += channels * out
            total += side**2 * each
            channels = out
    return total + channels * 1000


def test_printed_flops(layers):
    printed = {18: 1.8, 34: 3.6, 50: 3.8, 101: 7.6, 152: 11.3}[layers]
    assert SECTION.PRINTED[layers] == printed
    exact = flops_by_hand(layers, "A" if layers < 50 else "B")
    assert SECTION.table_6_3()["FLOPs"][f"{layers}-layer"] == f"{exact / 1e9:.1f}×10^9"
    rounded, cut = round(exact / 1e9, 1), int(exact / 1e8) / 10
    assert printed == (cut if layers == 50 else rounded)
    assert printed != rounded or layers != 50


@pytest.fixture(scope="module")
def claims():
    return textbook.claims("6.5")


def test_four_statements_are_errata(claims):
    errata = {claim.id for claim in claims if claim.verdict == "erratum"}
    assert errata == {
        "6.5-best-paper",
        "6.5-normalized-initialization",
        "6.5-intermediate-normalization",
        "6.5-constructed-worse",
    }


@pytest.mark.parametrize(
    "name, planted",
    [
        ("6.5-bottleneck-params", 70_061),
        ("6.5-ratio", 16.85),
        ("6.5-conv4-101", "[1×1, 256; 3×3, 256; 1×1, 1024]×22"),
        ("6.5-conv3-output-size", "29×29"),
        ("6.5-flops-152", "11.2×10^9"),
        ("6.5-50-layers", 49),
    ],
)
def test_planted_misprints_are_caught(claims, name, planted):
    (claim,) = [claim for claim in claims if claim.id == name]
    wrong = dataclasses.replace(claim, claimed=planted)
    (finding,) = textbook.audit("6.5", claims_list=[wrong])
    assert finding.problem and repr(planted) in finding.problem


def test_a_changed_network_is_caught(claims):
    class Module:
        """The section with one block too few in conv4_x of ResNet-101."""

        def __getattr__(self, name):
            return getattr(SECTION, name)

        @staticmethod
        def table_6_3():
            kept = SECTION.TABLE_6_3["conv4_x"]
            SECTION.TABLE_6_3["conv4_x"] = (*kept[:3], (6, 22, 36))
            try:
                return SECTION.table_6_3()
            finally:
                SECTION.TABLE_6_3["conv4_x"] = kept

    cells = [claim for claim in claims if claim.cell]
    problems = [f.claim.id for f in textbook.audit("6.5", Module(), cells) if f.problem]
    assert problems == ["6.5-conv4-101", "6.5-flops-101"]


@pytest.mark.parametrize(
    "exercise, answer",
    [("6.5-1", 230_144), ("6.5-2", 200), ("6.5-3", 81), ("6.5-4", 77), ("6.5-5", 65_536)],
)
def test_right_answers_worked_out_by_hand(capsys, exercise, answer):
    exercises.check(exercise, answer)
    assert "✓ 正确" in capsys.readouterr().out


@pytest.mark.parametrize(
    "exercise, answer, hint",
    [
        ("6.5-1", 221_696, "投影"),
        ("6.5-1", 229_376, "γ 和 β"),
        ("6.5-1", 229_888, "投影之后也有 BN"),
        ("6.5-1", 230_528, "没有偏置"),
        ("6.5-2", 198, "全连接层"),
        ("6.5-2", 134, "3 个卷积"),
        ("6.5-3", 39, "相距 2、4"),
        ("6.5-3", 37, "第三组"),
        ("6.5-4", 103, "两种做法之差"),
        ("6.5-5", 16, "两条路"),
        ("6.5-5", 32, "相乘"),
    ],
)
def test_usual_mistakes_get_their_hint(capsys, exercise, answer, hint):
    exercises.check(exercise, answer)
    output = capsys.readouterr().out
    assert "✗" in output and hint in output


class PreActivation(nn.Layer):
    def __init__(self, kinds="BRCBRC", end=None, bias=False):
        super().__init__()
        make = {
            "B": lambda: nn.BatchNorm2D(64),
            "R": nn.ReLU,
            "C": lambda: nn.Conv2D(64, 64, 3, padding=1, bias_attr=None if bias else False),
        }
        self.residual = nn.Sequential(*(make[kind]() for kind in kinds))
        self.end = end or nn.Identity()

    def forward(self, x):
        return self.end(x + self.residual(x))


@pytest.mark.parametrize(
    "block, words",
    [
        (PreActivation, "正确"),
        (PreActivation(), "正确"),
        (PreActivation(end=nn.ReLU()), "现在是 BN、ReLU、卷积、BN、ReLU、卷积、ReLU"),
        (PreActivation(end=nn.Tanh()), "多余的运算"),
        (PreActivation("CBRCB"), "次序应为"),
        (PreActivation("BCBC"), "次序应为"),
        (PreActivation("RBCRBC"), "次序应为"),
        (PreActivation(bias=True), "没有偏置"),
        (SECTION.BasicBlock(64, (64, 64)), "次序应为"),
        (SECTION.PreActivationBlock, "还没有任何一层"),
        (PreActivation().residual, "检查捷径"),
    ],
)
def test_the_preactivation_exercise(capsys, block, words):
    exercises.check("6.5-6", block)
    assert words in capsys.readouterr().out


def wide_block(groups=32, width=128, shortcut="B"):
    block = SECTION.BottleneckBlock(256, (width, width, 256), shortcut=shortcut)
    block.residual[2].conv = nn.Conv2D(width, width, 3, padding=1, groups=groups, bias_attr=False)
    return block


@pytest.mark.parametrize(
    "block, words",
    [
        (wide_block(), "正确"),
        (wide_block(groups=1), "试试加大 groups"),
        (wide_block(width=64), "至少 128 个通道"),
        (wide_block(shortcut=None), "检查捷径"),
        (SECTION.BottleneckBlock(256, (64, 64, 128)), "[n, 256, 56, 56]"),
    ],
)
def test_the_wide_block_exercise(capsys, block, words):
    exercises.check("6.5-7", block)
    assert words in capsys.readouterr().out


def test_an_exercise_leaves_the_learner_s_block_as_it_was(capsys):
    block = PreActivation()
    before = [weight.numpy() for weight in block.parameters()]
    exercises.check("6.5-6", block)
    capsys.readouterr()
    for weight, value in zip(block.parameters(), before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
