"""The training loop: it learns, repeats itself, records itself and refuses what cannot work."""

import json

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F
import pytest

from course_utils.commands.train import fit_to
from course_utils.training.history import History
from course_utils.training.loop import TrainingError, evaluate, predict, random_affine, train


def blobs(count, seed):
    """Images of 4x4 cells whose bright row is the class: easy, but not separable by chance."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    images = rng.normal(0, 0.3, (count, 1, 4, 4)).astype("float32")
    images[np.arange(count), 0, labels] += 1
    return images, labels


class Linear(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), nn.Linear(16, 4))

    def forward(self, x):
        return self.body(x)


def new_net(seed=0):
    paddle.seed(seed)
    return Linear()


TRAIN, TEST = blobs(200, 1), blobs(80, 2)


def run(net=None, train_set=TRAIN, test_set=TEST, **changes):
    net = net or new_net()
    options = {"epochs": 3, "batch_size": 16, "learning_rate": 0.05, "progress": False} | changes
    return net, train(net, train_set, test_set, **options)


def numbers(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history.epochs]


def test_it_learns_and_describes_each_pass():
    net = new_net()
    before = evaluate(net, *TEST)
    net, history = run(net=net)
    assert before > 40
    assert history.epochs[-1]["test_error"] < 5
    assert [entry["epoch"] for entry in history.epochs] == [1, 2, 3]
    assert history.epochs[0]["train_loss"] > history.epochs[-1]["train_loss"] > 0
    assert history.epochs[-1]["test_error"] == evaluate(net, *TEST)


def test_same_seed_same_numbers_other_seed_other_numbers():
    assert numbers(run()[1]) == numbers(run()[1])
    assert numbers(run()[1]) != numbers(run(seed=1)[1])


def test_learning_rate_falls_along_half_a_cosine():
    rates = [entry["learning_rate"] for entry in run(epochs=4)[1].epochs]
    assert rates == pytest.approx([0.05 * (1 + np.cos(np.pi * k / 4)) / 2 for k in (1, 2, 3, 4)])


def test_every_image_is_seen_once_a_pass():
    seen = []

    def spy(images):
        seen.append(images[:, 0, 0, 0].numpy())
        return images

    run(epochs=1, augment=spy, batch_size=32)
    assert [len(batch) for batch in seen] == [32] * 6 + [8]
    assert sorted(np.concatenate(seen)) == sorted(TRAIN[0][:, 0, 0, 0])


def test_the_networks_own_loss_is_used():
    class Own(Linear):
        def loss(self, logits, labels):
            return F.cross_entropy(logits, labels) + 7

    paddle.seed(0)
    _, history = run(net=Own())
    assert history.epochs[-1]["train_loss"] > 7


def test_auxiliary_outputs_are_ignored_by_the_error_rate():
    class Aux(Linear):
        def forward(self, x):
            main = super().forward(x)
            return (main, -main) if self.training else main

        def loss(self, outputs, labels):
            return F.cross_entropy(outputs[0], labels)

    paddle.seed(0)
    _, history = run(net=Aux())
    assert history.epochs[-1]["train_error"] < 10


def test_measuring_leaves_the_mode_of_each_layer_as_found():
    net = new_net()
    net.body[1].eval()  # a frozen layer in a network that trains
    evaluate(net, *TEST)
    assert net.training and not net.body[1].training
    with pytest.raises(ValueError):
        predict(net, np.zeros((2, 1, 5, 5), "float32"))
    assert net.training and not net.body[1].training
    net.eval()
    evaluate(net, *TEST)
    assert not net.training


def test_predict_works_in_batches_and_evaluate_counts_errors():
    net, _ = run()
    images, labels = TEST
    answers = predict(net, images, batch_size=7)
    assert answers.shape == (80,)
    assert (answers == predict(net, paddle.to_tensor(images))).all()
    wrong_labels = (answers + 1) % 4
    assert evaluate(net, images, answers) == 0
    assert evaluate(net, images, wrong_labels) == 100


def test_progress_prints_one_line_a_pass(capsys):
    run(progress=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "2/3" in lines[1] and "测试错误率" in lines[1]
    run()
    assert capsys.readouterr().out == ""


def test_refuses_an_empty_set():
    images, labels = TRAIN
    with pytest.raises(TrainingError, match="training set is empty"):
        run(train_set=(images[:0], labels[:0]))
    with pytest.raises(TrainingError, match="test set is empty"):
        run(test_set=(images[:0], labels[:0]))


def test_refuses_labels_that_do_not_fit():
    images, labels = TRAIN
    with pytest.raises(TrainingError, match=r"\[200, 1, 4, 4\] and labels \[199\]"):
        run(train_set=(images, labels[:-1]))
    with pytest.raises(TrainingError, match="one label for each"):
        run(train_set=(images, labels[:, None]))


def test_refuses_images_without_a_channel_axis():
    images, labels = TRAIN
    with pytest.raises(TrainingError, match=r"\[200, 4, 4\] .*\[n, channels, height, width\]"):
        run(train_set=(images[:, 0], labels))


def test_stops_when_the_loss_is_no_number():
    images, labels = TRAIN
    images = images.copy()
    images[5] = np.nan
    with pytest.raises(TrainingError, match="loss became nan in pass 1.*below 0.05"):
        run(train_set=(images, labels))


def test_mixed_precision_needs_a_gpu(monkeypatch):
    monkeypatch.setattr(paddle.device, "get_device", lambda: "cpu")
    with pytest.raises(TrainingError, match="mixed precision needs a GPU, .* computes on cpu"):
        run(mixed=True)


def test_prepared_images_are_what_the_network_reads_in_training_and_testing():
    images, labels = TRAIN
    net = new_net()
    _, expected = run(net, (images * 2, labels), (TEST[0] * 2, TEST[1]))
    _, prepared = run(prepare=lambda images: images * 2)
    assert numbers(prepared) == numbers(expected)


def test_small_images_are_fitted_to_a_network():
    images = paddle.arange(8, dtype="float32").reshape([2, 1, 2, 2])
    fitted = fit_to(images, (3, 4, 6))
    assert fitted.shape == [2, 3, 4, 6]
    assert (fitted[:, 0] == fitted[:, 2]).all() and (fitted[0, 0, 0, ::5] == images[0, 0, 0]).all()


def test_an_input_that_only_training_refuses_gets_one_sentence():
    class Head(Linear):
        def forward(self, x):
            return super().forward(x) + (paddle.zeros([7]) if self.training else 0)

    with pytest.raises(TrainingError, match=r"Head cannot take images of shape \[16, 1, 4, 4\]"):
        run(net=Head())


def test_history_survives_a_file(tmp_path):
    _, history = run()
    path = tmp_path / "runs" / "run.json"
    history.save(path)
    assert History.load(path) == history
    assert [file.name for file in path.parent.iterdir()] == ["run.json"]
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["settings"]["seed"] == 0
    assert record["settings"]["train_images"] == 200
    assert record["context"]["versions"]["paddle"] == paddle.__version__
    assert record["context"]["machine"]["cores"] >= 1
    assert record["context"]["command"].startswith("python")


def test_a_failed_save_keeps_the_older_file(tmp_path):
    _, history = run(epochs=1)
    path = tmp_path / "run.json"
    history.save(path)
    history.settings["broken"] = object()
    with pytest.raises(TypeError):
        history.save(path)
    assert len(History.load(path).epochs) == 1


def blob(size=32, at=(16, 12)):
    """An image with one soft spot."""
    rows, columns = np.mgrid[:size, :size]
    spot = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / 8)
    return paddle.to_tensor(spot[None, None].astype("float32"))


def centres(images):
    """Centre of mass (row, column) of each image."""
    weights = images.numpy()[:, 0]
    rows, columns = np.mgrid[: weights.shape[1], : weights.shape[2]]
    total = weights.sum(axis=(1, 2))
    return np.stack([(weights * axis).sum(axis=(1, 2)) / total for axis in (rows, columns)], 1)


def test_an_affine_map_with_no_room_changes_nothing():
    image = blob()
    same = random_affine(image, scale=0, squeeze=0, shear=0, shift=0)
    assert np.allclose(same.numpy(), image.numpy(), atol=1e-5)


def test_each_image_gets_a_shift_of_its_own_within_the_bound():
    paddle.seed(0)
    images = paddle.concat([blob()] * 200)
    moved = centres(random_affine(images, scale=0, squeeze=0, shear=0, shift=2.0)) - (16, 12)
    assert np.abs(moved).max() < 2.05
    assert np.abs(moved).max(axis=0) == pytest.approx([2, 2], abs=0.2)
    assert np.unique(moved[:, 0].round(4)).size > 150


def test_the_seed_repeats_the_maps():
    images = paddle.concat([blob()] * 5)
    paddle.seed(3)
    first = random_affine(images).numpy()
    paddle.seed(3)
    assert (random_affine(images).numpy() == first).all()
    assert (random_affine(images).numpy() != first).any()
