"""How many images every group needs for a decision about several rates, foreseen from what all groups show.

Of many groups the two farthest apart look farther apart than they are, and a number made from those two alone is wrong
both ways: where one group differs, the gap that more images show is smaller than the one found, and where all are alike
there is none. So a rate of three groups or more is taken for a sample of a common distribution whose spread the groups
themselves tell (empirical Bayes, Morris 1983, JASA 78: 47–55); two groups tell none, and theirs stand for themselves.
The scale is θ = arcsin √p, on which the error of a rate is known: y = arcsin √((x + ⅜)/(n + ¾)), Var(y | θ) =
1/(4n + 2) (Anscombe 1948, Biometrika 35: 246–254). True rates are drawn from what is known of them, new images from the
true rates, and the gate's own interval from old and new images.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.intervals.power import DECIDES
from fairaudit.measures.intervals.proportion import hybrid_difference, mid_p, normal_quantile
from fairaudit.measures.intervals.proportion import Interval
from fairaudit.measures.intervals.simultaneous import range_quantile

MOST: Final = 10.0
"""As many times the images of the smallest cell at most are told."""
_DRAWS: Final = 400
_PAIRS: Final = 4_000_000
_SPREADS: Final = np.concatenate([[0.0], np.geomspace(0.003, 0.75, 48)])
_NEAR: Final = 1.02


def images_for_all(successes: ArrayLike, trials: ArrayLike, *, limit: float, level: float = 0.95) -> float | None:
    """Images that every cell should have at least, for a largest gap to be decided in about four of five cases.

    The smallest size with which the drawn tables pass (high end at or below the limit) or fail (low end above it) with
    probability `DECIDES`, given the tables that are inconclusive now. A truth far from the limit is decided more often
    than one near it (tests/benchmarks/needed.py).

    Args:
        successes: [rate, group]; effective sizes need not be whole numbers.
        trials: [rate, group], all above 0; two groups at least.
        limit: the largest gap that is allowed.
        level: coverage of the gate's intervals.

    Returns:
        None where more than `MOST` times the images of the smallest cell would be needed.

    Raises:
        ValueError: fewer than two groups, or a cell without images.

    >>> alike = images_for_all([[90, 91, 89, 92]], [[100] * 4], limit=0.1)
    >>> alike < images_for_all([[90, 91, 85, 92]], [[100] * 4], limit=0.1)
    True
    """
    x, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    if x.shape != n.shape or x.ndim != 2 or x.shape[1] < 2 or not (n > 0).all():
        raise ValueError(f"needs [rate, group] of two groups with images at least, found {x.shape} and {n.shape}")
    draws = int(np.clip(_PAIRS / (n.size * n.shape[1]), 100, _DRAWS))
    rates = likely_rates(x, n, draws=draws, seed=0)

    def enough(goal: float) -> bool:
        return _decided(x, n, rates, goal, limit=limit, level=level) >= DECIDES

    low, high = float(n.min()), float(n.min()) * MOST
    if not enough(high):
        return None
    while high > low * _NEAR:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def likely_rates(x: Floats, n: Floats, *, draws: int, seed: int) -> Floats:
    """True rates that go with the counts: [draw, rate, group].

    θ has the posterior N(μ + B (y − μ), B v), B = τ²/(τ² + v), with the spread τ of the largest restricted likelihood
    and μ itself drawn from N(μ̂, 1/Σ(τ² + v)⁻¹). For two groups B = 1.

    Args:
        x: [rate, group] successes.
        n: [rate, group] trials.
        draws: how many.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    y, error = np.arcsin(np.sqrt((x + 0.375) / (n + 0.75))), 1 / (4 * n + 2)
    centre, certainty, spread = _common(y, error)
    mean = (centre + rng.standard_normal((draws, len(x))) / np.sqrt(certainty))[..., None]
    kept = spread / (spread + error) if x.shape[1] > 2 else 1.0
    noise = rng.standard_normal((draws, *x.shape)) * np.sqrt(kept * error)
    theta = mean + kept * (y - mean) + noise
    return np.asarray(np.sin(np.clip(theta, 0, np.pi / 2)) ** 2, np.float64)


def _common(y: Floats, error: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean of each rate over the groups, 1 ÷ its variance, and variance of the true rates: [rate], [rate], [rate, 1]."""
    weight = 1 / (_SPREADS[:, None, None] ** 2 + error)  # [spread, rate, group]
    whole = weight.sum(-1)
    centre = (weight * y).sum(-1) / whole
    misfit = (weight * (y - centre[..., None]) ** 2).sum(-1)
    best = (np.log(weight).sum(-1) - np.log(whole) - misfit).argmax(0)
    rate = np.arange(len(y))
    return centre[best, rate], whole[best, rate], _SPREADS[best][:, None] ** 2


def _decided(x: Floats, n: Floats, rates: Floats, goal: float, *, limit: float, level: float) -> float:
    """Share of the tables with at least so many images in every cell that a gate decides."""
    sizes = np.maximum(n, math.ceil(goal))
    new = np.random.default_rng(1).binomial(np.ceil(sizes - n).astype(np.int64), rates)
    low, high = gap_ends(x + new, n + np.ceil(sizes - n), level=level)
    return float(((low > limit) | (high <= limit)).mean())


def gap_ends(x: Floats, n: Floats, *, level: float) -> Interval:
    """Ends of `difference_interval` of many tables of the same sizes at once.

    Args:
        x: [table, rate, group] successes.
        n: [rate, group] trials.
        level: coverage.

    Returns:
        [table], [table], not clipped to [0, 1].
    """
    p = x / n
    strict = _ends(x, n, range_quantile(level, groups=n.shape[1], rates=n.shape[0]))
    plain = _ends(x, n, normal_quantile(level))
    own = np.eye(n.shape[1], dtype=bool)

    def pairs(ends: Interval) -> Interval:
        first, second = (Interval(*(end[place] for end in ends)) for place in (_FIRST, _SECOND))
        return hybrid_difference(p[_FIRST], first, p[_SECOND], second)

    low = np.where(own, -np.inf, pairs(strict).low).max((1, 2, 3))
    high = np.where(own, -np.inf, pairs(plain).high).max((1, 2, 3))
    return Interval(low, high)


_FIRST: Final = (..., slice(None), None)
_SECOND: Final = (..., None, slice(None))


def _ends(x: Floats, n: Floats, z: float) -> Interval:
    """Mid-P ends, each pair of successes and trials computed once: many tables have few different counts."""
    counts = np.stack([x.ravel(), np.broadcast_to(n, x.shape).ravel()])
    different, place = np.unique(counts, axis=1, return_inverse=True)
    found = mid_p(different[0], different[1], z=z)
    return Interval(*(end[place.ravel()].reshape(x.shape) for end in found))
