"""Before the audit: the smallest gap that the data could show; after it: how much an error has to shrink."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.distributions import normal_cdf, normal_sf
from fairaudit.measures.intervals.proportion import mid_p
from fairaudit.measures.intervals.simultaneous import range_quantile
from fairaudit.measures.root import root

DECIDES = 0.65
"""Probability of a decision, given the estimate, that a number of images is told for; see `shrinkage`."""
EXPECTED_RATE = 0.9
"""Rate of a group that the smallest detectable gap assumes before there is an estimate; at 0.5 it is larger."""
_NEAR = 0.5
_SIMULATED = 240


def detection_power(gap: float, size_a: float, size_b: float, *, base: float, quantile: float) -> float:
    """Probability that a pair of groups with this true gap has an interval that excludes 0.

    The rates are base and base − gap (or base + gap where that leaves [0, 1]); normal approximation,
    P(|Z·σ + gap| > q σ₀) with σ² = Σ p (1 − p)/n and σ₀² the same at the pooled rate.

    Args:
        gap: true difference of the rates.
        size_a: images of the first group.
        size_b: images of the second group.
        base: rate of the first group.
        quantile: quantile that the interval uses.

    >>> round(detection_power(0.1, 500, 500, base=0.9, quantile=1.96), 2)
    0.99
    """
    other = base - gap if base >= gap else base + gap
    if min(size_a, size_b) <= 0 or not 0 <= other <= 1:
        return 0.0
    pooled = (base * size_a + other * size_b) / (size_a + size_b)
    null = math.sqrt(max(pooled * (1 - pooled) * (1 / size_a + 1 / size_b), 1e-300))
    spread = math.sqrt(max(base * (1 - base) / size_a + other * (1 - other) / size_b, 1e-300))
    return float(normal_sf((quantile * null - gap) / spread) + normal_cdf((-quantile * null - gap) / spread))


def smallest_detectable_gaps(
    sizes: ArrayLike, *, base: float = 0.5, level: float = 0.95, rates: int = 1, power: float = 0.8
) -> Floats:
    """The smallest true gap between each group and the largest other one that would show with the given power: [group].

    NaN for groups without images, for fewer than two groups with images, and where even a gap of 1 would not show.

    Args:
        sizes: [group] images behind the rate (positives for TPR, negatives for FPR).
        base: rate expected of a group; 0.5 is the worst case.
        level: coverage of the gate's intervals.
        rates: how many rates are compared together (2 for equalized odds).
        power: probability of finding it.

    >>> smallest_detectable_gaps([1000, 100, 0], base=0.9).round(2).tolist()
    [0.1, 0.11, nan]
    """
    numbers = np.asarray(sizes, np.float64)
    present = np.flatnonzero(numbers > 0)
    found = np.full(numbers.shape, np.nan)
    if len(present) < 2:
        return found
    quantile = range_quantile(level, groups=len(present), rates=rates)
    for group in present:
        other = float(numbers[present[present != group]].max())
        found[group] = _smallest(float(numbers[group]), other, base, quantile, power)
    return found


def detectable_gaps(
    cells: ArrayLike, *, base: float = 0.5, level: float = 0.95, power: float = 0.8
) -> dict[str, float]:
    """The smallest gap in each rate that a planned audit would show, from the sizes of its cells alone.

    tpr counts the positives and fpr the negatives of every group (the smallest class and the rest, for several
    classes); both are compared at once, as equalized odds does. accuracy and selection_rate count all images. The group
    that shows the smallest gap is found by `smallest_detectable_gaps`, and its gap by simulation with the gate's own
    ends, because normal approximations promise too much of small cells.

    Args:
        cells: [group, true] images.
        base: rate expected of a group; 0.5 is the worst case.
        level: coverage of the gate's intervals.
        power: probability of finding the gap.

    Returns:
        Rate → gap; NaN where no gap would show.

    >>> {name: round(gap, 3) for name, gap in detectable_gaps([[500, 500], [400, 100]], base=0.9).items()}
    {'tpr': 0.13, 'fpr': 0.074, 'selection_rate': 0.053, 'accuracy': 0.053}
    """
    table = np.asarray(cells, np.float64)
    positives = table[:, 1] if table.shape[1] == 2 else table[:, table.sum(0).argmin()]
    images = table.sum(1)

    def gap(sizes: Floats, rates: int) -> float:
        return simulated_gap(sizes, base=base, level=level, rates=rates, power=power)

    whole = gap(images, 1)
    return {
        "tpr": gap(positives, 2),
        "fpr": gap(images - positives, 2),
        "selection_rate": whole,
        "accuracy": whole,
    }


def simulated_gap(sizes: ArrayLike, *, base: float, level: float = 0.95, rates: int = 1, power: float = 0.8) -> float:
    """The smallest gap between one group and all others that is found with this power, by simulation.

    The group is that of the smallest of `smallest_detectable_gaps`: all groups have the base rate and this one less (or
    more, where base − gap is below 0), and found means that the simultaneous interval excludes 0. The draws are fixed
    and shared by all gaps, so the same sizes always give the same answer, to about 5 % of it.

    Args:
        sizes: [group] images behind the rate.
        base: rate of the other groups.
        level: coverage of the gate's intervals.
        rates: how many rates are compared together.
        power: probability of finding it.

    Returns:
        NaN with fewer than two groups, or where even the largest possible gap is not found.

    >>> round(simulated_gap([500, 500], base=0.9), 2)
    0.06
    """
    counted = np.asarray(sizes, np.float64)
    numbers: Floats = np.round(counted[counted > 0])
    first = smallest_detectable_gaps(numbers, base=base, level=level, rates=rates, power=power)
    if len(numbers) < 2:
        return float("nan")
    group = int(np.nanargmin(first)) if np.isfinite(first).any() else int(numbers.argmax())
    chances = np.random.default_rng(0).random((_SIMULATED, len(numbers)))
    z = range_quantile(level, groups=len(numbers), rates=rates)
    low, high = 0.0, max(base, 1 - base)
    if _found(numbers, chances, group, high, base, z) < power:
        return float("nan")
    for _ in range(9):
        middle = (low + high) / 2
        enough = _found(numbers, chances, group, middle, base, z) >= power
        low, high = (low, middle) if enough else (middle, high)
    return high


def _found(numbers: Floats, chances: Floats, group: int, gap: float, base: float, z: float) -> float:
    """Share of draws whose simultaneous interval of the largest gap excludes 0."""
    from scipy.stats import binom  # loads all of scipy.stats, which few commands need

    shares = np.full(len(numbers), base)
    shares[group] = base - gap if base >= gap else base + gap
    hits = np.asarray(binom.ppf(chances, numbers, shares), np.float64)
    low, high = mid_p(hits, np.broadcast_to(numbers, hits.shape), z=z)
    p = hits / numbers
    above = p[:, :, None] - p[:, None, :]
    ends = above - np.hypot((p - low)[:, :, None], (high - p)[:, None, :])
    return float((ends > 0).any((1, 2)).mean())


def shrinkage(distance: float, *, passing: float = 1.96, failing: float = 1.96) -> float | None:
    """How much smaller a standard error has to become for a decision that is as good as four in five.

    With the estimate d standard errors above the limit (negative: below), images that shrink the error to s will show
    an estimate that is distributed as N(d, 1 − s²) given what is known now, and decide when it lies below −z s or above
    q s. That has probability Φ((−z s − d)/√(1 − s²)) + Φ((d − q s)/√(1 − s²)); s is the largest with `DECIDES`.
    Averaged over estimates that are inconclusive, such a number decided in 68 to 93 % of cases for a truth one to two
    standard errors from the limit, in fewer for one that is nearer.

    Args:
        distance: d.
        passing: z, quantile of the end that calls the number within the limit.
        failing: q, quantile of the end that calls it beyond.

    Returns:
        s in (0, 1]; None for an estimate within half a standard error of the limit, where no number can be given.

    >>> round(shrinkage(-1.4), 2), shrinkage(0.3)
    (0.55, None)
    """
    if abs(distance) < _NEAR:
        return None
    sizes = np.linspace(0.02, 1.0, 400)
    spread = np.sqrt(np.maximum(1 - sizes**2, 1e-12))
    decided = normal_cdf((-passing * sizes - distance) / spread) + normal_sf((failing * sizes - distance) / spread)
    return float(sizes[decided >= DECIDES].max(initial=0.02))


def _smallest(own: float, other: float, base: float, quantile: float, power: float) -> float:
    most = max(base, 1 - base)

    def missing(gap: float) -> float:
        return detection_power(gap, own, other, base=base, quantile=quantile) - power

    if missing(most) < 0:
        return float("nan")
    return root(missing, 1e-9, most, within=1e-6)
