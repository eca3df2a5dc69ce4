"""Random generators from one seed and a name: no global state, and a new consumer changes no other draws."""

from __future__ import annotations

import hashlib

import numpy as np


def child_seed(seed: int, *names: str | int) -> int:
    """A 63-bit seed that depends on the seed and on every name, in order.

    >>> child_seed(0, "plan") == child_seed(0, "plan"), child_seed(0, "plan") == child_seed(1, "plan")
    (True, False)
    """
    text = "\x1f".join([str(int(seed)), *(str(name) for name in names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """A NumPy generator of its own for the named use."""
    return np.random.default_rng(child_seed(seed, *names))
