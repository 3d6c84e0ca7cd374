"""The state of the random numbers, Paddle's and NumPy's, as JSON and back."""

import paddle


def paddle_state():
    """Paddle's random state as JSON can hold it: one list a device."""
    return [_as_json(generator) for generator in paddle.get_rng_state()]


def paddle_generators(state):
    """What ``paddle.set_rng_state`` takes, made of a ``paddle_state`` and set nowhere yet.

    Raises:
        ValueError: no state of the generators that this process has.
    """
    own = paddle.get_rng_state()
    try:
        return [_generator(saved, like) for saved, like in zip(state, own, strict=True)]
    except (TypeError, ValueError, AttributeError, IndexError, RuntimeError):
        raise ValueError("it is no state of Paddle's random numbers here") from None


def verify_numpy_state(bit_generator, state):
    """Raise a ValueError unless the state is one that this kind of bit generator can have."""
    twin = type(bit_generator)(0)
    try:
        twin.state = state
        taken = twin.state == state
    except (TypeError, ValueError, KeyError, OverflowError):
        taken = False
    if not taken:
        raise ValueError("it is no state of NumPy's random numbers")


# Paddle can pickle a generator's state: (device, seed, offset), on a CPU also the text of a
# Mersenne twister: 312 words, then the place of the next one.


def _as_json(generator):
    *numbers, engine = (*generator.__getstate__(), None)[:4]
    return [*numbers, None if engine is None else bytes(engine).decode()]


def _generator(saved, like):
    device, seed, offset, engine = saved
    texts = () if engine is None else (list(engine.encode()),)
    generator = type(like).__new__(type(like))
    generator.__setstate__((device, seed, offset, *texts))
    # Paddle takes any text and any place, even one beyond the last word.
    complete = engine is None or 0 <= int(engine.split()[-1]) <= 312
    if not complete or _as_json(generator) != saved or device != like.__getstate__()[0]:
        raise ValueError
    return generator
