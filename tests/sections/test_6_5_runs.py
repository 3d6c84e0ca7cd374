"""The recorded runs of section 6.5: complete, fair, and as the prose says."""

import numpy as np
import paddle
import pytest

from course_utils import analyze, load_section
from course_utils.runtime import REPO
from course_utils.training.history import History

SECTION = load_section("6.5")
SEEDS = range(3)
TINY = (1, 1, 14, 14)


def record(name):
    return History.load(REPO / f"data/runs/6.5_{name}.json")


def finals(name, key):
    """Last entries of the runs of one network, one number for each seed."""
    return [record(f"{name}_seed{seed}").epochs[-1][key] for seed in SEEDS]


def rows(name, **chosen):
    found = [row for row in record(name).epochs if chosen.items() <= row.items()]
    assert sorted(row["seed"] for row in found) == [*SEEDS], (name, chosen)
    return found


def test_rivals_were_trained_alike():
    settings = []
    for name in SECTION.RIVALS:
        for seed in SEEDS:
            run = record(f"{name}_seed{seed}").settings
            assert run.pop("seed") == seed and run.pop("variant") == name
            settings.append(run)
    assert all(run == settings[0] for run in settings)
    assert settings[0]["train_images"] == 2_000 and settings[0]["epochs"] == 10
    assert settings[0]["learning_rate"] == 0.02 and settings[0]["optimizer"] == "Momentum"


@pytest.mark.parametrize(
    "name, key, value",
    [
        ("rate0.1", "learning_rate", 0.1),
        ("rate0.002", "learning_rate", 0.002),
        ("long", "epochs", 40),
    ],
)
def test_extra_runs_differ_in_one_setting(name, key, value):
    assert f"plain56_{name}" in SECTION.EXTRAS.values()
    extra, usual = record(f"plain56_{name}_seed0").settings, record("plain56_seed0").settings
    assert extra == usual | {key: value} and usual[key] != value


@pytest.mark.parametrize("layers", [20, 56])
def test_twins_have_the_same_parameters_and_start_from_them(layers):
    starts = []
    for kind in ("plain", "residual"):
        paddle.seed(5)
        net = SECTION.RIVALS[f"{kind}{layers}"]()
        starts.append([weight.numpy() for weight in net.parameters()])
    for plain, residual in zip(*starts, strict=True):
        np.testing.assert_array_equal(plain, residual)


def test_tiny_images_are_means_of_four_pixels():
    (images, labels), (test_images, _) = SECTION.tiny_sets(3, 2)
    big, big_labels = SECTION.datasets.training_sets("fashion-mnist")[0]
    assert images.shape == (3, 1, 14, 14) and test_images.shape == (2, 1, 14, 14)
    assert images[2, 0, 5, 7] == pytest.approx(big[2, 0, 10:12, 14:16].mean(), abs=1e-6)
    assert labels.tolist() == big_labels[:3].tolist()


def test_removing_normalisation_leaves_biased_convolutions():
    net = SECTION.start_net(20, "A", bn=False)
    types = {row.type for row in analyze(net, TINY).rows}
    assert "BatchNorm2D" not in types
    usual = analyze(lambda: SECTION.start_net(20, "A", bn=True), TINY).totals
    channels = usual["bn_statistics"] // 2
    assert analyze(net, TINY).totals["params"] == usual["params"] - channels


def test_factor_scales_the_convolutions_only():
    starts = []
    for factor in (1.0, 0.5):
        paddle.seed(1)
        starts.append(SECTION.start_net(20, None, bn=True, factor=factor))
    for usual, scaled in zip(*(net.parameters() for net in starts), strict=True):
        expected = usual.numpy() * (0.5 if usual.ndim == 4 else 1)
        np.testing.assert_array_equal(scaled.numpy(), expected)


def test_every_third_convolution_is_measured():
    (images, labels), _ = SECTION.tiny_sets(4, 1)
    norms = SECTION.gradient_norms(SECTION.start_net(56, None, bn=True), images, labels)
    assert len(norms) == len(SECTION.MEASURED) == 19 and SECTION.MEASURED[-1] == "55"


def test_deeper_plain_nets_degrade_and_residual_nets_do_not():
    after = {n: finals(n, "train_error_after") for n in SECTION.DEGRADATION.values()}
    test = {n: finals(n, "test_error") for n in SECTION.DEGRADATION.values()}
    for i in SEEDS:
        assert 4.5 < after["plain56"][i] / after["plain20"][i] < 7.5
        assert 2 < test["plain56"][i] / test["plain20"][i] < 3.5
        assert after["residual56"][i] < 12 < 40 < after["plain56"][i]
        assert after["residual20"][i] < after["plain20"][i]
        assert test["residual20"][i] < test["plain20"][i]
    for errors in (after, test):
        deeper = [a > b for a, b in zip(errors["residual56"], errors["residual20"], strict=True)]
        assert set(deeper) == {True, False}


def test_errors_fall_in_every_run_so_none_diverged():
    for name in SECTION.RIVALS:
        for seed in SEEDS:
            epochs = record(f"{name}_seed{seed}").epochs
            assert len(epochs) == 10
            assert epochs[-1]["train_error"] < epochs[4]["train_error"] < epochs[0]["train_error"]


def test_six_together_beat_the_best_of_them_but_depths_need_not_differ():
    together = {}
    for name, depths in SECTION.ENSEMBLES.items():
        for row in rows("ensembles", ensemble=name):
            assert len(row["singles"]) == len(depths) == 6
            assert row["together"] < min(row["singles"])
            assert 2.5 < np.mean(row["singles"]) - row["together"] < 3.5
            together.setdefault(name, []).append(row["together"])
    assert all(a < b for a, b in zip(together["same"], together["different"], strict=True))


def test_every_start_was_recorded_with_and_without_normalisation():
    for rate, factor in SECTION.STARTS:
        for bn in (True, False):
            rows("bn", bn=bn, learning_rate=rate, factor=factor)
    assert len(record("bn").epochs) == 2 * 3 * len(SECTION.STARTS)


def test_gradients_were_recorded_for_all_four_networks():
    for bn in (True, False):
        for shortcut in (None, "A"):
            for row in rows("gradients", bn=bn, shortcut=shortcut):
                assert (row["gradients"] is None) == (row["weights"] is None)
    assert all(row["gradients"] is None for row in rows("gradients", bn=False, shortcut="A"))


def test_gradients_after_fifty_steps_are_even_with_both_and_reversed_in_the_plain_net():
    for row in rows("gradients", bn=True, shortcut="A"):
        assert max(row["gradients"]) / min(row["gradients"]) < 10
        assert max(row["weights"]) < 10
    for row in rows("gradients", bn=True, shortcut=None):
        seventh, last = row["gradients"][2], row["gradients"][-1]
        assert 12 < last / seventh < 50
        assert row["weights"][0] > 10 * 4  # 4: the norm that Kaiming's initialisation gives


def test_normalisation_speeds_training_up_and_widens_the_choice_of_starts():
    def errors(bn, rate, factor):
        found = rows("bn", bn=bn, learning_rate=rate, factor=factor)
        return [100 if row["test_error"] is None else row["test_error"] for row in found]

    assert max(errors(True, 0.1, 1.0)) < 35
    for rate, factor in SECTION.STARTS:
        if rate > 0.001:
            assert max(errors(True, rate, factor)) < 75
        if (rate, factor) != (0.01, 1.0):
            assert min(errors(False, rate, factor)) > 85
    assert min(errors(False, 0.01, 1.0)) > 75 and max(errors(False, 0.01, 1.0)) < 85
    assert max(errors(True, 0.01, 0.5)) < min(errors(True, 0.01, 1.0))
    assert max(errors(True, 0.01, 1.0)) < min(errors(True, 0.01, 2.0))


def test_the_plain_net_catches_up_neither_in_four_times_the_time_nor_at_another_rate():
    goal = max(finals("plain20", "train_error_after")), max(finals("plain20", "test_error"))
    for name in SECTION.EXTRAS.values():
        last = record(f"{name}_seed0").epochs[-1]
        assert last["train_error_after"] > 2 * goal[0] and last["test_error"] > goal[1] + 5


def test_projections_cost_little_and_change_little():
    identity, projection = (
        analyze(SECTION.RIVALS[f"{kind}20"], TINY).totals["params"]
        for kind in ("residual", "projection")
    )
    assert 1.005 < projection / identity < 1.015
    for key in ("train_error_after", "test_error"):
        a, b = finals("residual20", key), finals("projection20", key)
        assert min(a) < max(b) and min(b) < max(a)
