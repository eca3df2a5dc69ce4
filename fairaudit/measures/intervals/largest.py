"""The largest of several contrasts, with an interval that keeps its level however many are compared.

A contrast is a sum of contributions of independent units (images, or clusters of them). As for gaps of rates
(`simultaneous`), the end that proves an effect must hold for all contrasts at once: it uses the quantile of the largest
of correlated normal variables with the contributions' own correlation (a Gaussian multiplier bootstrap: Chernozhukov,
Chetverikov and Kato, 2013). The end that proves its absence has to hold only for the contrast that is truly largest,
whichever it is, so it is the largest of the ordinary ends (intersection-union). Both use Student's tails, with as many
units as the smallest cell behind a contrast has. The p value is the interval turned around: the level at which the
proving end would lie at 0. (Turning signs of units at random is too sure of itself where cells have few of them.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.distributions import normal_isf, normal_sf, student_isf, student_sf
from fairaudit.measures.intervals.proportion import normal_quantile
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]

DRAWS = 8000
"""Normal vectors behind a simultaneous quantile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrasts:
    """Several contrasts of the same units."""

    value: Floats
    """`[contrast]` estimates."""
    parts: Floats
    """`[unit, contrast]` centred contributions; their squares add up to the estimates' variances."""
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
    p_value: float
    """Against no effect at all; NaN where no contrast varies."""


def largest(contrasts: Contrasts, *, level: float, generator: np.random.Generator, size: bool = True) -> Largest | None:
    """The largest contrast with its interval; None where every contrast rests on a cell of fewer than two units.

    Args:
        contrasts: estimates and contributions.
        level: coverage.
        generator: source of the draws.
        size: whether the largest in size is looked for, or the largest as signed.

    >>> parts = np.array([[-1.0], [1.0], [-1.0], [1.0]]) / 40
    >>> four = np.array([4.0])
    >>> one = Contrasts(value=np.array([0.5]), parts=parts, units=four, worth=four, room=np.zeros(1))
    >>> found = largest(one, level=0.95, generator=np.random.default_rng(0))
    >>> round(found.low, 3), round(found.high, 3)  # 0.5 ∓ 3.182 · 0.05
    (0.341, 0.659)
    >>> round(found.p_value, 5)  # of a t of 10 with three degrees of freedom
    0.00213
    """
    usable = np.flatnonzero(contrasts.units >= 2)
    if not len(usable):
        return None
    value = contrasts.value[usable]
    estimate = np.abs(value) if size else value
    error = np.sqrt((contrasts.parts[:, usable] ** 2).sum(axis=0))
    freedom = contrasts.units[usable] - 1
    most = _most(contrasts.parts[:, usable], error, generator=generator)
    plain = float(normal_quantile(level))
    tail = normal_sf(plain if most is None else max(plain, float(np.quantile(most, level))))
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
        p_value=_p_value(estimate, error, freedom, most),
    )


def unseen(units: Floats, *, level: float) -> Floats:
    """The share of units that may behave differently although none of this many did: 1 − ((1 − level)/2)^(1/n).

    >>> unseen(np.array([10.0, 100.0]), level=0.95).round(3).tolist()
    [0.308, 0.036]
    """
    return np.asarray(1 - ((1 - level) / 2) ** ratio(1.0, units), np.float64)


def _p_value(estimate: Floats, error: Floats, freedom: Floats, most: Floats | None) -> float:
    """How often the largest of correlated normal variables is as large as the largest estimate, Student's tails normal.

    No smaller than 1 / (`DRAWS` + 1) where there are several contrasts.
    """
    there = error > 0
    if not there.any():
        return float("nan")
    observed = float(np.max(normal_isf(student_sf(estimate[there] / error[there], freedom[there]))))
    if most is None:
        return min(1.0, max(2 * float(normal_sf(observed)), float(np.finfo(np.float64).tiny)))
    return (1 + int((most >= observed).sum())) / (1 + len(most))


def _most(parts: Floats, error: Floats, *, generator: np.random.Generator) -> Floats | None:
    """Draws of the largest size of correlated standard normal variables; None where fewer than two contrasts vary."""
    there = error > 0
    if there.sum() < 2:
        return None
    scaled = parts[:, there] / error[there]
    if len(scaled) > scaled.shape[1]:
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        scaled = (vectors * np.sqrt(np.maximum(values, 0.0))).T
    draws = [
        np.abs(generator.standard_normal((min(1000, DRAWS - start), len(scaled))) @ scaled).max(axis=1)
        for start in range(0, DRAWS, 1000)
    ]
    return np.concatenate(draws)
