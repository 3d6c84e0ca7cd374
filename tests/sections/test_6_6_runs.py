"""The experiments of section 6.6: recorded runs, activation memory, who uses whose features."""

from functools import cache, partial

import numpy as np
import paddle
import pytest

from course_utils import analyze, load_section
from course_utils.runtime import REPO
from course_utils.training.history import History

SECTION = load_section("6.6")
SMALL = SECTION.SMALL
FAIR = ("train_images", "test_images", "epochs", "batch_size", "learning_rate", "weight_decay")
FAIR += ("optimizer", "augment")


@cache
def runs(name):
    """{seed: History} of one variant."""
    return {
        seed: History.load(REPO / f"data/runs/6.6_{name}_seed{seed}.json") for seed in SECTION.SEEDS
    }


def errors(name):
    return [run.epochs[-1]["test_error"] for run in runs(name).values()]


def test_only_the_network_differs_between_the_recorded_runs():
    settings = set()
    for name in SECTION.VARIANTS:
        for seed, run in runs(name).items():
            assert (run.settings["seed"], run.settings["variant"]) == (seed, name)
            assert "record_claims" in run.context["command"]
            settings.add(tuple(run.settings[key] for key in FAIR))
    assert len(settings) == 1


def test_the_network_without_shortcuts_is_behind_with_every_seed():
    assert min(errors("chain")) > max(errors("concat") + errors("add"))


def test_concatenation_and_addition_end_in_a_draw():
    dense, added = errors("concat"), errors("add")
    assert min(dense) < max(added) and min(added) < max(dense)
    assert abs(np.mean(dense) - np.mean(added)) < 0.5


def test_no_family_wins_at_equal_parameters():
    pairs = list(zip(*SECTION.FAMILIES.values(), strict=True))
    for one, other in pairs:
        dense, residual = errors(one), errors(other)
        assert min(dense) < max(residual) and min(residual) < max(dense)
    gains = [np.mean(errors(other)) - np.mean(errors(one)) for one, other in pairs]
    np.testing.assert_allclose(gains, [0.6, 0.0, 0.6], atol=0.1)
    assert np.mean(errors("dense6")) - np.mean(errors("res6")) == pytest.approx(0.8, abs=0.05)


def test_equal_parameters_cost_a_densenet_more_operations_and_memory():
    costs = {name: list(SECTION.costs(name).values()) for name in SECTION.VARIANTS}
    for pair in zip(*SECTION.FAMILIES.values(), strict=True):
        params, macs, kept = np.divide(*(costs[name] for name in pair))
        assert 0.95 < params < 1.1 and macs > 2.5 and kept > 4
    assert costs["res6"][1] < costs["dense6"][1]


def test_widths_of_equal_cost_block_by_block():
    dense, added = (
        analyze(SECTION.VARIANTS[name], SMALL).group(1).rows for name in ("concat", "add")
    )
    for one, other in zip(dense, added, strict=True):
        if one.name.startswith("block"):
            assert other.macs == pytest.approx(one.macs, rel=0.06)


def test_addition_and_chain_differ_by_the_additions_alone():
    added, chained = (analyze(SECTION.VARIANTS[name], SMALL) for name in ("add", "chain"))
    assert added.totals["macs"] == chained.totals["macs"]
    assert added.totals["params"] == chained.totals["params"]
    assert len([row for row in added.rows if row.type == "add"]) == 3 * 6
    assert not [row for row in chained.rows if row.type == "add"]


@pytest.mark.parametrize("name", SECTION.VARIANTS)
def test_what_the_graph_says_is_kept_is_what_paddle_keeps(name):
    net = SECTION.VARIANTS[name]()
    assert SECTION.kept_bytes(net, SMALL) == SECTION.predicted_bytes(net, SMALL)


def test_kept_activations_of_a_dense_block_by_hand():
    block = SECTION.DenseBlock(16, 3, 8, bottleneck=False)
    # The concatenation and the ReLU's output of each layer: 16, 24 and 32 channels, 4 bytes each.
    by_hand = 2 * (16 + 24 + 32) * 14 * 14 * 4
    assert SECTION.kept_bytes(block, (1, 16, 14, 14)) == by_hand
    assert SECTION.kept_bytes(block, (3, 16, 14, 14)) == 3 * by_hand


@pytest.mark.parametrize("layers, copied", [(1, 16), (2, 40), (6, 216), (12, 720)])
def test_channels_that_the_naive_block_copies(layers, copied):
    assert SECTION.copied_channels(layers) == (16 + 8 * layers, copied)


def test_recomputing_keeps_the_maps_alone_and_the_same_gradients():
    block = SECTION.DenseBlock(16, 4, 8, bottleneck=True)
    thrifty = SECTION.RecomputedBlock(block)
    assert SECTION.kept_bytes(thrifty, (1, 16, 14, 14)) == 4 * 14 * 14 * (16 + 3 * 8)
    once, again = (SECTION.gradients(run, block) for run in (block, thrifty))
    assert len(once) == 4 * 6  # two normalisations of two and two convolutions a layer
    for a, b in zip(once, again, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)


def test_densenet_121_keeps_more_than_resnet_50_with_fewer_parameters():
    image = (1, 3, 224, 224)
    dense, other = SECTION.DenseNet(), load_section("6.5").ResNet(50)
    small, large = (analyze(net, image).totals for net in (dense, other))
    assert small["params"] < large["params"] / 3 and small["macs"] < 0.75 * large["macs"]
    kept = [SECTION.predicted_bytes(net, image) for net in (dense, other)]
    assert 1.55 < kept[0] / kept[1] < 1.7


def small_dense_net():
    paddle.seed(0)
    return SECTION.CifarDenseNet(10, growth_rate=4, compression=0.5, in_channels=1)


def test_a_planted_weight_shows_in_its_own_cell():
    net = small_dense_net()
    weight = net.block2.h2[2].weight  # hears the 12 channels of the block's input, then h1's 4
    changed = weight.numpy()
    changed[:, 12:] = 7.0
    weight.set_value(changed)
    matrices = SECTION.by_connection(net, SECTION.mean_weight)
    assert [len(matrix) for matrix in matrices] == [3, 3, 3]
    assert matrices[1][1][1] == 7.0
    assert (np.concatenate(matrices) == 7.0).sum() == 1
    for matrix in matrices:
        empty = [[value is None for value in row] for row in matrix]
        assert empty == np.tri(3, k=-1, dtype=bool).tolist()


def test_cutting_what_nobody_reads_changes_nothing():
    net = small_dense_net()
    layer = net.block3.h2
    kept = layer[2].weight.numpy()
    kept[:, 10:] = 0.0  # it hears the 10 channels of the input, then those of h1
    layer[2].weight.set_value(kept)
    images, labels = paddle.randn([20, 1, 14, 14]), paddle.arange(20) % 10
    loss = partial(SECTION.loss_without, net, images, labels)
    whole = loss(net.norm, None, slice(0, 0))
    matrices = SECTION.by_connection(net, loss)
    assert matrices[2][1][1] == whole
    assert sum(value != whole for row in matrices[2] for value in row if value is not None) >= 4
    assert net.training and loss(net.norm, None, slice(0, 0)) == whole  # no hook is left behind


def reuse(seed):
    """(growth of the weights, rise of the loss) of one recorded run, a matrix for each block."""
    entry = runs("concat")[seed].epochs[-1]["reuse"]
    before, after, without = (
        [np.array(block, dtype=float) for block in entry[name]]
        for name in ("before", "after", "loss_without")
    )
    return [b / a for a, b in zip(before, after, strict=True)], [m - entry["loss"] for m in without]


@pytest.mark.parametrize("seed", SECTION.SEEDS)
def test_training_changed_the_classifier_but_hardly_the_pattern_of_the_convolutions(seed):
    growth, _ = reuse(seed)
    linear = growth[2][:, -1].copy()
    growth[2][:, -1] = np.nan
    assert np.nanmin(growth) > 0.95 and np.nanmax(growth) < 1.35
    assert linear.min() > 1.3


@pytest.mark.parametrize("seed", SECTION.SEEDS)
def test_single_connections_inside_a_block_matter_little_those_after_it_more(seed):
    _, rises = reuse(seed)
    inside = [m[:, 1:-1] for m in rises]
    from_layers = np.concatenate([m[1:][~np.isnan(m[1:])] for m in inside])
    from_input = np.concatenate([m[0] for m in inside])
    after = np.concatenate([m[:, -1] for m in rises])
    assert np.median(from_layers) < 0.015 < np.median(from_input)
    assert np.median(after) > 3 * np.median(np.concatenate([from_layers, from_input]))


def test_gradients_at_the_start_are_most_even_with_concatenation():
    builds = {
        "concat": partial(SECTION.plain_dense, 22),
        "add": SECTION.VARIANTS["add"],
        "chain": SECTION.VARIANTS["chain"],
    }
    spread = {}
    for name, build in builds.items():
        profile = SECTION.at_the_start(build, seed=5)
        spread[name] = max(profile) / min(profile)
    assert spread["concat"] < spread["add"] < spread["chain"]
