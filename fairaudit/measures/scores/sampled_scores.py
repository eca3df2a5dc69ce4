"""Uncertainty of what is made of scores when images are weighted or belong to clusters: calibration and curves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.clusters.linearised import effective_size, mean_covariance, normal_draws, unit_sums
from fairaudit.measures.clusters.partition import effective_units, few_units
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.intervals.proportion import Interval, calibrated, normal_quantile
from fairaudit.measures.scores.calibration import BINS, blurred_brier, reliability
from fairaudit.measures.scores.score_histogram import BINS as HISTOGRAM_BINS
from fairaudit.measures.scores.score_histogram import binned
from fairaudit.measures.scores.scored import Scored, scored
from fairaudit.ratio import ratio


class CalibrationEnds(NamedTuple):
    """Intervals of every group, [group]."""

    error: Interval
    """Of the expected calibration error."""
    brier: Interval
    """Of the Brier score."""


def sampled_calibration(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    replicates: int,
    generator: np.random.Generator,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
    level: float = 0.95,
    bins: int = BINS,
) -> CalibrationEnds:
    """Intervals of the calibration error and the Brier score of weighted or clustered images.

    Both are made of means over images: gap_b = Σ wᵢ 1[i in bin b] (yᵢ − sᵢ) / Σ wᵢ and Σ wᵢ (sᵢ − yᵢ)² / Σ wᵢ, whose
    covariance is linearised over units (`mean_covariance`) and widened where units are few or unequal (`few_units`,
    `effective_units`). The error Σ_b |gap_b| gets the interval of `calibrated`: replicates |gap + e|, null |e| with e
    normal. The Brier score gets the normal one, with the room of `blurred_brier` at what the images are worth.

    Args:
        scores: [image] probabilities of the positive class, in [0, 1].
        positive: [image] bool.
        group: [image] codes, −1 unknown (left out).
        groups: number of groups.
        replicates: normal draws for the calibration error.
        generator: source of the draws.
        weights: [image] weights, or None.
        units: [image] units (`partition`), or None: images.
        level: coverage aimed at.
        bins: number of score bins.

    Returns:
        Ends per group; NaN for a group with fewer than two units.

    >>> ends = sampled_calibration([0.2, 0.8, 0.4], [False, True, True], [0, 0, 0], groups=1, replicates=100,
    ...                            generator=np.random.default_rng(0), units=[0, 1, 1])
    >>> bool(ends.brier.low[0] <= (0.04 + 0.04 + 0.36) / 3 <= ends.brier.high[0])
    True
    """
    found = scored(scores, positive, group, groups=groups)
    weight, unit = _sampling(found, weights, units)
    ends = np.full((4, groups), np.nan)
    for index in range(groups):
        own = (found.group == index) & (weight > 0)
        if len(np.unique(unit[own])) >= 2:
            parts = Scored(*(column[own] for column in found))
            ends[:2, index] = _error_ends(parts, weight[own], unit[own], bins, replicates, generator, level)
            ends[2:, index] = _brier_ends(parts, weight[own], unit[own], level)
    return CalibrationEnds(error=Interval(ends[0], ends[1]), brier=Interval(ends[2], ends[3]))


def bin_sizes(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
    level: float = 0.95,
    bins: int = BINS,
) -> Floats:
    """Independent images that the share of positives in every score bin is worth: [group, bin]; see `effective`.

    Args:
        scores: [image] probabilities of the positive class, in [0, 1].
        positive: [image] bool.
        group: [image] codes, −1 unknown (left out).
        groups: number of groups.
        weights: [image] weights, or None.
        units: [image] units (`partition`), or None: images.
        level: coverage of the intervals that the sizes are for.
        bins: number of score bins.

    >>> bin_sizes([0.1, 0.2, 0.9], [False, True, True], [0, 0, 0], groups=1, bins=2, weights=[1, 3, 2]).tolist()
    [[1.6, 1.0]]
    """
    found = scored(scores, positive, group, groups=groups)
    weight, unit = _sampling(found, weights, units)
    known = (found.group >= 0) & (weight > 0)
    cell, weight, truth = (found.group * bins + binned(found.scores, bins))[known], weight[known], found.positive[known]
    pairs, index = np.unique(np.stack([unit[known], cell]), axis=1, return_inverse=True)
    n = np.bincount(index.ravel(), weights=weight, minlength=pairs.shape[1]).astype(np.float64)
    x = np.bincount(index.ravel(), weights=weight * truth, minlength=pairs.shape[1]).astype(np.float64)

    def by_cell(values: Floats | None) -> Floats:
        return np.bincount(pairs[1], weights=values, minlength=groups * bins).astype(np.float64)

    total = by_cell(n)
    share = ratio(by_cell(x), total)
    most = ratio(total**2, np.bincount(cell, weights=weight**2, minlength=groups * bins))
    size = most
    if units is not None:
        count = by_cell(None)
        spread = ratio(by_cell((x - share[pairs[1]] * n) ** 2), total**2) * ratio(count, count - 1)
        size = effective_size(share, ratio(spread, few_units(count, level=level)), most=most, units=count)
    return np.nan_to_num(size).reshape(groups, bins)


def recall_sizes(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
    level: float = 0.95,
    bins: int = HISTOGRAM_BINS,
) -> Floats:
    """Independent images that TPR is worth at every threshold of `sweep_counts`: [group, threshold]; see `bin_sizes`.

    Args:
        scores: [image] probabilities of the positive class, in [0, 1].
        positive: [image] bool.
        group: [image] codes, −1 unknown (left out).
        groups: number of groups.
        weights: [image] weights, or None.
        units: [image] units (`partition`), or None: images.
        level: coverage of the intervals that the sizes are for.
        bins: number of score bins.

    >>> recall_sizes([0.1, 0.9, 0.6], [True, True, False], [0, 0, 0], groups=1, bins=2, weights=[1, 3, 2]).tolist()
    [[1.6, 1.6, 1.6]]
    """
    found = scored(scores, positive, group, groups=groups)
    weight, unit = _sampling(found, weights, units)
    place = binned(found.scores, bins)
    always = np.full(len(place), bins)  # every image of the truth is counted among, whatever the threshold
    chosen = [(found.group == index) & found.positive & (weight > 0) for index in range(groups)]
    sizes = [
        _swept(place[own], always[own], np.ones(int(own.sum())), weight[own], unit[own], units, bins, level)
        for own in chosen
    ]
    return np.stack(sizes)


def precision_sizes(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    weights: ArrayLike | None = None,
    units: ArrayLike | None = None,
    level: float = 0.95,
    bins: int = HISTOGRAM_BINS,
) -> Floats:
    """Independent images that precision is worth at every threshold: [group, threshold]; see `bin_sizes`.

    Args:
        scores: [image] probabilities of the positive class, in [0, 1].
        positive: [image] bool.
        group: [image] codes, −1 unknown (left out).
        groups: number of groups.
        weights: [image] weights, or None.
        units: [image] units (`partition`), or None: images.
        level: coverage of the intervals that the sizes are for.
        bins: number of score bins.

    >>> found = precision_sizes([0.1, 0.9, 0.6], [True, True, False], [0, 0, 0], groups=1, bins=2)
    >>> found.tolist()  # all three images, the two from ½ on, none
    [[3.0, 2.0, 0.0]]
    """
    found = scored(scores, positive, group, groups=groups)
    weight, unit = _sampling(found, weights, units)
    place = binned(found.scores, bins)
    chosen = [(found.group == index) & (weight > 0) for index in range(groups)]
    sizes = [
        _swept(place[own], place[own], found.positive[own], weight[own], unit[own], units, bins, level)
        for own in chosen
    ]
    return np.stack(sizes)


def _sampling(found: Scored, weights: ArrayLike | None, units: ArrayLike | None) -> tuple[Floats, NDArray[np.int64]]:
    number = len(found.scores)
    weight = np.ones(number) if weights is None else np.asarray(weights, np.float64)
    unit = np.arange(number) if units is None else np.asarray(units, np.int64)
    if weight.shape != (number,) or unit.shape != (number,):
        raise ValueError(f"weights and units need shape ({number},), found {weight.shape} and {unit.shape}")
    return weight, unit


def _error_ends(
    found: Scored,
    weight: Floats,
    unit: NDArray[np.int64],
    bins: int,
    replicates: int,
    generator: np.random.Generator,
    level: float,
) -> tuple[float, float]:
    sums = unit_sums(
        found.positive - found.scores, binned(found.scores, bins), columns=bins, weights=weight, units=unit
    )
    gaps = np.asarray(sums.values.sum(axis=0), np.float64).ravel() / weight.sum()
    few = few_units(effective_units(sums.sizes), level=level)
    if few <= 0:
        return 0.0, 1.0
    covariance = mean_covariance(sums) / few
    noise = normal_draws(covariance, replicates=replicates, generator=generator)
    replicated, nulls = np.abs(gaps + noise).sum(1), np.abs(noise).sum(1)
    low, high = calibrated(np.abs(gaps).sum(), replicated, nulls, larger=True, level=level)
    return float(low), float(high)


def _brier_ends(found: Scored, weight: Floats, unit: NDArray[np.int64], level: float) -> tuple[float, float]:
    error = (found.scores - found.positive) ** 2
    sums = unit_sums(error, np.zeros(len(error)), columns=1, weights=weight, units=unit)
    value = float(error @ weight / weight.sum())
    few = float(few_units(effective_units(sums.sizes), level=level))
    if few <= 0:
        return 0.0, 1.0
    z = normal_quantile(level)
    half = z * np.sqrt(max(0.0, float(mean_covariance(sums)[0, 0]) / few))
    found_ = reliability(found.scores, found.positive, np.zeros(len(error)), groups=1, weights=weight)
    units = few * float(sums.sizes.sum() ** 2 / (sums.sizes**2).sum())
    return max(0.0, value - half), min(1.0, max(value + half, float(blurred_brier(found_, [units], z=z)[0])))


def _swept(
    top: NDArray[np.int64],
    bottom: NDArray[np.int64],
    counts: ArrayLike,
    weight: Floats,
    unit: NDArray[np.int64],
    units: ArrayLike | None,
    bins: int,
    level: float,
) -> Floats:
    """Size of a share at thresholds 0 … bins, where an image is in the top from threshold `top` down, if it counts."""

    def above(place: NDArray[np.int64], values: Floats | None) -> Floats:
        return np.bincount(place, weights=values, minlength=bins + 1)[::-1].cumsum()[::-1].astype(np.float64)

    total = above(bottom, weight)
    most = np.nan_to_num(ratio(total**2, above(bottom, weight**2)))
    if units is None or not len(weight):
        return most
    nothing = np.zeros(len(weight))
    place, who = np.concatenate([top, bottom]), np.concatenate([unit, unit])
    first = np.concatenate([weight * np.asarray(counts, np.float64), nothing])
    second = np.concatenate([nothing, weight])
    order = np.lexsort((-place, who))
    starts = np.flatnonzero(np.diff(who[order], prepend=who.min() - 1))
    after = [_within(part[order], starts) for part in (first, second)]
    before = [part - values[order] for part, values in zip(after, (first, second), strict=True)]
    # What a unit adds to Σ_c F_c S_c when the threshold falls to an image's place.
    products = [above(place[order], after[i] * after[j] - before[i] * before[j]) for i, j in ((0, 0), (0, 1), (1, 1))]
    share = np.nan_to_num(ratio(above(top, weight * np.asarray(counts, np.float64)), total))
    spread = products[0] - 2 * share * products[1] + share**2 * products[2]
    highest = np.full(int(unit.max()) + 1, -1)
    np.maximum.at(highest, unit, bottom)
    count = above(highest[highest >= 0], None)
    variance = ratio(ratio(spread, total**2) * ratio(count, count - 1), few_units(count, level=level))
    return effective_size(share, variance, most=most, units=count)


def _within(values: Floats, starts: NDArray[np.intp]) -> Floats:
    """Cumulative sums that begin anew at every start."""
    summed = values.cumsum()
    base = summed[starts] - values[starts]
    return summed - np.repeat(base, np.diff(np.append(starts, len(values))))
