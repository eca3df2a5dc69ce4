"""Intervals for one proportion, and for a statistic from its bootstrap replicates."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.distributions import normal_isf, normal_sf
from fairaudit.ratio import ratio

Drift = Literal["none", "up", "down"]
_HALVINGS = 11


class Interval(NamedTuple):
    """Lower and upper end; NaN where there is none."""

    low: Floats
    """Lower end."""
    high: Floats
    """Upper end."""


def ends(low: float, high: float) -> Interval:
    """The interval of a single number.

    >>> [float(end) for end in ends(0.25, 0.5)]
    [0.25, 0.5]
    """
    return Interval(np.asarray(low, np.float64), np.asarray(high, np.float64))


def normal_quantile(level: float) -> float:
    """The z with P(|Z| ≤ z) = level.

    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    _check_level(level)
    return float(normal_isf((1 - level) / 2))


def wilson(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95, z: float | None = None) -> Interval:
    """Wilson's score interval of a proportion: {p : |p̂ − p| ≤ z √(p (1 − p) / n)}.

    Ends = (p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n). It never leaves [0, 1], has width at p̂ = 0 and 1,
    and is the whole of [0, 1] for n = 0. Sizes need not be whole numbers, so effective sample sizes can be given.

    Args:
        successes: [...] successes.
        trials: [...] trials, at least the successes.
        level: coverage.
        z: normal quantile to use instead of the level's.

    >>> [round(end.item(), 4) for end in wilson(8, 10)]
    [0.4902, 0.9433]
    """
    quantile = normal_quantile(level) if z is None else z
    x, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    square = quantile * quantile
    centre = ratio(x + square / 2, n + square)
    spread = np.sqrt(np.maximum(0.0, ratio(x * (n - x), n)) + square / 4)
    half = quantile * ratio(spread, n + square)
    empty = n == 0
    low = np.where(empty | (x <= 0), 0.0, np.maximum(0.0, centre - half))
    high = np.where(empty | (x >= n), 1.0, np.minimum(1.0, centre + half))
    return Interval(low, high)


def exact(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Interval:
    """Clopper and Pearson's interval of a proportion: either end is wrong with at most half of 1 − level, always.

    Ends = quantiles of Beta(x, n − x + 1) and Beta(x + 1, n − x). Wider than Wilson's, whose ends at x = 0 and n are
    wrong up to 8 % of the time for three trials. The whole of [0, 1] for n = 0; sizes need not be whole numbers.

    Args:
        successes: [...] successes.
        trials: [...] trials, at least the successes.
        level: coverage.

    >>> [round(end.item(), 4) for end in exact(3, 3)]  # 0.025^(1/3)
    [0.2924, 1.0]
    """
    _check_level(level)
    x, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    none, every, tail = x <= 0, x >= n, (1 - level) / 2
    others = np.maximum(n - x, 0)
    low = np.where(none, 0.0, betaincinv(np.where(none, 1.0, x), others + 1, tail))
    high = np.where(every, 1.0, betaincinv(x + 1, np.where(every, 1.0, others), 1 - tail))
    return Interval(low, high)


def mid_p(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95, z: float | None = None) -> Interval:
    """Lancaster's mid-P interval of a proportion: the exact one that counts half of what was observed into the tail.

    Ends solve ½ P(X = x) + P(X > x) = tail and ½ P(X = x) + P(X < x) = tail. Between Clopper and Pearson's and Wilson's
    in width: either end of one rate is wrong with at most about 5 % at rates near 0 and 1, but what is made of two
    (`hybrid_difference`, `hybrid_ratio`) keeps its level there, where Wilson's does not. The whole of [0, 1] for n = 0;
    sizes need not be whole numbers.

    Args:
        successes: [...] successes.
        trials: [...] trials, at least the successes.
        level: coverage aimed at.
        z: normal quantile of one tail to use instead of the level's.

    >>> [round(end.item(), 4) for end in mid_p(3, 3)]  # ½ p³ = 0.025
    [0.3684, 1.0]
    """
    tail = (1 - level) / 2 if z is None else float(normal_sf(z))
    x, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    both = np.stack([x, np.maximum(n - x, 0.0)])  # both ends in one bisection
    low, others = _known_mid_low(both.tobytes(), n.tobytes(), n.shape, tail)
    return Interval(low.copy(), 1 - others)


@lru_cache(maxsize=256)
def _known_mid_low(both: bytes, n: bytes, shape: tuple[int, ...], tail: float) -> Floats:
    """Of two tables in one; a report asks for the ends of the same rates again and again."""
    return _mid_low(np.frombuffer(both).reshape(2, *shape), np.frombuffer(n).reshape(shape), tail)


def _mid_low(x: Floats, n: Floats, tail: float) -> Floats:
    """Between the exact ends of x and of x + 1 successes, by bisection and a last secant."""
    others = np.maximum(n - x, 0.0)
    some, rest = np.where(x > 0, x, 1.0), np.maximum(others, 1e-12)

    def excess(rate: Floats) -> Floats:
        above = np.where(others > 0, betainc(x + 1, rest, rate), 0.0)
        return np.asarray((betainc(some, others + 1, rate) + above) / 2 - tail, np.float64)

    low: Floats = np.asarray(betaincinv(some, others + 1, tail), np.float64)
    high: Floats = np.asarray(np.where(others > 0, betaincinv(x + 1, rest, tail), 1.0), np.float64)
    for _ in range(_HALVINGS):
        middle: Floats = np.asarray((low + high) / 2, np.float64)
        beyond = excess(middle) > 0
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    first, second = excess(low), excess(high)
    step = np.nan_to_num(ratio(-first, second - first))
    return np.where(x > 0, low + np.clip(step, 0.0, 1.0) * (high - low), 0.0)


def hybrid_difference(first: ArrayLike, own: Interval, second: ArrayLike, other: Interval) -> Interval:
    """Interval of a difference of two independent estimates from their own: Newcombe's method 10 (1998), or MOVER.

    d − √((p₁ − l₁)² + (u₂ − p₂)²) … d + √((u₁ − p₁)² + (p₂ − l₂)²).

    Args:
        first: [...] estimate.
        own: [...] its interval.
        second: [...] the estimate that is taken off.
        other: [...] its interval.

    >>> found = hybrid_difference(0.9, wilson(90, 100), 0.5, wilson(50, 100))
    >>> [round(end.item(), 3) for end in found]
    [0.278, 0.506]
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return Interval(a - b - np.hypot(a - own.low, other.high - b), a - b + np.hypot(own.high - a, b - other.low))


def hybrid_ratio(first: ArrayLike, own: Interval, second: ArrayLike, other: Interval) -> Interval:
    """Interval of a ratio of two independent proportions from their own intervals (Donner and Zou, 2012).

    The θ for which the interval of p₁ − θ p₂ (`hybrid_difference`) holds 0, so that it excludes 1 exactly when that of
    the difference excludes 0. Infinite above where p₂ may be 0, 0 below where p₁ may be.

    Args:
        first: [...] proportion above the line.
        own: [...] its interval.
        second: [...] proportion below the line.
        other: [...] its interval.

    >>> [round(end.item(), 3) for end in hybrid_ratio(0.5, wilson(50, 100), 0.9, wilson(90, 100))]
    [0.446, 0.676]
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    low = _ratio_end(a, own.low, b, other.high, upper=False)
    high = _ratio_end(a, own.high, b, other.low, upper=True)
    return Interval(np.maximum(low, 0.0), np.where(other.low > 0, high, np.inf))


def _ratio_end(a: Floats, end: Floats, b: Floats, other: Floats, *, upper: bool) -> Floats:
    product, bottom = a * b, other * (2 * b - other)
    root = np.sqrt(np.maximum(0.0, product**2 - end * (2 * a - end) * bottom))
    if upper:
        return ratio(product + root, bottom)
    # The smaller root without cancellation: (product − root) / bottom; bottom may be negative where other > 2 b.
    return np.where(product + root > 0, np.nan_to_num(ratio(end * (2 * a - end), product + root)), 0.0)


def percentile(replicates: ArrayLike, *, level: float = 0.95) -> Interval:
    """The middle `level` share of the replicates, over axis 0; undefined (NaN) replicates are left out.

    Right for statistics without bias. For a largest gap it is not: its replicates lie above the gap, so the lower end
    stays above 0 when there is no disparity at all. See `drifting`.

    >>> [round(end.item(), 3) for end in percentile(np.arange(1001) / 1000)]
    [0.025, 0.975]
    """
    _check_level(level)
    values = np.asarray(replicates, np.float64)
    quantiles = _quantiles(values, ((1 - level) / 2, (1 + level) / 2))
    return Interval(quantiles[0], quantiles[1])


def basic(value: ArrayLike, replicates: ArrayLike, *, level: float = 0.95) -> Interval:
    """The basic bootstrap interval: value − (q_high − value) … value − (q_low − value), which takes the bias off once.

    Args:
        value: [...] the estimate.
        replicates: [replicate, ...] its bootstrap replicates.
        level: coverage aimed at.

    >>> [round(end.item(), 3) for end in basic(0.5, np.arange(1001) / 1000)]
    [0.025, 0.975]
    """
    point = np.asarray(value, np.float64)
    low, high = percentile(replicates, level=level)
    return Interval(2 * point - high, 2 * point - low)


def drifting(
    value: ArrayLike,
    replicates: ArrayLike,
    *,
    drift: Drift,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    level: float = 0.95,
) -> Interval:
    """A bootstrap interval for a smooth statistic whose estimate drifts to one side, such as mutual information.

    For a largest gap, which has a kink where there is no disparity, see `calibrated`. Each end is taken from the
    construction that errs on the careful side. Drift "up": low end of `basic`, which removes the bias that would fake
    a disparity, and high end of `percentile`, which keeps the room a small sample needs before it may be called
    equal. Drift "down" (smallest ratios) is the mirror image; "none" is `percentile`.

    Args:
        value: [...] the estimate.
        replicates: [replicate, ...] its bootstrap replicates.
        drift: side to which the estimate is biased.
        bounds: range of the statistic, which clips the ends.
        level: coverage aimed at.

    Returns:
        The ends, which always hold the estimate; NaN where the estimate or every replicate is.

    >>> [round(end.item(), 3) for end in drifting(0.5, np.arange(1001) / 1000 + 0.1, drift="up", bounds=(0, 2))]
    [0.0, 1.075]
    """
    plain, mirrored = percentile(replicates, level=level), basic(value, replicates, level=level)
    low = mirrored.low if drift == "up" else plain.low
    high = mirrored.high if drift == "down" else plain.high
    point = np.asarray(value, np.float64)
    # NaN on either side stays NaN: no replicate, or no estimate, gives no interval.
    return Interval(np.minimum(point, np.clip(low, *bounds)), np.maximum(point, np.clip(high, *bounds)))


def calibrated(
    value: ArrayLike, replicates: ArrayLike, nulls: ArrayLike, *, larger: bool, level: float = 0.95
) -> Interval:
    """An interval in [0, 1] for a gap or a ratio over groups that is compared with its values under no disparity.

    Largest and average gaps g(p) are seminorms of the groups' rates, so g(p̂) ≤ g(p) + g(noise): the low end
    g(p̂) − q_level(null) lies above the true gap with probability at most about 1 − level, and for no disparity that
    is exact. A bootstrap cannot give this end, because around an observed gap it underestimates how far chance
    carries one from 0. The high end is the percentile interval's. Ratios are gaps of logarithms: high end ρ̂ /
    q_{1−level}(null), low end the percentile's.

    Args:
        value: the estimate.
        replicates: [replicate] its bootstrap replicates.
        nulls: [replicate] its values when groups do not differ.
        larger: a gap, where larger is more disparity; otherwise a ratio.
        level: coverage aimed at.

    >>> [round(end.item(), 2) for end in calibrated(0.3, np.arange(101) / 100, np.arange(101) / 1000, larger=True)]
    [0.2, 0.97]
    """
    point = np.asarray(value, np.float64)
    plain = percentile(replicates, level=level)
    null = _quantiles(np.asarray(nulls, np.float64), (level if larger else 1 - level,))[0]
    if larger:
        return Interval(np.clip(point - null, 0, None), np.maximum(point, np.minimum(plain.high, 1)))
    return Interval(np.minimum(point, np.maximum(plain.low, 0)), np.clip(ratio(point, null), None, 1))


def _quantiles(values: Floats, shares: tuple[float, ...]) -> Floats:
    if not len(values):
        raise ValueError("an interval needs at least one replicate")
    if not np.isnan(values).any():
        return np.quantile(values, shares, axis=0)
    flat = values.reshape(len(values), -1)
    ends = np.full((len(shares), flat.shape[1]), np.nan)
    for column in range(flat.shape[1]):
        known = flat[~np.isnan(flat[:, column]), column]
        if known.size:
            ends[:, column] = np.quantile(known, shares)
    return ends.reshape(len(shares), *values.shape[1:])


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level needs to lie between 0 and 1, found {level}")
