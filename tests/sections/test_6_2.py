"""The networks of section 6.2, against the paper and by independent arithmetic."""

import tempfile
import types
from itertools import product

import numpy as np
import paddle
import pytest

from course_utils import analyze, exercises, figures, load_section, runtime
from course_utils.book import textbook
from course_utils.runtime import REPO
from course_utils.training import processes
from course_utils.training.history import History

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


def test_one_digit_is_one_digit_moved_by_a_pixel_at_most():
    images = np.zeros([50, 1, 14, 14], "float32")
    images[:, 0, 5:9, 6:8] = np.arange(1, 51)[:, None, None]
    moved = SECTION.shifted(images, np.random.default_rng(0))
    rows, columns = (
        np.array([np.argmax(x[0].max(axis=axis) > 0) for x in moved]) for axis in (1, 0)
    )
    assert set(rows - 5) == set(columns - 6) == {-1, 0, 1}
    np.testing.assert_array_equal(moved.sum(axis=(1, 2, 3)), images.sum(axis=(1, 2, 3)))


def test_a_wrong_label_is_wrong_and_the_share_is_kept():
    labels = np.arange(2_000) % 10
    changed = SECTION.some_wrong(labels, 0.3, seed=5)
    assert 0.25 < (changed != labels).mean() < 0.35
    assert set(changed) == set(range(10))
    np.testing.assert_array_equal(SECTION.some_wrong(labels, 0.0), labels)


def test_digits_are_means_of_four_pixels():
    images, labels = SECTION.digits("test", 3, seed=1)
    chosen = np.random.default_rng(1).permutation(10_000)[:3]
    raw, answers = SECTION.datasets.load_mnist("test")
    whole = SECTION.datasets.load_mnist("train")[0]
    mean = raw[chosen[2], 10:12, 14:16].mean()
    assert images[2, 0, 5, 7] == pytest.approx((mean - whole.mean()) / whole.std(), abs=1e-4)
    assert labels.tolist() == answers[chosen].tolist()


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "ReLU"])
def test_deep_nets_differ_in_their_activation_alone(name):
    table = analyze(lambda: SECTION.DeepNet(name, 8), (1, 1, 14, 14))
    assert table.totals["params"] == 160 + 7 * (9 * 16 + 1) * 16 + (16 * 49 + 1) * 10
    assert sum(row.type == "Conv2D" for row in table.rows) == 8


def test_fit_measures_before_every_tenth_step_and_at_the_end():
    images, labels = np.zeros([100, 1, 14, 14], "float32"), np.zeros(100, "int64")
    images[50:], labels[50:] = 1, 1
    paddle.seed(0)
    net = SECTION.DeepNet("ReLU", 1)
    losses = SECTION.fit(net, (images, labels), SECTION.loss_on(images, labels), 15, 0.03)
    assert len(losses) == 3 + 1 and losses[-1] < losses[0] / 2
    still = SECTION.fit(net, (images, labels), SECTION.loss_on(images, labels), 5, 0.0)
    assert max(still) - min(still) < 1e-3


class TestRecords:
    @pytest.fixture
    def losses(self):
        """(seeds, depths, activations, rates, measurements)"""
        record = History.load(REPO / "data/runs/6.2_depth.json")
        assert "record_depth" in record.context["command"]
        order = [(r["seed"], r["depth"], r["activation"], r["rate"]) for r in record.epochs]
        assert order == [*product(range(3), SECTION.DEPTHS, SECTION.ACTIVATIONS, SECTION.RATES)]
        values = np.array([r["losses"] for r in record.epochs], dtype=float)
        return values.reshape(3, 3, 3, len(SECTION.RATES), 25)

    def test_no_rate_starts_a_deep_sigmoid_net_and_a_shallow_one_learns(self, losses):
        deep = losses[:, 1:, 0]
        assert np.isfinite(deep).all() and deep.min() > 2.25
        assert losses[:, 0, 0].min(axis=(1, 2)).max() < 1

    def test_no_best_rate_lies_on_the_edge_of_the_grid(self, losses):
        last = np.nan_to_num(losses[..., -1].mean(axis=0), nan=99)
        best = last.argmin(axis=-1)
        learning = last.min(axis=-1) < 1
        assert learning.tolist() == [[True] * 3, [False, True, True], [False, True, True]]
        assert ((best > 0) & (best < len(SECTION.RATES) - 1))[learning].all()

    def test_remedies_shrink_the_gap_where_the_text_says_so(self):
        record = History.load(REPO / "data/runs/6.2_remedies.json")
        assert "record_remedies" in record.context["command"]
        order = [(r["seed"], r["labels"], r["way"]) for r in record.epochs]
        assert order == [*product(range(3), SECTION.LABELS, SECTION.WAYS)]
        values = np.array([r["errors"] for r in record.epochs]).reshape(3, 2, 4, 21, 2)
        train, test = np.moveaxis(values[..., -1, :], -1, 0)
        assert (train[:, :, 0] < 0.5).all()  # without a remedy: learnt by heart, wrong labels too
        assert (test[:, 0, 1:].max(axis=0) < test[:, 0, 0].min()).all()  # right labels: each helps
        assert test[:, 1, 1].max() < test[:, 1, 0].min()  # wrong labels: dropout
        assert test[:, 1, 3].max() < test[:, 1, 1:3].min()  # and both together


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
