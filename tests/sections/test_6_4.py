"""The networks of section 6.4, against the paper and by independent arithmetic."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest
from oracle import Average, gradient_extent
from paddle import nn

from course_utils import analyze, exercises, load_section
from course_utils.book import textbook
from course_utils.runtime import REPO
from course_utils.training.history import History

SECTION = load_section("6.4")
IMAGE = (1, 3, 224, 224)
# Szegedy et al. 2015, table 1: input channels, then the six widths.
MODULES = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


def module_parameters(n, one, reduce3, three, reduce5, five, proj):
    weights = n * (one + reduce3 + reduce5 + proj) + 9 * reduce3 * three + 25 * reduce5 * five
    return weights + one + reduce3 + three + reduce5 + five + proj


@pytest.fixture(scope="module")
def table():
    return analyze(lambda: SECTION.GoogLeNet(aux=False), IMAGE).group()


def test_parameters_by_hand(table):
    found = {name: table[name].params for name in MODULES}
    assert found == {name: module_parameters(*widths) for name, widths in MODULES.items()}
    stem = 7 * 7 * 3 * 64 + 64 + 64 * 64 + 64 + 9 * 64 * 192 + 192
    assert table.totals["params"] == stem + sum(found.values()) + 1024 * 1000 + 1000


def test_auxiliary_heads_by_hand(table):
    whole = analyze(SECTION.GoogLeNet, IMAGE).totals["params"]
    heads = sum(n * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000 for n in (512, 528))
    assert whole == table.totals["params"] + heads


def test_maps_are_those_of_the_paper(table):
    sides = {row.name: row.output_shape[2] for row in table.rows if row.name.startswith("pool")}
    assert sides == {"pool1": 56, "pool2": 28, "pool3": 14, "pool4": 7, "pool5": 1}
    # The widest branch of each module, by the recursion of Araujo et al., Distill 2019.
    field, jump = 1, 1
    for kernel, stride in [(7, 2), (3, 2), (3, 1), (3, 2), (5, 1), (5, 1), (3, 2), (5, 1)]:
        field, jump = field + (kernel - 1) * jump, jump * stride
    assert (table["4a"].receptive_field, table["4a"].jump) == (field, jump)


def test_normalisation_stands_on_both_sides_of_the_second_part():
    kinds = [type(layer).__name__ for layer in SECTION.GoogLeNet(aux=False).conv2]
    assert kinds == ["LocalResponseNorm", "ConvReLU", "ConvReLU", "LocalResponseNorm"]


def test_a_module_joins_its_branches_in_the_order_of_the_table():
    module, x = SECTION.Inception(8, 2, 3, 4, 5, 6, 7), paddle.randn([2, 8, 9, 9])
    one, (reduce3, three), (reduce5, five) = module.one[0], module.three, module.five

    def apply(layer, x, kernel):
        return F.relu(F.conv2d(x, layer.weight, layer.bias, padding=kernel // 2))

    expected = [
        apply(one, x, 1),
        apply(three[0], apply(reduce3[0], x, 1), 3),
        apply(five[0], apply(reduce5[0], x, 1), 5),
        apply(module.pool[1][0], F.max_pool2d(x, 3, 1, 1), 1),
    ]
    np.testing.assert_allclose(module(x).numpy(), paddle.concat(expected, 1).numpy(), atol=1e-5)


def test_the_naive_module_passes_its_input_on():
    module, x = SECTION.NaiveInception(8, 2, 3, 4), paddle.randn([2, 8, 9, 9])
    output = module(x)
    assert output.shape == [2, 2 + 3 + 4 + 8, 9, 9]
    np.testing.assert_array_equal(output[:, 9:].numpy(), F.max_pool2d(x, 3, 1, 1).numpy())


def test_a_module_sees_five_by_five():
    module = SECTION.Inception(4, 2, 2, 2, 2, 2, 2)
    module.pool[0] = Average(3, 1, 1)
    assert gradient_extent(module, [1, 4, 15, 15]) == (5, 5)


@pytest.fixture(scope="module")
def net():
    paddle.seed(0)
    return SECTION.GoogLeNet(num_classes=10)


def test_three_outputs_in_training_and_one_in_prediction(net):
    x = paddle.randn([2, 3, 224, 224])
    net.train()
    assert [output.shape for output in net(x)] == [[2, 10]] * 3
    net.eval()
    assert net(x).shape == [2, 10]


def test_loss_by_hand(net):
    outputs = tuple(paddle.randn([4, 10]) for _ in range(3))
    labels = paddle.to_tensor([1, 0, 9, 3])
    main, first, second = (float(F.cross_entropy(output, labels)) for output in outputs)
    assert float(net.loss(outputs, labels)) == pytest.approx(
        main + 0.3 * (first + second), rel=1e-5
    )
    assert float(net.loss(outputs[0], labels)) == pytest.approx(main, rel=1e-5)


def test_without_heads_small_images_will_do():
    net = SECTION.GoogLeNet(num_classes=10, aux=False)
    assert net(paddle.randn([1, 3, 32, 32])).shape == [1, 10]


SMALL = (1, 1, 28, 28)


def test_small_network_keeps_five_modules_at_an_eighth_of_their_width():
    table = analyze(SECTION.SmallGoogLeNet, SMALL).group()
    channels = [16]
    for name in ("4a", "4b", "4c", "4d", "4e"):
        one, reduce3, three, reduce5, five, proj = widths = [n // 8 for n in MODULES[name][1:]]
        assert table[name].params == module_parameters(channels[-1], *widths)
        channels.append(one + three + five + proj)
    assert [row.output_shape[1:] for row in table.rows[:2]] == [[16, 14, 14], [16, 7, 7]]
    assert table["linear"].params == channels[-1] * 10 + 10


def test_small_heads_are_there_in_training_only():
    net, x = SECTION.SmallGoogLeNet(aux=True), paddle.randn([2, 1, 28, 28])
    assert [output.shape for output in net(x)] == [[2, 10]] * 3
    net.eval()
    assert net(x).shape == [2, 10]


def test_small_network_draws_its_weights_as_it_is_told():
    net = SECTION.SmallGoogLeNet(initializer=nn.initializer.Constant(0.5))
    assert {float(w.mean()) for w in net.parameters() if w.ndim > 1} == {0.5}
    assert {float(w.sum()) for w in net.parameters() if w.ndim == 1} == {0.0}


@pytest.mark.parametrize("name", ["3x3", "5x5", "thin"])
def test_one_size_costs_as_much_as_many(name):
    ours, other = (analyze(SECTION.VARIANTS[key], SMALL).totals for key in ("inception", name))
    assert other["macs"] == pytest.approx(ours["macs"], rel=0.05)


def test_all_sides_were_trained_alike():
    fair = ("train_images", "test_images", "epochs", "batch_size", "learning_rate", "augment")
    settings = set()
    for name in SECTION.VARIANTS:
        for seed in range(3):
            record = History.load(REPO / f"data/runs/6.4_{name}_seed{seed}.json")
            assert record.settings["seed"] == seed
            settings.add(tuple(record.settings[key] for key in fair))
    assert len(settings) == 1


def test_twenty_two_layers_on_one_path():
    assert max(SECTION.depths(lambda: SECTION.GoogLeNet(aux=False), IMAGE).values()) == 22
    with_heads = SECTION.depths(SECTION.GoogLeNet, IMAGE)
    assert max(with_heads.values()) == 22
    # On 4a: 3 + 3 modules of 2, then a convolution and two dense layers; on 4d three modules on.
    assert [with_heads[f"aux{name}.6"] for name in ("4a", "4d")] == [12, 18]


def test_an_erratum_has_no_way_of_counting_and_a_convention_has_one(table):
    for claim in textbook.claims("6.4"):
        if not claim.cell or claim.cell[1] not in ("params", "ops"):
            continue
        name, column = claim.cell
        if column == "params":
            found = SECTION.ways(claim.claimed, SECTION.params_counts(table[name]), SECTION.KILO)
        else:
            found = SECTION.ways(claim.claimed, SECTION.ops_counts(table[name]), SECTION.MEGA)
        assert bool(found) == (claim.verdict != "erratum"), claim.id


@pytest.mark.parametrize(
    "printed, count, expected",
    [
        ("112K", 114_688, {("÷1,024", "四舍五入"), ("÷1,024", "舍去"), ("÷1,024", "进一")}),
        ("380K", 388_736, {("÷1,024", "四舍五入"), ("÷1,024", "进一")}),
        ("2.7K", 2_712, {("÷1,000", "四舍五入"), ("÷1,000", "舍去"), ("÷1,024", "进一")}),
    ],
)
def test_ways_of_counting(printed, count, expected):
    found = SECTION.ways(printed, {"权值": count}, SECTION.KILO)
    ways = {(unit.strip(), rounding) for _, unit, rounding in found}
    assert ways == expected


@pytest.mark.parametrize(
    "exercise, answer",
    [("6.4-1", 85_120), ("6.4-2", 672), ("6.4-3", 10), ("6.4-4", 203), ("6.4-5", 51)],
)
def test_right_answers_worked_out_by_hand(capsys, exercise, answer):
    exercises.check(exercise, answer)
    assert "✓ 正确" in capsys.readouterr().out


@pytest.mark.parametrize(
    "exercise, answer, hint",
    [
        ("6.4-1", 84_992, "偏置"),
        ("6.4-1", 614_496, "没有降维层"),
        ("6.4-2", 416, "池化分支"),
        ("6.4-2", 480, "V1"),
        ("6.4-3", 9, "向上取整"),
        ("6.4-4", 113, "没有乘间距"),
        ("6.4-5", 54, "书中印的值"),
    ],
)
def test_usual_mistakes_get_their_hint(capsys, exercise, answer, hint):
    exercises.check(exercise, answer)
    output = capsys.readouterr().out
    assert "✗" in output and hint in output


def own_module(reduce3=72, middle=16, five=None):
    module = SECTION.Inception(192, 64, reduce3, 128, 16, 32, 32)
    conv = SECTION.ConvReLU
    module.five = five or nn.Sequential(conv(192, 16, 1), conv(16, middle, 3), conv(middle, 32, 3))
    return module


@pytest.mark.parametrize(
    "module, words",
    [
        (own_module(), "正确"),
        (own_module(reduce3=96), "还没有少一成"),
        (own_module(five=SECTION.ConvReLU(192, 32, 1)), "应至少为 5"),
        (SECTION.Inception(192, 64, 72, 128, 16, 32, 31), "[n, 256, 28, 28]"),
    ],
)
def test_the_module_exercise(capsys, module, words):
    exercises.check("6.4-6", module)
    assert words in capsys.readouterr().out
