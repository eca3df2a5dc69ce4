"""Whether a candidate model relies on a region less than a baseline model: ADR, DIF and RDDT on paired maps.

Both models' maps of the same images are brought to one *scale* first:

* `absolute` (default): p = |R| / 2m with m = max|R| of that map, how far the paper's p is from its neutral 0.5, in
  [0, 0.5]. Evidence for and against the class both count, so that nothing cancels;
* `paper`: p = (R + m) / 2m, so p is in [0, 1] and 0.5 is neutral. A shortcut speaks for the class in images where it
  goes with the class and against it in the others: over a balanced set both cancel, and a model that dropped it shows
  no fall. Read it within cells of group and class. One hot pixel anywhere rescales the whole map under both of these,
  so a lower p inside can mean a hotter peak outside;
* `share`: p = max(R, 0) / mean(max(R, 0)), relevance against an even spread of it. Then ADR is exactly the difference
  of the two relevance lifts, and no single pixel sets the scale.

Positive numbers always mean that the baseline model put more relevance into the region than the candidate does; under
`paper`, more relevance *for the explained class*, which is less reliance only where the region spoke for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import DataError, UsageError, suggestion
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.distributions import student_ppf, student_sf
from fairaudit.measures.regions.weights import Floats, arrange, blocks, weigh
from fairaudit.ratio import ratio

Scale = Literal["absolute", "paper", "share"]

SCALES: tuple[Scale, ...] = ("absolute", "paper", "share")
TOLERANCE = 1e-4
"""Differences up to this share of the scale are float noise, which a strict comparison counts as decreases in up to
half of the pixels of an unchanged model."""
SIGNIFICANCE = 0.01
"""RDDT's significance level in the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChange:
    """ADR and DIF of every image, each `[image]`, NaN where either map or the region is empty."""

    adr: Floats
    """Average difference in the region, baseline less candidate."""
    dif: Floats
    """Share of the region's pixels whose relevance decreased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceTest:
    """RDDT: the one-sided one-sample t test that the mean difference in the region is above 0."""

    significant: bool | None
    """p < 0.01; None when there are too few images to test."""
    p: float
    """p value against no decrease; 1 when every difference is 0; NaN when there are too few images."""
    t: float
    """t statistic; NaN when the differences do not vary."""
    mean: float
    """Mean difference, baseline less candidate."""
    effect: float
    """Cohen's d: mean difference over its standard deviation (n − 1); NaN when the differences do not vary."""
    low: float
    """Lower end of the t interval of the mean difference."""
    high: float
    """Upper end of the t interval of the mean difference."""
    level: float
    """Coverage that the interval aims at."""
    n: int
    """Images with a defined difference."""
    units: int
    """Clusters with one; images where there are no clusters."""


def region_change(
    baseline: ArrayLike,
    candidate: ArrayLike,
    masks: ArrayLike,
    *,
    scale: Scale = "absolute",
    tolerance: float = TOLERANCE,
) -> RegionChange:
    """ADR and DIF of every image, from the baseline's and the candidate's maps of the same images.

    ADR = 1/|R| Σ_{ij∈R} (p_ij^v − p_ij^d), in [−0.5, 0.5] under `absolute` and [−1, 1] under `paper`.
    DIF = 1/|R| Σ_{ij∈R} 1[p_ij^d < p_ij^v − tolerance], in [0, 1].
    Higher means less relevance than the baseline has; under `absolute` and `share` that is less reliance, under `paper`
    only where the region spoke for the class. NaN for an empty region and where either map has no relevance to scale.
    Fairness for the Right Reasons, eq. (2) and (3), which are printed with the `paper` scale.

    Args:
        baseline: signed relevance of the baseline ("vanilla") model, `[image, row, column]`.
        candidate: the same of the audited model.
        masks: True inside the region, `[image, row, column]` or `[row, column]`.
        scale: how a map becomes p.
        tolerance: a pixel decreased when p fell by more than this; 0 is the paper's strict comparison.

    Raises:
        DataError: shapes do not fit, or a map holds a value that is not finite.
        UsageError: an unknown scale or a negative tolerance.

    >>> change = region_change([[[2.0, -2.0]]], [[[1.0, -2.0]]], [[True, True]])
    >>> change.adr, change.dif  # p: (0.5, 0.5) and (0.25, 0.5)
    (array([0.125]), array([0.5]))
    >>> turned = region_change([[[2.0, 1.0]]], [[[2.0, -1.0]]], [[False, True]])  # as much evidence, now against
    >>> turned.adr, region_change([[[2.0, 1.0]]], [[[2.0, -1.0]]], [[False, True]], scale="paper").adr
    (array([0.]), array([0.5]))
    """
    if scale not in SCALES:
        raise UsageError(f'There is no relevance scale called "{scale}"', advice=suggestion(scale, SCALES))
    if tolerance < 0:
        raise UsageError("The tolerance of DIF is negative", wanted="0 or more", found=f"{tolerance}")
    before, inside = arrange(baseline, masks)
    after, _ = arrange(candidate, masks)
    if before.shape != after.shape:
        raise DataError(
            "The baseline's and the candidate's maps differ in shape",
            found=f"{list(before.shape)} and {list(after.shape)}",
            advice="Compute both on the same images at the same size.",
        )
    adr, dif = np.full(len(before), np.nan), np.full(len(before), np.nan)
    for part in blocks(len(before), before.shape[1] * before.shape[2]):
        mask = (inside[part] if len(inside) > 1 else inside).reshape(-1, before.shape[1] * before.shape[2])
        fall = _scaled(before[part], scale, part.start) - _scaled(after[part], scale, part.start)
        area = np.where(np.isnan(fall).any(axis=1), 0, mask.sum(axis=1))
        adr[part] = ratio(np.where(mask, fall, 0.0).sum(axis=1), area)
        dif[part] = ratio(((fall > tolerance) & mask).sum(axis=1), area)
    return RegionChange(adr=adr, dif=dif)


def rddt(
    differences: ArrayLike,
    *,
    significance: float = SIGNIFICANCE,
    tolerance: float = TOLERANCE,
    level: float = 0.95,
    clusters: ArrayLike | None = None,
) -> DifferenceTest:
    """Rectangle difference distribution testing: is the mean of the images' ADR above 0?

    d_n = μ_vanilla − μ_debiased of the region, which is ADR per image; t = mean(d) / (sd(d) / √n), one-sided. The paper
    reports only whether p < 0.01, which a large n makes true of trivial shifts: read the effect size and the interval
    with it. Differences within ±tolerance count as 0, so float noise is not significant; pass 0 for the paper's test.
    When all differences are 0, p is 1. Fairness for the Right Reasons, eq. (4).

    With m clusters of images the error of the same mean is √(m/(m−1) Σ_c (x_c − d̄ n_c)²) / n and t has m − 1 degrees of
    freedom, with x_c the sum of a cluster's n_c differences; clusters of one image give the test above.

    Args:
        differences: ADR `[image]`; NaN are left out.
        significance: p below this is significant.
        tolerance: size of differences that count as 0.
        level: coverage of the interval, which is two-sided.
        clusters: cluster codes `[image]`, −1 unknown; None where images are the units.

    >>> test = rddt([1.0, 2.0, 3.0])
    >>> round(test.t, 3), round(test.p, 4), test.significant, test.effect  # 2 / (1 / √3)
    (3.464, 0.0371, False, 2.0)
    """
    values = np.asarray(differences, np.float64)
    known = ~np.isnan(values)
    values = values[known]
    values = np.where(np.abs(values) <= tolerance, 0.0, values)
    units = None if clusters is None else partition(np.asarray(clusters)[known])
    n = len(values)
    number = n if units is None else int(units.max()) + 1
    mean = float(ratio(values.sum(), n))
    deviation = float(np.std(values, ddof=1)) if n > 1 else np.nan
    error = float(ratio(deviation, np.sqrt(n))) if units is None else _clustered_error(values - mean, units)
    half = float(student_ppf(0.5 + level / 2, number - 1)) * error if number > 1 else np.nan
    p = _p_value(mean, error, number)
    return DifferenceTest(
        significant=None if np.isnan(p) else p < significance,
        p=p,
        t=float(ratio(mean, error)),
        mean=mean,
        effect=float(ratio(mean, deviation)),
        low=mean - half,
        high=mean + half,
        level=level,
        n=n,
        units=number,
    )


def _clustered_error(residuals: Floats, units: NDArray[np.int64]) -> float:
    sums = np.bincount(units, weights=residuals)
    number = len(sums)
    return float(ratio(np.sqrt(ratio(number, number - 1) * (sums**2).sum()), len(residuals)))


def _p_value(mean: float, error: float, number: int) -> float:
    if number < 2:
        return float("nan")
    if error == 0:  # every difference is the same: none at all, or a shift without any spread
        return 0.0 if mean > 0 else 1.0
    return float(student_sf(mean / error, number - 1))


def _scaled(maps: NDArray[np.floating], scale: Scale, first: int) -> Floats:
    flat = maps.reshape(len(maps), maps.shape[1] * maps.shape[2])
    if scale != "share":
        weights, neutral = weigh(flat, "paper", first=first)
        return weights if scale == "paper" else np.abs(weights - neutral[:, None])
    weights, _ = weigh(flat, "positive", first=first)
    return ratio(weights, weights.mean(axis=1)[:, None])
