"""Before the audit: the smallest gap that the data could show; after it: how many more images would decide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.intervals.proportion import normal_quantile
from fairaudit.measures.intervals.simultaneous import range_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """What would decide an inconclusive interval."""

    images: int
    """Images to add to the smaller cell (and to the larger one, once the smaller has caught up)."""
    total: int
    """Images that the smaller cell would then have."""


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
    return float(norm.sf((quantile * null - gap) / spread) + norm.cdf((-quantile * null - gap) / spread))


def smallest_detectable_gap(
    sizes: ArrayLike, *, base: float = 0.5, level: float = 0.95, rates: int = 1, power: float = 0.8
) -> float:
    """The smallest true gap that some pair of groups would show with the given power, under the gate's own intervals.

    The pair is that of the two largest groups; a gap at a smaller group must be larger. `smallest_detectable_gaps`
    has all. NaN when no gap up to 1 is large enough or there are fewer than two groups with images.

    Args:
        sizes: [group] images behind the rate (positives for TPR, negatives for FPR).
        base: rate expected of a group; 0.5 is the worst case.
        level: coverage of the gate's intervals.
        rates: how many rates are compared together (2 for equalized odds).
        power: probability of finding it.

    >>> round(smallest_detectable_gap([500, 500], base=0.9), 3)
    0.059
    """
    table = smallest_detectable_gaps(sizes, base=base, level=level, rates=rates, power=power)
    return float(np.nanmin(table)) if np.isfinite(table).any() else float("nan")


def smallest_detectable_gaps(
    sizes: ArrayLike, *, base: float = 0.5, level: float = 0.95, rates: int = 1, power: float = 0.8
) -> Floats:
    """The smallest true gap between each group and the largest other one that would show with the given power: [group].

    See `smallest_detectable_gap`. NaN for groups without images and where even a gap of 1 would not show.

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
    classes); both are compared at once, as equalized odds does. accuracy and selection_rate count all images.

    Args:
        cells: [group, true] images.
        base: rate expected of a group; 0.5 is the worst case.
        level: coverage of the gate's intervals.
        power: probability of finding the gap.

    Returns:
        Rate → gap; NaN where no gap would show.

    >>> {name: round(gap, 3) for name, gap in detectable_gaps([[500, 500], [400, 100]], base=0.9).items()}
    {'tpr': 0.116, 'fpr': 0.07, 'selection_rate': 0.05, 'accuracy': 0.05}
    """
    table = np.asarray(cells, np.float64)
    positives = table[:, 1] if table.shape[1] == 2 else table[:, table.sum(0).argmin()]
    images = table.sum(1)

    def gap(sizes: Floats, rates: int) -> float:
        return smallest_detectable_gap(sizes, base=base, level=level, rates=rates, power=power)

    whole = gap(images, 1)
    return {
        "tpr": gap(positives, 2),
        "fpr": gap(images - positives, 2),
        "selection_rate": whole,
        "accuracy": whole,
    }


def images_needed(
    *,
    high_rate: float,
    high_n: float,
    low_rate: float,
    low_n: float,
    limit: float,
    level: float = 0.95,
    groups: int = 2,
    rates: int = 1,
) -> Needed | None:
    """How many more images of the smaller cell would decide a gap against a limit, if the rates stay as they are.

    A gap at or below the limit needs its high end below it: d + z σ ≤ L; a gap above needs its low end above: d − q σ
    > L, q the simultaneous quantile. σ² = Σ p(1−p)/n with rates pulled towards ½ by one pseudo-image each way,
    because an observed rate of 0 or 1 is not a known one. Images are added to the smaller cell until both are equal,
    then to both.

    Args:
        high_rate: rate of the group with the higher rate.
        high_n: images behind it.
        low_rate: rate of the group with the lower rate.
        low_n: images behind it.
        limit: limit of the gate rule.
        level: coverage of the gate's intervals.
        groups: groups that are compared.
        rates: rates that are compared together.

    Returns:
        None when the gap is (nearly) at the limit, so that no number of images would decide, or when it is decided
        already.

    >>> images_needed(high_rate=0.93, high_n=400, low_rate=0.88, low_n=90, limit=0.1)
    Needed(images=142, total=232)
    """
    gap = high_rate - low_rate
    passing = gap <= limit
    quantile = normal_quantile(level) if passing else range_quantile(level, groups=groups, rates=rates)
    distance = abs(limit - gap)
    first = _pulled(high_rate, high_n)
    second = _pulled(low_rate, low_n)
    if distance < 1e-4:
        return None
    allowed = (distance / quantile) ** 2
    if first / max(high_n, 1e-9) + second / max(low_n, 1e-9) <= allowed:
        return None
    small, large = (high_n, low_n) if high_n <= low_n else (low_n, high_n)
    of_small, of_large = (first, second) if high_n <= low_n else (second, first)
    rest = allowed - of_large / max(large, 1e-9)
    alone = of_small / rest if rest > 0 else math.inf
    goal = alone if alone <= large else (first + second) / allowed
    return Needed(images=max(1, math.ceil(goal - small)), total=math.ceil(goal))


def _pulled(rate: float, number: float) -> float:
    p = (rate * number + 1) / (number + 2)
    return p * (1 - p)


def _smallest(own: float, other: float, base: float, quantile: float, power: float) -> float:
    most = max(base, 1 - base)

    def missing(gap: float) -> float:
        return detection_power(gap, own, other, base=base, quantile=quantile) - power

    if missing(most) < 0:
        return float("nan")
    return float(brentq(missing, 1e-9, most, xtol=1e-6))
