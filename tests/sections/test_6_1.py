"""The networks of section 6.1, against the papers and by independent arithmetic."""

import numpy as np
import paddle
import paddle.nn.functional as F
import pytest

from course_utils import analyze, load_section

SECTION = load_section("6.1")
# LeCun et al. 1998, Table I, column by column: which S2 maps (0-5) each C3 map sees.
TABLE_I = [
    "012", "123", "234", "345", "045", "015",
    "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235", "012345",
]  # fmt: skip


def test_c3_is_the_papers_table():
    assert ["".join(map(str, row)) for row in SECTION.C3_TABLE] == TABLE_I


def test_rbf_answers_with_the_nearest_code():
    codes = SECTION.DIGIT_CODES.reshape(10, 84)
    assert set(np.unique(codes)) == {-1, 1}
    logits = SECTION.RBF(SECTION.DIGIT_CODES)(paddle.to_tensor(codes, "float32")).numpy()
    distances = ((codes[:, None] - codes[None]) ** 2).sum(-1)
    np.testing.assert_array_equal(-logits, distances)
    assert distances[~np.eye(10, dtype=bool)].min() >= 16  # no two codes are near each other


def test_loss_is_equation_9_also_for_large_distances():
    net = SECTION.LeNet5()
    distances = np.array([[3.0, 5.0, 170.0], [150.0, 2.0, 90.0]])
    labels = np.array([0, 2])
    rubbish = np.exp(-SECTION.RUBBISH)
    by_hand = np.mean(distances[[0, 1], labels] + np.log(rubbish + np.exp(-distances).sum(axis=1)))
    loss = net.loss(paddle.to_tensor(-distances, "float32"), paddle.to_tensor(labels))
    assert float(loss) == pytest.approx(by_hand, rel=1e-5)


def test_codes_are_neither_parameters_nor_trained():
    net = SECTION.LeNet5()
    before = net.output.codes.numpy()
    assert not net.output.parameters()
    loss = net.loss(net(paddle.randn([4, 1, 32, 32])), paddle.to_tensor([0, 1, 2, 3]))
    loss.backward()
    paddle.optimizer.SGD(0.1, net.parameters()).step()
    np.testing.assert_array_equal(net.output.codes.numpy(), before)


def test_subsampling_by_hand():
    layer = SECTION.Subsampling(2)
    layer.coefficient.set_value(paddle.to_tensor([[[2.0]], [[0.5]]]))
    layer.bias.set_value(paddle.to_tensor([[[1.0]], [[-1.0]]]))
    x = paddle.arange(8, dtype="float32").reshape([1, 2, 2, 2])
    assert layer(x).flatten().tolist() == [2 * 1.5 + 1, 0.5 * 5.5 - 1]


@pytest.mark.parametrize("table", ["C3_TABLE", "H3_TABLE", "LENET4_TABLE"])
def test_sparse_convolution_equals_a_masked_one(table):
    table = getattr(SECTION, table)
    layer = SECTION.SparseConv(table)
    inputs = 1 + max(map(max, table))
    weight, used = np.zeros([len(table), inputs, 5, 5], "float32"), [0] * inputs
    for out, row in enumerate(table):
        for i in row:
            weight[out, i] = layer.kernels.weight.numpy()[layer.each * i + used[i], 0]
            used[i] += 1
    x = paddle.randn([2, inputs, 9, 9])
    expected = F.conv2d(x, paddle.to_tensor(weight)) + layer.bias
    np.testing.assert_allclose(layer(x).numpy(), expected.numpy(), atol=1e-5)


def test_sparse_convolution_refuses_an_uneven_table():
    with pytest.raises(ValueError, match=r"equally many crosses, not \[2, 1\]"):
        SECTION.SparseConv([(0,), (0, 1)])


def test_locally_connected_by_hand():
    layer = SECTION.LocallyConnected(1, 1, 8, kernel=3)
    x = paddle.randn([2, 1, 16, 16])
    padded = np.pad(x.numpy()[:, 0], ((0, 0), (1, 1), (1, 1)))
    weight = layer.weight.numpy().reshape(8, 8, 3, 3)
    for i, j in [(0, 0), (3, 5), (7, 7)]:
        window = padded[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        by_hand = (window * weight[i, j]).sum(axis=(1, 2)) + float(layer.bias[0, i, j])
        np.testing.assert_allclose(layer(x).numpy()[:, 0, i, j], by_hand, atol=1e-5)


def test_a_local_layer_with_equal_weights_everywhere_is_a_convolution():
    local = SECTION.LocallyConnected(2, 3, 8)
    kernels = paddle.randn([50, 3])
    local.weight.set_value(kernels.expand([64, 50, 3]))
    x = paddle.randn([4, 2, 16, 16])
    shared = F.conv2d(x, kernels.t().reshape([3, 2, 5, 5]), stride=2, padding=2)
    np.testing.assert_allclose(local(x).numpy(), shared.numpy(), atol=1e-4)


def test_digits_move_and_nothing_is_cut():
    (images, _), _ = SECTION.digit_sets()
    moved = SECTION.shifted(images[:50], 6, -6)
    np.testing.assert_array_equal(moved[:, :, :-6, 6:], images[:50, :, 6:, :-6])
    assert np.allclose(moved.sum(axis=(1, 2, 3)), images[:50].sum(axis=(1, 2, 3)))


def test_seeds_draw_different_digits_to_learn_and_the_same_to_test_on():
    (one, _), (test, _) = SECTION.digit_sets(0)
    (other, _), (same, _) = SECTION.digit_sets(1)
    assert len(one) == len(other) == len(test) == 2_000
    as_bytes = [{image.tobytes() for image in part} for part in (one, other)]
    assert not as_bytes[0] & as_bytes[1]
    np.testing.assert_array_equal(test, same)


@pytest.mark.parametrize("head, same", [("average", True), ("dense", False)])
def test_without_borders_a_mean_over_places_does_not_see_a_shift_of_four(head, same):
    """Four pixels are the strides of all layers together, and a ring of cells has no border."""
    net = SECTION.shift_net("ring", head)
    x = np.random.default_rng(0).random((5, 1, 32, 32), dtype="float32")
    answers = [net(paddle.to_tensor(image)).numpy() for image in (x, SECTION.shifted(x, 4, -8))]
    assert np.allclose(*answers, atol=1e-4) is same


def test_sliding_takes_the_best_answer_of_all_places():
    net = SECTION.LeNet5()
    x = paddle.randn([2, 1, 32, 32])
    canvas = F.pad(x, [8] * 4, value=-0.1)
    crops = [net(canvas[:, :, i : i + 32, j : j + 32])
             for i in range(0, 17, 4) for j in range(0, 17, 4)]  # fmt: skip
    best = paddle.stack(crops).max(axis=0)
    np.testing.assert_allclose(SECTION.Sliding(net)(x).numpy(), best.numpy(), rtol=1e-3, atol=1e-2)


def test_the_equally_wide_nets_of_1989_differ_only_in_sharing():
    totals = {net.__name__: analyze(lambda net=net: net(*SECTION.EQUAL.get(net.__name__, ())),
                                    (1, 1, 16, 16)).totals
              for net in (SECTION.Net3, SECTION.Net4, SECTION.Net5)}  # fmt: skip
    assert {one["connections"] for one in totals.values()} == {5_194}
    assert [one["params"] for one in totals.values()] == [5_194, 4_060, 1_060]


@pytest.mark.parametrize("name", ["Net1", "Net2", "Net3", "Net4", "Net5"])
def test_the_nets_of_1989_give_ten_outputs(name):
    assert getattr(SECTION, name)()(paddle.randn([3, 1, 16, 16])).shape == [3, 10]


def test_receptive_fields_of_lenet5():
    table = analyze(SECTION.LeNet5, (1, 1, 32, 32)).group()
    fields = [table[name].receptive_field for name in ("c1", "s2", "c3", "s4", "c5")]
    assert fields == [5, 6, 14, 16, 32]
