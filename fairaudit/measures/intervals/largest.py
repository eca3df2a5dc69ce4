"""The largest of several contrasts, with an interval that keeps its level however many are compared.

A contrast is a sum of contributions of independent units (images, or clusters of them). As for gaps of rates
(`simultaneous`), the end that proves an effect must hold for all contrasts at once: it uses the quantile of the largest
of correlated normal variables with the contributions' own correlation (a Gaussian multiplier bootstrap: Chernozhukov,
Chetverikov and Kato, 2013). The end that proves its absence has to hold only for the contrast that is truly largest,
whichever it is, so it is the largest of the ordinary ends (intersection-union). Both use Student's tails, with as many
units as the smallest cell behind a contrast has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.distributions import normal_sf, student_isf
from fairaudit.measures.intervals.proportion import normal_quantile
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]

DRAWS = 8000
"""Normal vectors behind a simultaneous quantile."""
SIGNS = 1999
"""Draws of signs behind a p value."""
BLOCKS = 4096
"""Units turn their signs by themselves up to this many, in as many blocks beyond."""
_CHUNK = 2**22


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasts:
    """Several contrasts of the same units."""

    value: Floats
    """`[contrast]` estimates."""
    parts: Floats
    """`[unit, contrast]` centred contributions; their squares add up to the estimates' variances."""
    raw: Floats
    """`[unit, contrast]` contributions as they are, which add up to the estimates."""
    units: Floats
    """`[contrast]` units in the smallest cell behind each."""
    worth: Floats
    """`[contrast]` units that a plain mean would need to be as certain."""
    room: Floats
    """`[contrast]` effect that units without any may still hide; no high end is below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """The largest contrast."""

    value: float
    """Its estimate (its size where sizes are compared)."""
    low: float
    """Lower end, simultaneous over all contrasts."""
    high: float
    """Upper end: no contrast is larger."""
    at: int
    """Which contrast is largest."""
    limiting: int
    """Which leaves most room."""


def largest(contrasts: Contrasts, *, level: float, generator: np.random.Generator, size: bool = True) -> Largest | None:
    """The largest contrast with its interval; None where every contrast rests on a cell of fewer than two units.

    Args:
        contrasts: estimates and contributions.
        level: coverage.
        generator: source of the draws.
        size: whether the largest in size is looked for, or the largest as signed.

    >>> parts = np.array([[-1.0], [1.0], [-1.0], [1.0]]) / 40
    >>> four = np.array([4.0])
    >>> one = Contrasts(value=np.array([0.5]), parts=parts, raw=parts, units=four, worth=four, room=np.zeros(1))
    >>> found = largest(one, level=0.95, generator=np.random.default_rng(0))
    >>> round(found.low, 3), round(found.high, 3)  # 0.5 ∓ 3.182 · 0.05
    (0.341, 0.659)
    """
    usable = np.flatnonzero(contrasts.units >= 2)
    if not len(usable):
        return None
    value = contrasts.value[usable]
    estimate = np.abs(value) if size else value
    error = np.sqrt((contrasts.parts[:, usable] ** 2).sum(axis=0))
    freedom = contrasts.units[usable] - 1
    tail = normal_sf(_all_at_once(contrasts.parts[:, usable], error, level=level, generator=generator))
    lows = estimate - student_isf(tail, freedom) * error
    highs = np.maximum(estimate + student_isf((1 - level) / 2, freedom) * error, contrasts.room[usable])
    at, widest = int(np.argmax(estimate)), int(np.argmax(highs))
    low = float(lows.max())
    return Largest(
        value=float(estimate[at]),
        low=max(low, 0.0) if size else low,
        high=float(highs[widest]),
        at=int(usable[at]),
        limiting=int(usable[widest]),
    )


def exchanged(contrasts: Contrasts, *, generator: np.random.Generator, size: bool = True) -> float:
    """The p value against no effect: the signs of whole units' contributions are turned at random.

    For a contrast between two arms of the same unit this is the exchange of the arms. The statistic is the largest
    studentised contrast. NaN where no contrast varies.

    Args:
        contrasts: estimates and contributions.
        generator: source of the signs.
        size: whether sizes are compared.
    """
    error = np.sqrt((contrasts.parts**2).sum(axis=0))
    there = np.flatnonzero((error > 0) & (contrasts.units >= 2))
    if not len(there):
        return float("nan")
    scaled = contrasts.raw[:, there] / error[there]
    blocks = scaled
    if len(scaled) > BLOCKS:
        blocks = np.zeros((BLOCKS, len(there)))
        np.add.at(blocks, generator.permutation(len(scaled)) % BLOCKS, scaled)
    observed = _most((contrasts.value[there] / error[there])[None], size=size)[0]
    extreme, step = 0, max(1, _CHUNK // len(blocks))
    for start in range(0, SIGNS, step):
        signs = generator.integers(0, 2, (min(step, SIGNS - start), len(blocks)), dtype=np.int8) * 2.0 - 1.0
        extreme += int((_most(signs @ blocks, size=size) >= observed - 1e-12).sum())
    return (1 + extreme) / (1 + SIGNS)


def unseen(units: Floats, *, level: float) -> Floats:
    """The share of units that may behave otherwise where none of so many did: 1 − ((1 − level)/2)^(1/n).

    >>> unseen(np.array([10.0, 100.0]), level=0.95).round(3).tolist()
    [0.308, 0.036]
    """
    return np.asarray(1 - ((1 - level) / 2) ** ratio(1.0, units), np.float64)


def _most(values: Floats, *, size: bool) -> Floats:
    return np.asarray((np.abs(values) if size else values).max(axis=1), np.float64)


def _all_at_once(parts: Floats, error: Floats, *, level: float, generator: np.random.Generator) -> float:
    """The q that no size of correlated standard normal variables exceeds with probability `level`."""
    there = error > 0
    plain = float(normal_quantile(level))
    if there.sum() < 2:
        return plain
    scaled = parts[:, there] / error[there]
    if len(scaled) > scaled.shape[1]:
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        scaled = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    draws = [
        np.abs(generator.standard_normal((min(1000, DRAWS - start), len(scaled))) @ scaled).max(axis=1)
        for start in range(0, DRAWS, 1000)
    ]
    return max(plain, float(np.quantile(np.concatenate(draws), level)))
