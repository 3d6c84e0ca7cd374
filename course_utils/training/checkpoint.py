"""The state of a training run in one file, written whole or not at all.

The file is Paddle's own format, a pickle: resume only from files that you wrote yourself.
"""

from io import BytesIO
from pathlib import Path

import paddle

from ..files import write_whole


class CheckpointError(RuntimeError):
    """A file that is no checkpoint of this run; the message is one sentence for people."""


class Checkpoint:
    """Saves what a run needs to go on exactly as if it had never stopped.

    That is: weights, optimizer, learning rate, order of the images, Paddle's random numbers and
    the curve so far.

    Args:
        path: the file, or None for a run that is not to be resumed.
        net, optimizer, scaler: of the run; the scaler is Paddle's, for mixed precision.
        draw: the NumPy Generator that orders the images.
        history: the run's History; its settings tell one run from another.
    """

    def __init__(self, path, net, optimizer, scaler, draw, history):
        self.path = None if path is None else Path(path)
        self.net, self.optimizer, self.scaler = net, optimizer, scaler
        self.draw, self.history = draw, history

    def resume(self):
        """Put everything back as it was after the last whole pass, if the file exists.

        Raises:
            CheckpointError: the file is no checkpoint, or one of another run.
        """
        if self.path is None or not self.path.exists():
            return
        try:
            state = paddle.load(str(self.path))
            settings = state["settings"]
        except Exception as error:  # an unpickler may raise anything
            raise CheckpointError(
                f"{self.path} is not a checkpoint of this course ({type(error).__name__}); name "
                f"another file or delete it."
            ) from None
        for name, value in self.history.settings.items():
            if settings.get(name) != value:
                raise CheckpointError(
                    f"{self.path} belongs to another run: {name} is {settings.get(name)!r} there "
                    f"and {value!r} here; name another file or delete it."
                )
        if _shapes(state["net"]) != _shapes(self.net.state_dict()):
            raise CheckpointError(
                f"{self.path} belongs to a network with other weights; name another file or delete "
                f"it."
            )
        self.net.set_state_dict(state["net"])
        self.optimizer.set_state_dict(self._by_name(state["optimizer"]))
        self.scaler.load_state_dict(state["scaler"])
        self.draw.bit_generator.state = state["draw"]
        paddle.set_rng_state(state["random"])
        self.history.epochs[:] = state["epochs"]

    def save(self):
        """Write the state after a pass; a crash half way leaves the file before it as it was.

        Raises:
            FileError: the disk is full or the folder cannot be written.
        """
        if self.path is None:
            return
        write_whole(self.path, self._state())

    def _state(self):
        buffer = BytesIO()
        state = {
            "settings": self.history.settings,
            "epochs": self.history.epochs,
            "net": self.net.state_dict(),
            "optimizer": self._by_place(self.optimizer.state_dict()),
            "scaler": self.scaler.state_dict(),
            "draw": self.draw.bit_generator.state,
            "random": paddle.get_rng_state(),
        }
        paddle.save(state, buffer)
        return buffer.getvalue()

    # Paddle files an optimizer's state under its parameters' names, which count the layers made
    # so far in the process; their place in the network is the same in every process.

    def _by_place(self, state):
        places = {p.name: f"{place}:" for place, p in enumerate(self.net.parameters())}
        return {_renamed(key, places): value for key, value in state.items()}

    def _by_name(self, state):
        names = {f"{place}:": p.name for place, p in enumerate(self.net.parameters())}
        return {_renamed(key, names): value for key, value in state.items()}


def _shapes(weights):
    return {name: list(weight.shape) for name, weight in weights.items()}


def _renamed(key, prefixes):
    return next(
        (new + key[len(old) :] for old, new in prefixes.items() if key.startswith(old)), key
    )
