"""Images in folders: read, cropped, labelled; and one sentence for each way to spoil them."""

import subprocess
import sys

import numpy as np
import paddle
import pytest
from PIL import Image

from course_utils.__main__ import main
from course_utils.images import folders
from course_utils.images.folders import FolderError, image_folders
from course_utils.training import loop
from course_utils.training.batches import LoaderBatches
from course_utils.training.history import History

COLOURS = {"blue": (0, 0, 255), "green": (0, 255, 0), "red": (255, 0, 0)}


@pytest.fixture
def pictures(tmp_path):
    """Three colours, eight images of each to train on and two to test with."""
    for split, count in (("train", 8), ("val", 2)):
        for name, colour in COLOURS.items():
            folder = tmp_path / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", (60, 40), colour).save(folder / f"{number}.jpg")
    return tmp_path


def net():
    paddle.seed(0)
    return paddle.nn.Sequential(paddle.nn.Flatten(), paddle.nn.Linear(192, 3))


def fit(folder, **options):
    sets = image_folders(folder, (3, 8, 8))
    options = {"epochs": 3, "batch_size": 5, "progress": False} | options
    trained = net()
    return trained, loop.train(trained, *sets, **options)


def test_labels_are_the_sorted_names_and_images_are_normalised(pictures):
    train, test = image_folders(pictures, (3, 8, 12))
    assert train.classes == test.classes == ["blue", "green", "red"]
    assert (len(train), len(test)) == (24, 6)
    image, label = test[0]
    assert image.shape == (3, 8, 12) and image.dtype == np.float32 and label == 0
    expected = (np.array(COLOURS["blue"]) - folders.MEAN) / folders.DEVIATION
    assert image.mean(axis=(1, 2)) == pytest.approx(expected, abs=0.05)


def test_the_test_image_is_the_middle_and_the_training_image_a_part(pictures):
    picture = np.zeros((56, 112, 3), np.uint8)
    picture[:, 56:] = 255
    for split in ("train", "val"):
        Image.fromarray(picture).save(pictures / split / "blue" / "0.png")
    train, test = image_folders(pictures, (3, 28, 28))
    middle = test[test.samples.index((str(pictures / "val/blue/0.png"), 0))][0]
    assert (middle[:, :, :13] < -1.7).all() and (middle[:, :, 15:] > 2.2).all()
    index = train.samples.index((str(pictures / "train/blue/0.png"), 0))
    assert len({train[index][0].tobytes() for _ in range(8)}) > 3


def test_a_network_of_one_channel_gets_grey(pictures):
    train, _ = image_folders(pictures, (1, 8, 8))
    assert train[0][0].shape == (1, 8, 8)


def test_it_learns_and_repeats_itself(pictures):
    trained, history = fit(pictures, learning_rate=0.01)
    again, _ = fit(pictures, learning_rate=0.01)
    assert history.epochs[-1]["test_error"] == 0
    assert history.settings["train_images"] == 24 and history.settings["workers"] == 0
    np.testing.assert_array_equal(trained[1].weight.numpy(), again[1].weight.numpy())


def train_in_a_process(folder, *words):
    """The command with two workers. Its process is new, since the workers are forked: one that
    runs threads, as a process of browser tests does, could hand them a lock that nobody holds."""
    command = [sys.executable, "-m", "course_utils", "train", "6.1:LeNet5Modern", "--epochs", "2",
               "--input", "1x32x32", "--workers", "2", "--data", str(folder), *words]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_workers_read_ahead_and_repeat_themselves(pictures, tmp_path):
    records = [tmp_path / "first.json", tmp_path / "second.json"]
    for record in records:
        assert train_in_a_process(pictures, "--record", str(record)).returncode == 0
    first, second = map(History.load, records)
    assert first.settings["workers"] == 2 and first.settings["train_images"] == 24
    losses = [[entry["train_loss"] for entry in run.epochs] for run in (first, second)]
    assert losses[0] == losses[1]


def test_a_stopped_run_goes_on_with_the_same_result(pictures, tmp_path, monkeypatch):
    whole, _ = fit(pictures)
    measure, count = loop._test_error, iter(range(2))

    def stopping(*arguments):
        if next(count, None) is None:
            raise KeyboardInterrupt
        return measure(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "_test_error", stopping)
        with pytest.raises(KeyboardInterrupt):
            fit(pictures, checkpoint=tmp_path / "run.ckpt")
    resumed, _ = fit(pictures, checkpoint=tmp_path / "run.ckpt")
    np.testing.assert_array_equal(resumed[1].weight.numpy(), whole[1].weight.numpy())


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_damaged_image_is_named(pictures, split):
    damaged = pictures / split / "red" / "1.jpg"
    damaged.write_bytes(damaged.read_bytes()[:200])
    with pytest.raises(FolderError, match=f"{split}/red/1.jpg cannot be read as an image"):
        fit(pictures)


def test_a_damaged_image_is_named_by_workers_too(pictures):
    damaged = pictures / "train" / "red" / "1.jpg"
    damaged.write_bytes(damaged.read_bytes()[:200])
    ended = train_in_a_process(pictures)
    assert ended.returncode == 2 and "red/1.jpg cannot be read as an image" in ended.stderr


def test_an_image_that_fails_once_is_read_again(pictures, monkeypatch):
    """As on a network drive."""
    train, _ = image_folders(pictures, (3, 8, 8))
    source, load = LoaderBatches(train, 8, workers=0), train.loader
    failures = iter([OSError("stale")])

    def unsteady(path):
        if path.endswith("green/3.jpg") and (failure := next(failures, None)):
            raise failure
        return load(path)

    monkeypatch.setattr(train, "loader", unsteady)
    labels = np.concatenate([labels.numpy() for _, labels in source.in_order()])
    assert next(failures, None) is None
    assert labels.tolist() == train.targets


def remove(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


SPOILT = {
    "no val": (lambda p: remove(p / "val"), "no folder .*val; .* need one folder"),
    "val is a file": (
        lambda p: (remove(p / "val"), (p / "val").write_text("")),
        "no folder .*val;",
    ),
    "no classes": (lambda p: [remove(p / "train" / c) for c in COLOURS], "holds no images"),
    "no images": (
        lambda p: [f.rename(f.with_suffix(".txt")) for f in p.rglob("*.jpg")],
        "holds no images",
    ),
    "an empty class": (
        lambda p: [f.unlink() for f in (p / "train/red").iterdir()],
        "train/red holds no image",
    ),
    "a class only in train": (lambda p: remove(p / "val/red"), "class red in train/ but not"),
    "a class only in val": (lambda p: remove(p / "train/red"), "class red in val/ but not"),
}  # fmt: skip


@pytest.mark.parametrize("spoil, says", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_folder_gets_one_sentence(pictures, spoil, says):
    spoil(pictures)
    with pytest.raises(FolderError, match=says) as caught:
        image_folders(pictures, (3, 8, 8))
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_opened_gets_one_sentence(pictures, monkeypatch):
    def forbidden(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.scandir", forbidden)
    with pytest.raises(FolderError, match=r"train cannot be read \(Permission denied\)"):
        image_folders(pictures, (3, 8, 8))


def test_the_command_gives_the_network_as_many_classes_as_the_folder(pictures, capsys):
    words = ["train", "6.4:GoogLeNet", "--data", str(pictures), "--epochs", "1",
             "--batch-size", "24", "--optimizer", "momentum", "--weight-decay", "2e-4",
             "--workers", "0"]  # fmt: skip
    seen = {}

    def briefly(net, train_set, test_set, *_, **options):
        seen.update(options, logits=net.eval()(paddle.zeros([1, 3, 224, 224])).shape[1])
        raise loop.TrainingError("enough")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "train", briefly)
        assert main(words) == 2
    assert "enough" in capsys.readouterr().err
    assert seen["logits"] == 3 and seen["workers"] == 0 and not seen["mixed"]


def test_the_command_trains_on_a_folder(pictures, capsys, monkeypatch):
    from course_utils import notebooks

    class Net(paddle.nn.Sequential):
        def __init__(self):
            super().__init__(*net().children())

    module = type("Section", (), {"Net": Net})
    monkeypatch.setattr(notebooks, "load_section", lambda section: module)
    words = ["train", "6.9:Net", "--data", str(pictures), "--epochs", "3", "--workers", "0"]
    words += ["--optimizer", "momentum", "--learning-rate", "0.01", "--batch-size", "8"]
    assert main([*words, "--input", "3x8x8"]) == 0
    assert "test error 0.00 %" in capsys.readouterr().out
    assert main(words) == 2
    assert "add --input, like 3x224x224" in capsys.readouterr().err
