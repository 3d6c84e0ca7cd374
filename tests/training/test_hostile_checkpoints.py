"""Whatever a checkpoint's file holds: it runs nothing, and is taken whole or refused whole."""

import hashlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import paddle
import pytest
from paddle import nn
from test_checkpoint import Stop, run, small_net, stop_after, weights

from course_utils.runtime import REPO
from course_utils.training import sealed
from course_utils.training.checkpoint import CheckpointError


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The bytes of a checkpoint after two passes of ``run(epochs=2)``."""
    path = tmp_path_factory.mktemp("good") / "run.ckpt"
    run(path, epochs=2)
    return path.read_bytes()


def _sealed(content):
    digest = hashlib.sha256(content).hexdigest()
    return f"classic-cnn-course checkpoint 1 {digest}\n".encode() + content


def _random_state():
    return [generator.__getstate__() for generator in paddle.get_rng_state()]


def refusal(path, content, **changes):
    """The sentence that a file is refused with, after which all is as it was."""
    path.write_bytes(content)
    net = changes.pop("net", None) or small_net()
    paddle.seed(7)
    before = weights(net), _random_state(), np.random.get_state()[1].tolist()
    with pytest.raises(CheckpointError) as caught:
        run(path, net, **{"epochs": 2, **changes})
    np.testing.assert_array_equal(weights(net), before[0])
    assert (_random_state(), np.random.get_state()[1].tolist()) == before[1:]
    assert path.read_bytes() == content
    said = str(caught.value)
    assert "\n" not in said and said.endswith(".") and str(path) in said and len(said) < 500
    return said.removeprefix(str(path))


def test_what_was_written_is_what_is_read(good, tmp_path):
    path = tmp_path / "run.ckpt"
    path.write_bytes(good)
    state, arrays = sealed.read(path)
    assert sealed.pack(state, arrays) == good
    net, _ = run(path, epochs=2)
    np.testing.assert_array_equal(weights(net), weights(run(epochs=2)[0]))


# --- 180 corrupted files ---


@pytest.mark.parametrize("seed", range(100))
def test_a_flipped_byte_is_seen(good, tmp_path, seed):
    draw = np.random.default_rng(seed)
    content = bytearray(good)
    # A tenth of them in the head, whose bytes are few.
    content[draw.integers(0, 100 if seed % 10 == 0 else len(good))] ^= draw.integers(1, 256)
    assert refusal(tmp_path / "run.ckpt", bytes(content))


@pytest.mark.parametrize("seed", range(50))
def test_a_cut_is_seen(good, tmp_path, seed):
    last = np.random.default_rng(seed).integers(0, 200 if seed % 5 == 0 else len(good))
    assert refusal(tmp_path / "run.ckpt", good[:last])


@pytest.mark.parametrize("seed", range(20))
def test_appended_bytes_are_seen(good, tmp_path, seed):
    draw = np.random.default_rng(seed)
    more = good if seed == 0 else draw.bytes(draw.integers(1, 1000))
    assert "damaged" in refusal(tmp_path / "run.ckpt", good + more)


def _savez(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "b")
    return buffer.getvalue()


OTHER_FILES = {
    "empty": b"",
    "a line": b"\n",
    "text": "检查点\n".encode(),
    "zeros": bytes(5000),
    "JSON": b'{"settings": {}}',
    "a notebook": (REPO / "notebooks" / "6.0_start.ipynb").read_bytes(),
    "a picture": (REPO / "data" / "photos" / "chelsea.png").read_bytes(),
    "a zip": _zip(),
    "arrays": _savez(a=np.zeros(3)),
    "a head alone": b"classic-cnn-course checkpoint 1 " + b"0" * 64 + b"\n",
}


@pytest.mark.parametrize("content", OTHER_FILES.values(), ids=OTHER_FILES)
def test_another_file_is_refused(tmp_path, content):
    assert refusal(tmp_path / "run.ckpt", content)


def test_a_folder_and_a_device_are_refused(tmp_path):
    for path in (tmp_path, "/dev/null", "/dev/zero"):
        with pytest.raises(CheckpointError, match="is no file; name a file"):
            run(path)


def test_another_version_is_named(good, tmp_path):
    head, rest = good.split(b"\n", 1)
    content = head.replace(b" 1 ", b" 2 ") + b"\n" + rest
    assert "version 2" in refusal(tmp_path / "run.ckpt", content)


# --- pickles ---


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_a_pickle_is_not_run(tmp_path):
    witness = tmp_path / "witness"
    evil = Evil(f"touch {witness}")
    for content in (pickle.dumps(evil), pickle.dumps({"settings": evil}), pickle.dumps(evil, 0)):
        assert "is not a checkpoint" in refusal(tmp_path / "run.ckpt", content)
    assert not witness.exists()


def test_a_pickle_under_a_right_checksum_is_not_run(good, tmp_path):
    witness = tmp_path / "witness"
    evil = pickle.dumps(Evil(f"touch {witness}"))
    arrays = _savez(a=np.array([Evil(f"touch {witness}")], dtype=object))
    state = good.split(b"\n")[1]
    for content in (evil, state + b"\n" + evil, state + b"\n" + arrays):
        assert refusal(tmp_path / "run.ckpt", _sealed(content))
    assert not witness.exists()


def test_a_checkpoint_of_an_earlier_version_gets_one_sentence(tmp_path):
    buffer = io.BytesIO()
    paddle.save({"settings": {}, "net": small_net().state_dict()}, buffer)
    said = refusal(tmp_path / "run.ckpt", buffer.getvalue())
    assert "a pickle, as earlier versions of this course wrote them" in said


# --- malformed states under a right checksum ---


def _set(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(state, arrays):
        for key in keys:
            state = state[key]
        state[last] = value

    return change


def _drop(*keys):
    *keys, last = keys

    def change(state, arrays):
        for key in keys:
            state = state[key]
        del state[last]

    return change


def _array(name, function):
    def change(state, arrays):
        arrays[name] = function(arrays[name])

    return change


def _filled(value):
    def fill(array):
        array = array.copy()
        array.flat[-1] = value
        return array

    return fill


def _without(prefix):
    def change(state, arrays):
        for name in [name for name in arrays if name.startswith(prefix)]:
            del arrays[name]

    return change


def _engine(change):
    def changed(state, arrays):
        state["random"][0][3] = change(state["random"][0][3])

    return changed


WEIGHT, MOMENT = "net.1.weight", "optimizer.0:_moment1_0"
CHANGES = {
    "NaN weights": (_array(WEIGHT, _filled(np.nan)), "not finite"),
    "infinite weights": (_array(WEIGHT, _filled(np.inf)), "not finite"),
    "NaN moments": (_array(MOMENT, _filled(np.nan)), "not finite"),
    "weights turned": (_array(WEIGHT, np.transpose), "other weights"),
    "weights flat": (_array(WEIGHT, np.ravel), "other weights"),
    "weights of one number": (_array(WEIGHT, lambda a: a[:1, :1]), "other weights"),
    "weights in float64": (_array(WEIGHT, lambda a: a.astype("float64")), "float64"),
    "weights as integers": (_array(WEIGHT, lambda a: a.astype("int32")), "int32"),
    "weights missing": (_without(WEIGHT), "other weights"),
    "all weights missing": (_without("net."), "other weights"),
    "moments turned": (_array(MOMENT, np.transpose), "float32"),
    "moments in float16": (_array(MOMENT, lambda a: a.astype("float16")), "float16"),
    "a moment missing": (_without(MOMENT), "lacks"),
    "a weight's moments missing": (_without("optimizer.0:"), "lacks"),
    "all moments missing": (_without("optimizer."), "lacks"),
    "more weights": (lambda s, a: a.update({"net.9": a[WEIGHT]}), "other weights"),
    "more moments": (lambda s, a: a.update({"optimizer.9:_moment1_0": a[WEIGHT]}), "lacks"),
    "other arrays": (lambda s, a: a.update(evil=a[WEIGHT]), "lacks"),
    "no settings": (_drop("settings"), "no settings"),
    "settings in a list": (_set("settings", []), "no settings"),
    "no epochs": (_drop("epochs"), "epochs"),
    "no random state": (_drop("random"), "random"),
    "no order": (_drop("draw"), "draw"),
    "no schedule": (_drop("schedule"), "schedule"),
    "no scaler": (_drop("scaler"), "scaler"),
    "more state": (_set("evil", 1), "evil"),
    "other data": (_set("settings", "data", "cifar-10"), "another run: data is 'cifar-10' there"),
    "another network": (_set("settings", "network", "Net"), "another run"),
    "fewer settings": (_drop("settings", "seed"), "another run: seed"),
    "more settings": (_set("settings", "evil", 1), "another run: it has a setting 'evil'"),
    "a long setting": (_set("settings", "seed", "x\n" * 10_000), "another run"),
    "no passes": (_set("epochs", []), "one entry a pass"),
    "epochs as a number": (_set("epochs", 2), "one entry a pass"),
    "epochs as a dict": (_set("epochs", {}), "one entry a pass"),
    "an epoch as a word": (_set("epochs", 0, "first"), "not like"),
    "an epoch without loss": (_drop("epochs", 0, "train_loss"), "lacks"),
    "a loss as a word": (_set("epochs", 0, "train_loss", "low"), "not like"),
    "a loss as a list": (_set("epochs", 0, "train_loss", [1.0]), "not like"),
    "an error that is true": (_set("epochs", 0, "test_error", True), "not like"),
    "an infinite loss": (_set("epochs", 0, "train_loss", "1e999"), "not like"),
    "passes in disorder": (lambda s, a: s["epochs"].reverse(), "numbered"),
    "a pass forgotten": (_drop("epochs", 0), "numbered"),
    "too many passes": (lambda s, a: s["epochs"].extend(s["epochs"] * 2), "one entry a pass"),
    "a schedule elsewhere": (_set("schedule", "last_epoch", 4), "4 steps, not 8"),
    "a schedule of half steps": (_set("schedule", "last_epoch", 8.0), "not like"),
    "a schedule without rate": (_drop("schedule", "last_lr"), "lacks"),
    "a rate as a word": (_set("schedule", "last_lr", "0.1"), "not like"),
    "a scaler for another machine": (_set("scaler", {"scale": [1.0]}), "lacks"),
    "an order of another kind": (_set("draw", "bit_generator", "MT19937"), "NumPy"),
    "an order below zero": (_set("draw", "state", "state", -1), "NumPy"),
    "an order beyond its range": (_set("draw", "state", "state", 2**200), "NumPy"),
    "an order as a word": (_set("draw", "state", "state", "1"), "not like"),
    "an order without state": (_drop("draw", "state"), "lacks"),
    "trained weights as a number": (_set("trained", 1), "weights that there are not"),
    "an optimizer that did nothing": (
        lambda s, a: (s.update(trained=[]), _without("optimizer.")(s, a)),
        "trained nothing",
    ),
    "trained weights beyond": (_set("trained", [99]), "weights that there are not"),
    "trained weights twice over": (_set("trained", [[0]]), "weights that there are not"),
    "two devices": (lambda s, a: s["random"].extend(s["random"]), "parts"),
    "no device": (_set("random", []), "parts"),
    "a device that is not there": (_set("random", 0, 0, 3), "Paddle"),
    "a seed below zero": (_set("random", 0, 1, -1), "Paddle"),
    "a seed beyond its range": (_set("random", 0, 1, 2**70), "Paddle"),
    "a seed as a word": (_set("random", 0, 1, "1"), "not like"),
    "random numbers of no words": (_engine(lambda text: ""), "Paddle"),
    "random numbers as words": (_engine(lambda text: "one two"), "Paddle"),
    "too few random numbers": (_engine(lambda text: text[:500]), "Paddle"),
    "too many random numbers": (_engine(lambda text: text + " 1"), "Paddle"),
    "random numbers beyond the last": (
        _engine(lambda text: text.rsplit(" ", 1)[0] + " 999999999"),
        "Paddle",
    ),
    "random numbers in a list": (_set("random", 0, 3, [1, 2]), "not like"),
}


@pytest.mark.parametrize("change, said", CHANGES.values(), ids=CHANGES)
def test_a_malformed_state_is_refused_whole(tmp_path, change, said):
    path = tmp_path / "run.ckpt"
    run(path, epochs=2, notes={"data": "mnist"})
    state, arrays = sealed.read(path)
    change(state, arrays)
    words = refusal(path, sealed.pack(state, arrays), notes={"data": "mnist"})
    assert said in words


NO_STATES = {
    "nothing": b"",
    "no arrays": b"{}\n",
    "no JSON": b"{state\n",
    "deep JSON": b"[" * 100_000 + b"\n",
    "long numbers": b"9" * 10_000 + b"\n",
    "a head beyond the file": b"{}\n" + b"\xff" * 8 + b"{}",
    "a head of no JSON": b"{}\n" + (3).to_bytes(8, "little") + b"{{{",
    "a head of another type": b"{}\n" + (9).to_bytes(8, "little") + b'{"a": []}',
}


@pytest.mark.parametrize("content", NO_STATES.values(), ids=NO_STATES)
def test_what_is_no_state_is_refused_though_its_checksum_is_right(tmp_path, content):
    assert refusal(tmp_path / "run.ckpt", _sealed(content))


@pytest.mark.parametrize("state", [None, [], 1, "state", {}])
def test_a_state_of_another_type_is_refused(good, tmp_path, state):
    path = tmp_path / "run.ckpt"
    path.write_bytes(good)
    _, arrays = sealed.read(path)
    assert "damaged" in refusal(path, sealed.pack(state, arrays))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(good, tmp_path, number):
    path = tmp_path / "run.ckpt"
    path.write_bytes(good)
    state, _ = sealed.read(path)
    loss = json.dumps(state["epochs"][0]["train_loss"])
    content = good.split(b"\n", 1)[1].replace(loss.encode(), number.encode(), 1)
    assert "its curve, 0, train_loss is" in refusal(path, _sealed(content))


def test_a_file_of_another_optimizer_or_network_is_refused(good, tmp_path):
    path = tmp_path / "run.ckpt"
    said = refusal(path, good, optimizer=paddle.optimizer.Momentum)
    assert "optimizer is 'AdamW' there and 'Momentum' here" in said
    wider = nn.Sequential(nn.Flatten(), nn.Linear(16, 9), nn.Dropout(0.5), nn.Linear(9, 3))
    assert "other weights" in refusal(path, good, net=wider)


@pytest.mark.parametrize("name", ["AdamW", "Momentum", "SGD", "Adam", "RMSProp", "Adagrad"])
def test_every_optimizer_goes_on_with_the_same_result(tmp_path, monkeypatch, name):
    optimizer = getattr(paddle.optimizer, name)
    whole, _ = run(optimizer=optimizer)
    with monkeypatch.context() as patched:
        stop_after(patched, 2)
        with pytest.raises(Stop):
            run(tmp_path / "run.ckpt", optimizer=optimizer)
    resumed, _ = run(tmp_path / "run.ckpt", optimizer=optimizer)
    np.testing.assert_array_equal(weights(resumed), weights(whole))
