"""The state of a training run in one file, written whole or not at all.

The file holds JSON and numbers (see ``sealed``), no pickle: whoever wrote it, nothing in it is
run, and all of it is looked at before any of it is used.
"""

import math
import reprlib
from pathlib import Path

import numpy as np
import paddle
from paddle.nn.initializer import Constant
from paddle.utils import unique_name

from ..files import write_whole
from . import randomness, sealed
from .history import ENTRY
from .sealed import CheckpointError

_NET, _OPTIMIZER = "net.", "optimizer."


class Checkpoint:
    """Saves what a run needs to go on exactly as if it had never stopped.

    That is: weights, optimizer, learning rate, order of the images, Paddle's random numbers and
    the curve so far.

    Args:
        path: the file, or None for a run that is not to be resumed.
        net, optimizer, scaler: of the run; the scaler is Paddle's, for mixed precision.
        schedule: Paddle's, of the optimizer's learning rate; it has gone ``steps`` a pass.
        draw: the NumPy Generator that orders the images.
        history: the run's History; its settings tell one run from another.
    """

    def __init__(self, path, net, optimizer, schedule, steps, scaler, draw, history):
        self.path = None if path is None else Path(path)
        self.net, self.optimizer, self.scaler = net, optimizer, scaler
        self.schedule, self.steps = schedule, steps
        self.draw, self.history = draw, history
        self.settings = sealed.as_read(history.settings)

    def resume(self):
        """Put everything back as it was after the last whole pass, if the file exists.

        Returns:
            bool: whether it did.

        Raises:
            CheckpointError: the file is no checkpoint, or one of another run; nothing has been
                changed.
        """
        if self.path is None or not self.path.exists():
            return False
        state, arrays = sealed.read(self.path)
        self._verify_run(state, arrays)
        try:
            generators = self._verified(state, arrays)
        except ValueError as error:
            raise CheckpointError(
                f"{self.path} is damaged: {error}; name another file or delete it."
            ) from None
        self.net.set_state_dict(_tensors(arrays, _NET))
        self.optimizer.set_state_dict(
            self._by_name(_tensors(arrays, _OPTIMIZER)) | {"LR_Scheduler": state["schedule"]}
        )
        self.scaler.load_state_dict(state["scaler"])
        self.draw.bit_generator.state = state["draw"]
        paddle.set_rng_state(generators)
        self.history.epochs[:] = state["epochs"]
        return True

    def save(self):
        """Write the state after a pass; a crash half way leaves the file before it as it was.

        Raises:
            FileError: the disk is full or the folder cannot be written.
        """
        if self.path is None:
            return
        arrays = _arrays(self.net.state_dict(), _NET) | _arrays(self._accumulated(), _OPTIMIZER)
        write_whole(self.path, sealed.pack(self._state(), arrays))

    def _accumulated(self):
        """The optimizer's tensors, by the places of the weights that they belong to."""
        state = self._by_place(self.optimizer.state_dict())
        del state["LR_Scheduler"]
        return state

    def _state(self):
        scaler = self.scaler.state_dict()
        if scaler:
            scaler["scale"] = scaler["scale"].tolist()
        return {
            "settings": self.settings,
            "epochs": self.history.epochs,
            # Of a weight that the loss has never reached, the optimizer keeps nothing.
            "trained": sorted({int(name.split(":")[0]) for name in self._accumulated()}),
            "schedule": self.schedule.state_dict(),
            "scaler": scaler,
            "draw": self.draw.bit_generator.state,
            "random": randomness.paddle_state(),
        }

    def _verify_run(self, state, arrays):
        """Raise a CheckpointError unless the file was written by this run."""
        if not isinstance(state, dict) or not isinstance(state.get("settings"), dict):
            raise CheckpointError(
                f"{self.path} is damaged: it has no settings; name another file or delete it."
            )
        here, there = self.settings, state["settings"]
        for name in here:
            if here[name] != there.get(name):
                raise CheckpointError(
                    f"{self.path} belongs to another run: {name} is "
                    f"{reprlib.repr(there.get(name))} there and {reprlib.repr(here[name])} "
                    f"here; name another file or delete it."
                )
        for name in there.keys() - here.keys():
            raise CheckpointError(
                f"{self.path} belongs to another run: it has a setting {reprlib.repr(name)}, which "
                f"there is not here; name another file or delete it."
            )
        own = {_NET + name: list(weight.shape) for name, weight in self.net.state_dict().items()}
        if own != {n: list(a.shape) for n, a in arrays.items() if n.startswith(_NET)}:
            raise CheckpointError(
                f"{self.path} belongs to a network with other weights; name another file or delete "
                f"it."
            )

    def _verified(self, state, arrays):
        """The generators of Paddle's random numbers in a state; ValueError if anything is wrong."""
        own = self._state()
        _verify_keys("its state", state, own)
        for name in ("schedule", "scaler", "draw", "random"):
            _verify_like(name, state[name], own[name])
        self._verify_passes(state["epochs"], state["schedule"])
        randomness.verify_numpy_state(self.draw.bit_generator, state["draw"])
        _verify_arrays(arrays, self._expected(state["trained"]))
        return randomness.paddle_generators(state["random"])

    def _verify_passes(self, epochs, schedule):
        if not isinstance(epochs, list) or not 1 <= len(epochs) <= self.settings["epochs"]:
            raise ValueError("its curve does not have one entry a pass")
        _verify_like("its curve", epochs, [ENTRY] * len(epochs))
        if [entry["epoch"] for entry in epochs] != list(range(1, len(epochs) + 1)):
            raise ValueError("the passes of its curve are not numbered from 1 on")
        if schedule["last_epoch"] != len(epochs) * self.steps:
            raise ValueError(
                f"its learning rate has gone {schedule['last_epoch']} steps, not "
                f"{len(epochs) * self.steps}"
            )

    def _expected(self, trained):
        """{name: (shape, dtype)} of the arrays of this run, the places of weights given."""
        expected = {_NET + name: _form(weight) for name, weight in self.net.state_dict().items()}
        weights = self.net.parameters()
        kept = _accumulators(type(self.optimizer))
        places = [*range(len(weights))]
        if kept and not trained:
            raise ValueError("its optimizer has trained nothing")
        if not isinstance(trained, list) or any(n not in places for n in trained):
            raise ValueError(f"it names weights that there are not: {reprlib.repr(trained)}")
        for place in map(int, trained):
            shape, dtype = _form(weights[place])
            for kind, one_number in kept.items():
                expected[f"{_OPTIMIZER}{place}:{kind}"] = [1] if one_number else shape, dtype
        return expected

    # Paddle files an optimizer's state under its parameters' names, which count the layers made
    # so far in the process; their place in the network is the same in every process.

    def _by_place(self, state):
        places = {p.name: f"{place}:" for place, p in enumerate(self.net.parameters())}
        return {_renamed(key, places): value for key, value in state.items()}

    def _by_name(self, state):
        names = {f"{place}:": p.name for place, p in enumerate(self.net.parameters())}
        return {_renamed(key, names): value for key, value in state.items()}


def _accumulators(kind):
    """{name: whether it is one number} of what a class of optimizers keeps for each weight.

    An optimizer makes them in its first step, so one takes a step here.
    """
    with unique_name.guard():
        weight = paddle.create_parameter([2], "float32", default_initializer=Constant(0.0))
        weight.sum().backward()
        twin = kind(learning_rate=1.0, parameters=[weight])
        twin.step()
        return {
            name.removeprefix(weight.name): list(value.shape) != [2]
            for name, value in twin.state_dict().items()
        }


def _verify_like(name, value, pattern):
    """Raise a ValueError unless a value has the pattern's types and keys, and finite numbers."""
    number = type(pattern) is float and type(value) is int
    if type(value) is not type(pattern) and not number:
        raise ValueError(f"{name} is {reprlib.repr(value)}, not like {reprlib.repr(pattern)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}")
    if isinstance(value, dict):
        _verify_keys(name, value, pattern)
        for key, part in pattern.items():
            _verify_like(f"{name}, {key}", value[key], part)
    if isinstance(value, list):
        if len(value) != len(pattern):
            raise ValueError(f"{name} has {len(value)} parts, not {len(pattern)}")
        for place, (one, part) in enumerate(zip(value, pattern, strict=True)):
            _verify_like(f"{name}, {place}", one, part)


def _verify_keys(name, value, pattern):
    odd = sorted(value.keys() ^ pattern.keys())
    if odd:
        raise ValueError(f"{name} lacks or should not have {reprlib.repr(odd[0])}")


def _verify_arrays(arrays, expected):
    _verify_keys("it", arrays, expected)
    for name, (shape, dtype) in expected.items():
        array = arrays[name]
        if (list(array.shape), array.dtype) != (shape, dtype):
            raise ValueError(f"{name} is {array.dtype} {list(array.shape)}, not {dtype} {shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} has numbers that are not finite")


def _form(tensor):
    return list(tensor.shape), tensor.numpy().dtype


def _arrays(tensors, prefix):
    return {prefix + name: tensor.numpy() for name, tensor in tensors.items()}


def _tensors(arrays, prefix):
    return {
        name.removeprefix(prefix): paddle.to_tensor(array)
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def _renamed(key, prefixes):
    return next(
        (new + key[len(old) :] for old, new in prefixes.items() if key.startswith(old)), key
    )
