"""Alignment of one base classifier with many downstream ones: means, intervals and tests over images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import UsageError
from fairaudit.measures.alignment.relative_change import RelativeChange
from fairaudit.measures.clusters.leverage import leverage
from fairaudit.measures.distributions import student_isf, student_sf
from fairaudit.measures.images.cluster_means import cluster_interval
from fairaudit.measures.intervals.multiple import benjamini_hochberg, holm
from fairaudit.measures.intervals.skewness import skewed
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
Correction = Literal["holm", "fdr", "none"]

LEAST_UNITS = 5
"""Images or clusters behind an interval: of fewer, a few of which may move far, none keeps its level."""
MIN_EFFECTIVE = 2.0
"""Equal units that an interval or a p value rests on at least; less where one person holds nearly every image."""
_CHUNK = 2**22


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """One row of the matrix: a base classifier against every downstream one, each array [downstream]."""

    n: NDArray[np.int64]
    """Images with a relative change."""
    mean: Floats
    """Mean relative change, as in the paper; NaN without images."""
    mean_low: Floats
    """Lower end of its bootstrap interval; NaN with fewer than five units."""
    mean_high: Floats
    """Upper end."""
    ratio_of_sums: Floats
    """Σ downstream change / Σ base change: images weigh by how far the base moved, so no image dominates."""
    ratio_low: Floats
    """Lower end of its bootstrap interval."""
    ratio_high: Floats
    """Upper end."""
    median: Floats
    """Median relative change."""
    deviation: Floats
    """Standard deviation over images, n − 1."""
    p_value: Floats
    """Two-sided p of a mean relative change of 0 (Student's t over units); NaN with fewer than two units."""


def alignment(
    change: RelativeChange,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
    replicates: int = 2000,
    generator: np.random.Generator,
) -> Alignment:
    """Summarise the relative changes of one base over images; undefined ones are left out and counted elsewhere.

    Intervals resample images, or whole clusters of them, with replacement; factual and counterfactual stay together.

    Args:
        change: per image.
        cluster: [image] unit that is resampled whole (default: every image is one).
        level: coverage of the intervals.
        replicates: bootstrap replicates.
        generator: source of the draws.
    """
    usable = np.isfinite(change.values).all(axis=1)
    values, top, bottom = change.values[usable], change.numerator[usable], change.denominator[usable]
    heads = values.shape[1]
    units = np.arange(len(values)) if cluster is None else np.asarray(cluster)[usable]
    sums = _unit_sums(units, np.column_stack([np.ones(len(values)), bottom, values, top]))
    estimate = np.concatenate([ratio(values.sum(axis=0), len(values)), ratio(top.sum(axis=0), bottom.sum())])
    low, high = _bootstrap(sums, estimate, level=level, replicates=replicates, generator=generator)
    missing = np.full(heads, np.nan)
    return Alignment(
        n=np.full(heads, len(values), np.int64),
        mean=estimate[:heads],
        mean_low=low[:heads],
        mean_high=high[:heads],
        ratio_of_sums=estimate[heads:],
        ratio_low=low[heads:],
        ratio_high=high[heads:],
        median=np.median(values, axis=0) if len(values) else missing,
        deviation=values.std(axis=0, ddof=1) if len(values) > 1 else missing,
        p_value=_t_test(sums[:, 0], sums[:, 2 : 2 + heads]),
    )


def corrected(p_values: ArrayLike, correction: Correction) -> Floats:
    """The p values of a whole family, adjusted by the named correction.

    Raises:
        UsageError: there is no such correction.
    """
    if correction == "none":
        return np.asarray(p_values, np.float64)
    if correction not in ("holm", "fdr"):
        raise UsageError("The correction is unknown", wanted="holm, fdr or none", found=str(correction))
    return holm(p_values) if correction == "holm" else benjamini_hochberg(p_values)


def _unit_sums(units: NDArray[np.generic], columns: Floats) -> Floats:
    """Sums of the columns over the images of every unit, [unit, column]."""
    names, codes = np.unique(units, return_inverse=True)
    sums = np.zeros((len(names), columns.shape[1]))
    np.add.at(sums, codes.reshape(-1), columns)
    return sums


def _bootstrap(
    sums: Floats, estimate: Floats, *, level: float, replicates: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Ends of the intervals of the means and the ratios of sums, [2 · head] each; NaN where there is none."""
    units, heads = len(sums), len(estimate) // 2
    if units < LEAST_UNITS:
        return np.full(2 * heads, np.nan), np.full(2 * heads, np.nan)
    parts = []
    size = max(1, _CHUNK // max(units, sums.shape[1]))
    for start in range(0, replicates, size):
        draws = generator.multinomial(units, np.full(units, 1 / units), size=min(size, replicates - start))
        drawn = draws.astype(np.float64) @ sums
        means = ratio(drawn[:, 2 : 2 + heads], drawn[:, :1])
        parts.append(np.concatenate([means, ratio(drawn[:, 2 + heads :], drawn[:, 1:2])], axis=1))
    drawn = np.concatenate(parts)
    spreads = [_spread(sums[:, 0], sums[:, 2 : 2 + heads]), _spread(sums[:, 1], sums[:, 2 + heads :])]
    ends = [
        _ends(float(value), drawn[:, place], spreads[place // heads].at(place % heads), level)
        for place, value in enumerate(estimate)
    ]
    return np.array([low for low, _ in ends]), np.array([high for _, high in ends])


def _ends(value: float, drawn: Floats, spread: _Spread, level: float) -> tuple[float, float]:
    """The wider of two on each side: Student's interval, and percentiles moved out on the side of the long tail.

    Of a few images one of which moves far, percentiles are too narrow and Student's are not; of skewed ones, the other
    way round.
    """
    if spread.units < MIN_EFFECTIVE:
        return np.nan, np.nan
    found = cluster_interval(value, drawn, clusters=max(2, round(spread.units)), level=level)
    low, high = skewed(float(found.low), float(found.high), drawn, value=value, units=spread.units, level=level)
    half = float(student_isf((1 - level) / 2, spread.units - 1) * spread.error[0])
    return min(low, value - half), max(high, value + half)


@dataclass(frozen=True, slots=True)
class _Spread:
    """Standard errors of ratios of sums over units, and the equal units that they rest on."""

    error: Floats
    units: float

    def at(self, place: int) -> _Spread:
        return _Spread(self.error[place : place + 1], self.units)


def _spread(below: Floats, above: Floats) -> _Spread:
    """Of Σ above / Σ below, linearised, with the leverage of every unit.

    Args:
        below: [unit] weights of the units.
        above: [unit, column] sums.
    """
    behind = leverage(np.arange(len(below)), np.abs(below))
    residuals = above - below[:, None] * ratio(above.sum(axis=0), below.sum())
    error = np.sqrt(((residuals * behind.inflation[:, None]) ** 2).sum(axis=0)) / abs(below.sum())
    return _Spread(error, behind.effective)


def _t_test(counts: Floats, sums: Floats) -> Floats:
    """Two-sided p of a mean of 0: Student's t over images, or the linearised one over clusters of unequal size."""
    if len(counts) < 2:
        return np.full(sums.shape[1], np.nan)
    spread = _spread(counts, sums)
    if spread.units < MIN_EFFECTIVE:
        return np.full(sums.shape[1], np.nan)
    mean = ratio(sums.sum(axis=0), counts.sum())
    score = np.where(spread.error > 0, np.abs(ratio(mean, spread.error)), np.where(mean == 0, 0.0, np.inf))
    return np.asarray(2 * student_sf(score, spread.units - 1), np.float64)
