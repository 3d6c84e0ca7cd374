"""Shifts every seed: what then changes depends on the seed, and must not be asserted or stored.

A plug-in of pytest (``-p other_seed``) and a start-up file of IPython; see ``elsewhere.py``.
Further processes that these start keep the usual seeds.
"""

import numpy as np

import course_utils  # noqa: F401  (prepares the machine before Paddle is imported)

import paddle  # isort: skip

SHIFT = 1_000


def shifted(seeded):
    """The same function, but that a seed given as a number is another one."""

    def with_another_seed(seed=None):
        return seeded(seed + SHIFT if isinstance(seed, int) else seed)

    return with_another_seed


paddle.seed = shifted(paddle.seed)
np.random.seed = shifted(np.random.seed)
np.random.default_rng = shifted(np.random.default_rng)
