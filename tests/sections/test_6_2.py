"""The networks of section 6.2, against the paper and by independent arithmetic."""

import tempfile
import types

import numpy as np
import paddle
import pytest

from course_utils import analyze, exercises, figures, load_section, runtime
from course_utils.book import textbook
from course_utils.training import processes

SECTION = load_section("6.2")
IMAGE = (1, 3, 227, 227)
# Krizhevsky et al. 2012, section 3.5: filters, taps that each of them sees, cells a side.
CONVOLUTIONS = {
    "c1": (96, 11 * 11 * 3, 55),
    "c2": (256, 5 * 5 * 48, 27),
    "c3": (384, 3 * 3 * 256, 13),
    "c4": (384, 3 * 3 * 192, 13),
    "c5": (256, 3 * 3 * 192, 13),
}
DENSE = {"f6": (9216, 4096), "f7": (4096, 4096), "output": (4096, 1000)}


@pytest.fixture(scope="module")
def table():
    return analyze(SECTION.AlexNet, IMAGE)


@pytest.fixture(scope="module")
def small_head():
    paddle.seed(0)
    return SECTION.AlexNet(num_classes=10)


def test_every_layer_is_the_papers(table):
    for name, (filters, taps, side) in CONVOLUTIONS.items():
        row = table[name]
        assert row.output_shape == [1, filters, side, side]
        assert row.params == filters * (taps + 1)
        assert row.macs == filters * taps * side * side
    for name, (inputs, outputs) in DENSE.items():
        assert (table[name].params, table[name].macs) == ((inputs + 1) * outputs, inputs * outputs)
    assert table.totals["params"] == 60_965_224
    assert [table[f"pool{i}"].output_shape[2] for i in (1, 2, 5)] == [27, 13, 6]


def test_relu_then_normalisation_then_pooling(table):
    kinds = [row.type for row in table.rows]
    assert kinds[:8] == ["Conv2D", "relu", "LRN", "MaxPool2D"] * 2
    assert kinds[8:].count("LRN") == 0


def test_receptive_fields(table):  # Araujo et al., Distill 2019
    fields = [table[name].receptive_field for name in (*CONVOLUTIONS, "pool5")]
    assert fields == [11, 51, 99, 131, 163, 195]


def test_initial_values_of_section_5(small_head):
    for name in ("c1", "c2", "c3", "c4", "c5", "f6", "f7", "output"):
        layer = getattr(small_head, name)
        wanted = 1.0 if name in ("c2", "c4", "c5", "f6", "f7") else 0.0
        assert np.all(layer.bias.numpy() == wanted), name
        assert float(layer.weight.std()) == pytest.approx(0.01, rel=0.05), name
        assert abs(float(layer.weight.mean())) < 1e-3


def test_two_groups_never_see_each_other_before_c3(small_head):
    x = paddle.rand([1, 96, 27, 27])
    changed = paddle.concat([x[:, :48], x[:, 48:] + 1], axis=1)
    difference = (small_head.c2(x) - small_head.c2(changed)).abs().max(axis=[0, 2, 3]).numpy()
    assert not difference[:128].any() and difference[128:].all()


@pytest.mark.parametrize("groups", [1, 2])
def test_response_normalisation_by_the_papers_formula(groups):
    a = np.random.default_rng(0).random((2, 12, 3, 3)) * 100
    expected = np.empty_like(a)
    each = 12 // groups
    for i in range(12):
        first, last = i // each * each, i // each * each + each - 1
        window = a[:, max(first, i - 2) : min(last, i + 2) + 1]
        expected[:, i] = a[:, i] / (2 + 1e-4 * (window**2).sum(axis=1)) ** 0.75
    found = SECTION.LRN(groups)(paddle.to_tensor(a, "float32")).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_paddles_alexnet_is_another_network():
    assert analyze(paddle.vision.models.alexnet, (1, 3, 224, 224)).totals["params"] == 61_100_840


class TestTwoGpus:
    def test_two_halves_are_the_whole(self, table):
        half = analyze(SECTION.AlexNetHalf, IMAGE)
        for column in ("params", "macs"):
            assert 2 * half.totals[column] == table.totals[column]

    def test_what_crosses(self):
        sent = []

        def gather(x):
            sent.append(tuple(x.shape[1:]))
            return SECTION.twin(x)

        half = SECTION.AlexNetHalf(gather, num_classes=10)
        half(paddle.zeros([1, 3, 227, 227]))
        assert sent == [(128, 13, 13), (128, 6, 6), (2048,), (2048,)]

    @pytest.mark.skipif(not processes.available(), reason="this Paddle has no distributed part")
    def test_two_processes_give_the_output_and_the_gradients_of_one(self):
        paddle.seed(1)
        net = SECTION.AlexNet()
        net.eval()
        images, labels = paddle.randn([2, 3, 227, 227]), paddle.to_tensor([1, 999])
        inputs = [
            {"images": images.numpy(), "labels": labels.numpy()}
            | {name: SECTION.half_of(p, rank).numpy() for name, p in net.named_parameters()}
            for rank in range(2)
        ]
        halves = processes.run("6.2", "half_step", inputs)
        output, gradients = SECTION.compare(halves, net, images, labels)
        assert len(gradients) == 32
        assert max(output, *gradients) < 1e-9
        net.clear_gradients()
        # The comparison notices a half that is not its own.
        assert SECTION.compare(halves[::-1], net, images, labels)[1][0] > 1e-2

    @pytest.mark.skipif(not processes.available(), reason="this Paddle has no distributed part")
    def test_a_process_that_dies_is_reported_in_one_sentence(self):
        with pytest.raises(processes.ProcessError, match=r"stopped with KeyError: 'c1.weight'"):
            processes.run("6.2", "half_step", [{}, {}])


@pytest.mark.skipif(not processes.available(), reason="this Paddle has no distributed part")
def test_processes_that_take_too_long_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(processes.ProcessError, match="did not finish in 1 seconds"):
        processes.run("6.2", "half_step", [{}, {}], timeout=1)
    assert list(tmp_path.iterdir()) == []


def test_a_paddle_without_the_distributed_part_says_so(monkeypatch):
    monkeypatch.setattr(processes, "available", lambda: False)
    with pytest.raises(processes.ProcessError, match="no distributed part"):
        processes.run("6.2", "half_step", [{}, {}])


def test_plain_pooling_keeps_the_sizes_of_the_small_network():
    tables = [
        analyze(lambda o=overlap: SECTION.SmallAlexNet(overlap=o), (1, 1, 28, 28))
        for overlap in (True, False)
    ]
    shapes = [[row.output_shape for row in table.rows] for table in tables]
    assert shapes[0] == shapes[1]
    pooled = [row.output_shape[2] for row in tables[0].rows if row.name == "pool"]
    assert [tables[0]["c1"].output_shape[2], *pooled] == [15, 7, 3, 1]


def test_the_race_ends_at_its_goal_or_gives_up():
    images = np.zeros([200, 1, 16, 16], "float32")
    labels = np.arange(200) % 2
    images[labels == 1, :, :8] = 1
    paddle.seed(0)
    net = SECTION.FourLayerNet(paddle.nn.ReLU, side=16)
    curve = SECTION.race(net, images, labels, 0.002, seed=0, most=120, target=5)
    assert len(curve) < 71 and curve[-1] <= 5 and (curve[:-1] > 5).all()
    idle = SECTION.race(net, images, 1 - labels, 0.0, seed=0, most=55)
    assert len(idle) == 6 and idle[-1] > 25  # a rate of 0 learns nothing, so it gives up


def test_crops_and_flips_keep_the_shape_and_move_the_picture():
    images = paddle.rand([8, 1, 28, 28])
    changed = SECTION.crops_and_flips(0)(images)
    assert changed.shape == images.shape
    assert not np.array_equal(changed.numpy(), images.numpy())
    np.testing.assert_array_equal(SECTION.crops_and_flips(0)(images).numpy(), changed.numpy())


@pytest.mark.parametrize(
    "change, caught",
    [
        (
            lambda net: setattr(net, "c4", SECTION.conv(384, 384, 3, padding=1)),
            {"6.2-c4-filters", "6.2-total-params"},
        ),
        (
            lambda net: setattr(net, "pool2", paddle.nn.Identity()),
            {"6.2-three-poolings"},
        ),
        (
            lambda net: setattr(net, "c1", SECTION.conv(3, 96, 11, stride=4, padding=2)),
            set(),
        ),
    ],
    ids=["C4 ungrouped", "a pooling lost", "padding that the floor swallows"],
)
def test_the_audit_finds_a_planted_mistake(change, caught):
    class Wrong(SECTION.AlexNet):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            change(self)

    module = types.ModuleType("changed")
    vars(module).update(vars(SECTION), AlexNet=Wrong)
    problems = {f.claim.id for f in textbook.audit("6.2", module) if f.problem}
    assert caught <= problems
    assert bool(problems) == bool(caught)


def test_the_claims_hold_as_they_are_noted():
    assert [f.problem for f in textbook.audit("6.2") if f.problem] == []


@pytest.mark.parametrize(
    "number, answer, words",
    [
        (1, 55, "正确"),
        (1, 56, "向下取整"),
        (2, 1_806_784, "正确"),
        (2, 903_616, "分两组"),
        (3, 27 * 27 * 48 * 4, "正确"),
        (3, 27 * 27 * 48, "4 个字节"),
        (4, 2 / 50, "正确"),
        (4, 2 / (1 + 49 / 3), "飞桨"),
        (5, 24, "正确"),
        (5, 25, "正好相反"),
    ],
)
def test_exercises(capsys, number, answer, words):
    exercises.check(f"6.2-{number}", answer)
    assert words in capsys.readouterr().out


def light(pooled=1):
    net = SECTION.AlexNet(num_classes=10)
    net.f6, net.f7, net.pool5 = (
        paddle.nn.Identity(),
        paddle.nn.Identity(),
        paddle.nn.AdaptiveAvgPool2D(pooled),
    )
    net.output = paddle.nn.Linear(256 * pooled**2, 1000)
    return net


@pytest.mark.parametrize(
    "net, words",
    [
        (light, "正确"),
        (lambda: light(pooled=6), "超过 10,000,000"),
        (lambda: SECTION.AlexNet(num_classes=10), "[n, 1000]"),
        (lambda: paddle.nn.Sequential(paddle.nn.Flatten(), paddle.nn.Linear(154587, 1000)), "5 个"),
    ],
)
def test_the_network_exercise(capsys, net, words):
    exercises.check("6.2-6", net)
    assert words in capsys.readouterr().out


class TestFigures:
    @pytest.fixture(autouse=True)
    def style(self):
        runtime.use_plot_style()

    def words(self, figure):
        return {t.get_text() for ax in figure.axes for t in ax.texts}

    def test_errors_by_year(self):
        figure = figures.challenge_errors(SECTION.WINNERS, SECTION.HUMAN)
        (ax,) = figure.axes
        assert [bar.get_height() for bar in ax.patches] == [w[2] for w in SECTION.WINNERS]
        assert "人：5.1" in self.words(figure)

    def test_bytes_between_the_gpus(self):
        layers = [("C2", (128, 13, 13), 0), ("C3", (192, 13, 13), 21_632), ("F7", (2048,), 200)]
        words = self.words(figures.two_gpus(layers))
        assert {"各送\n84.5 KB", "各送\n800 B"} <= words
        assert any("两个方向合计 170.6 KB" in word for word in words)

    def test_a_race_ends_where_the_run_ended(self):
        figure = figures.race_curves({"ReLU": [([50, 60], [40, 24])]}, target=25)
        (ax,) = figure.axes
        assert ax.lines[1].get_xydata().tolist() == [[60, 24]]
        with pytest.raises(ValueError, match="0 labels"):
            figures.race_curves({}, target=25)
