"""Intervals for the largest gap, the smallest ratio and the smallest rate of many groups that keep their level.

The largest observed gap between groups is larger than the true one even when nothing is unequal, so an interval
around it that only excludes 0 proves nothing. These intervals are made from pairs of groups instead:

- the end that proves a disparity must hold for all pairs at once: it uses the quantile of the studentised range
  (Tukey; Kramer for unequal sizes, conservative by Hayter 1984), with Šidák's correction over the rates that are
  compared;
- the end that proves equality only has to hold for the one pair that is truly farthest apart, whichever it is, so it
  is the largest of the ordinary one-sided bounds (intersection-union).

With every true gap 0 the low end is above 0 with probability at most 1 − level; a true gap above a limit has its high
end below that limit with probability at most (1 − level)/2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.distributions import normal_cdf, normal_pdf
from fairaudit.measures.intervals.proportion import (
    Interval,
    exact,
    hybrid_difference,
    hybrid_ratio,
    mid_p,
    normal_quantile,
)
from fairaudit.measures.root import root
from fairaudit.ratio import ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPair:
    """Two groups compared by one rate."""

    rate: int
    """Index of the rate (first axis of what was compared)."""
    high: int
    """Index of the group with the higher rate."""
    low: int
    """Index of the group with the lower rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extreme:
    """An interval of an extreme over groups, and the pair that keeps it wide."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""
    limiting: GroupPair
    """The pair that leaves most room for a disparity; more images of it narrow the interval."""


@lru_cache(maxsize=1024)
def range_quantile(level: float, *, groups: int, rates: int = 1) -> float:
    """The q with P(|Zᵢ − Zⱼ| / √2 ≤ q for all pairs of groups, in each of `rates` independent families) = level.

    P(range ≤ r) = k ∫ φ(z) [Φ(z + r) − Φ(z)]^(k−1) dz for k standard normal variables. For two groups and one rate it
    is the normal quantile. By the Gaussian correlation inequality dependent families only make the probability larger.

    >>> round(range_quantile(0.95, groups=2), 3), round(range_quantile(0.95, groups=8), 3)
    (1.96, 3.031)
    """
    if groups < 2 or rates < 1:
        raise ValueError(f"needs two groups and one rate at least, found {groups} and {rates}")
    goal = level ** (1 / rates)
    grid = np.linspace(-10.0, 10.0, 4001)
    density = normal_pdf(grid) * (grid[1] - grid[0])

    def missing(quantile: float) -> float:
        inside = normal_cdf(grid + quantile * np.sqrt(2)) - normal_cdf(grid)
        return float(groups * np.sum(density * inside ** (groups - 1)) - goal)

    return root(missing, 1e-6, 12.0, within=1e-10)


def difference_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Extreme:
    """Interval of max over rates of (largest − smallest) proportion over groups.

    Pairs are bounded by Newcombe's hybrid (method 10, 1998) of mid-P intervals [l, u], which keeps its level in small
    samples and at proportions near 0 and 1, where Wilson intervals do not: for p_g − p_h the low end is
    d̂ − √((p̂_g − l_g)² + (u_h − p̂_h)²) and the high end d̂ + √((u_g − p̂_g)² + (p̂_h − l_h)²). A group without trials
    may have any proportion: its interval is [0, 1].

    Args:
        successes: [rate, group]; effective sizes need not be whole numbers.
        trials: [rate, group].
        level: coverage.

    Returns:
        The interval in [0, 1] and the pairs behind its ends.

    >>> found = difference_interval([[50, 90]], [[100, 100]])
    >>> round(found.low, 3), round(found.high, 3)
    (0.28, 0.509)
    """
    x, n = _table(successes, trials)
    strict = range_quantile(level, groups=n.shape[1], rates=n.shape[0])
    proving = hybrid_difference(*_pairs(x, n, strict)).low
    limiting = _largest_gaps(x, n, normal_quantile(level))
    best, widest = _largest(proving), _largest(limiting)
    return Extreme(
        low=float(np.clip(proving[best.rate, best.high, best.low], 0, 1)),
        high=float(np.clip(limiting[widest.rate, widest.high, widest.low], 0, 1)),
        limiting=widest,
    )


def ratio_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Extreme:
    """Interval of min over rates of (smallest ÷ largest) proportion over groups.

    The mirror image of `difference_interval`. Pairs are bounded by the hybrid of mid-P intervals (`hybrid_ratio`), so
    the interval excludes 1 exactly when that of the difference excludes 0. Here the high end is the one that proves a
    disparity (all pairs at once) and the low end the one that leaves room for it.

    Args:
        successes: [rate, group]; effective sizes need not be whole numbers.
        trials: [rate, group].
        level: coverage.

    >>> found = ratio_interval([[50, 90]], [[100, 100]])
    >>> round(found.low, 3), round(found.high, 3)
    (0.445, 0.676)
    """
    x, n = _table(successes, trials)
    strict = range_quantile(level, groups=n.shape[1], rates=n.shape[0])
    # Axis 1 is the group below the line of the ratio (the higher rate), axis 2 the one above it.
    proving = _swapped(hybrid_ratio(*_pairs(x, n, strict)).high)
    limiting = _swapped(hybrid_ratio(*_pairs(x, n, normal_quantile(level))).low)
    best, widest = _largest(-proving), _largest(-limiting)
    return Extreme(
        low=float(np.clip(limiting[widest.rate, widest.high, widest.low], 0, 1)),
        high=float(np.clip(proving[best.rate, best.high, best.low], 0, 1)),
        limiting=widest,
    )


def impact_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Interval of every group's proportion ÷ the highest group's: [group], [group].

    The ratio to the highest is the smallest of the ratios to all groups, and 1 to the group itself. So the high end,
    which proves that a group is below, is the smallest of its pairs' bounds, simultaneous over all pairs as in
    `ratio_interval`, and the low end is the smallest of the ordinary ones; neither is above 1.

    Args:
        successes: [group]; effective sizes need not be whole numbers.
        trials: [group].
        level: coverage.

    >>> low, high = impact_interval([50, 90], [100, 100])
    >>> low.round(3).tolist(), high.round(3).tolist()  # the second group may well be the highest
    ([0.445, 1.0], [0.676, 1.0])
    """
    x, n = _table(np.asarray(successes, np.float64)[None], np.asarray(trials, np.float64)[None])
    highs = hybrid_ratio(*_pairs(x, n, range_quantile(level, groups=n.shape[1]))).high[0]
    lows = hybrid_ratio(*_pairs(x, n, normal_quantile(level))).low[0]
    own = np.eye(n.shape[1], dtype=bool)
    low, high = (np.where(own, 1.0, ends).min(1) for ends in (lows, highs))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def smallest_interval(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of the smallest proportion of any group, as used for worst-group accuracy.

    The high end (it proves that some group is below) holds for all groups at once by Šidák's correction; the low end
    is the smallest ordinary bound. Both are Clopper and Pearson's, because here a single rate decides.

    Args:
        successes: [group].
        trials: [group].
        level: coverage.

    >>> [round(end, 3) for end in smallest_interval([50, 90], [100, 100])]
    [0.398, 0.615]
    """
    x, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    low = exact(x, n, level=level).low.min()
    # One-sided over k groups: each may fail with probability 1 − (1 − tail)^(1/k).
    tail = 1 - (1 - (1 - level) / 2) ** (1 / x.size)
    high = exact(x, n, level=1 - 2 * tail).high.min()
    return float(low), float(high)


def _pairs(x: Floats, n: Floats, z: float) -> tuple[Floats, Interval, Floats, Interval]:
    """Estimates and intervals of the first and the second group of every pair: [rate, first, second]."""
    p = np.where(n > 0, np.nan_to_num(ratio(x, n)), 0.5)
    low, high = mid_p(x, n, z=z)
    first = Interval(low[:, :, None], high[:, :, None])
    second = Interval(low[:, None, :], high[:, None, :])
    return p[:, :, None], first, p[:, None, :], second


def _largest_gaps(x: Floats, n: Floats, z: float) -> Floats:
    """High end of every pair's difference, [rate, first, second]; whatever is possible where a group has no trials."""
    first, own, second, other = _pairs(x, n, z)
    unknown = (n[:, :, None] == 0) | (n[:, None, :] == 0)
    return np.where(unknown, own.high - other.low, hybrid_difference(first, own, second, other).high)


def _swapped(values: Floats) -> Floats:
    return np.asarray(values.swapaxes(1, 2), np.float64)


def _table(successes: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    x, n = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    if x.shape != n.shape or x.ndim != 2 or x.shape[1] < 2:
        raise ValueError(f"needs [rate, group] with two groups at least, found {x.shape} and {n.shape}")
    return x, n


def _largest(values: Floats) -> GroupPair:
    size = values.shape[-1]
    off = np.where(np.eye(size, dtype=bool), -np.inf, values)
    place: NDArray[np.intp] = np.asarray(np.unravel_index(int(off.argmax()), off.shape))
    return GroupPair(rate=int(place[0]), high=int(place[1]), low=int(place[2]))
