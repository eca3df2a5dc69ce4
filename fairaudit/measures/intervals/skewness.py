"""Intervals of means whose values have a long tail: how far out an end lies on the tail's side.

A few images of a skewed value mostly miss the tail, so that the mean is too small and so is its spread: an interval
that ends below a limit says too much. Two corrections are made and the wider is taken on each side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.distributions import normal_isf, student_isf

Floats = NDArray[np.float64]

_FLAT = 1e-6
"""A skewness of less counts as none."""


def skewed(
    low: float, high: float, replicates: Floats, *, value: float, units: float, level: float
) -> tuple[float, float]:
    """Ends of a bootstrap interval of a mean, moved out on the side of the long tail.

    Percentiles follow the skew γ of the replicates by γ (z² − 1)/6 of their spread; a t interval turned around, as the
    bootstrap-t is, would by γ (2 z² + 1)/6 (Hall, 1988). The difference, γ (z² + 2)/6, is added twice over where it
    widens, because a sample shows less than the skew there is. Where Student's interval of `transformed` ends further
    out, as it does of few units, its end is taken.

    Args:
        low: lower end.
        high: upper end.
        replicates: `[replicate]`, NaN where undefined.
        value: the estimate.
        units: images or clusters behind it, more than one; what they are worth where they differ.
        level: coverage.

    >>> low, high = skewed(0.0, 1.0, np.array([0.2, 0.3, 0.4]), value=0.3, units=9, level=0.95)  # no tail
    >>> round(low, 3), round(high, 3)
    (0.0, 1.0)
    """
    known = replicates[~np.isnan(replicates)]
    spread = float(known.std()) if known.size else 0.0
    if spread <= 0:
        return low, high
    skew = float(((known - known.mean()) ** 3).mean()) / spread**3
    if abs(skew) < _FLAT:
        return low, high
    moved = spread * skew * (float(normal_isf((1 - level) / 2)) ** 2 + 2) / 3
    ends = transformed(value, spread * np.sqrt(units / (units - 1)), unbiased(skew, units), units=units, level=level)
    return min(low + min(moved, 0.0), float(ends[0])), max(high + max(moved, 0.0), float(ends[1]))


def reaches(spread: ArrayLike, skew: ArrayLike, *, units: ArrayLike, level: float) -> tuple[Floats, Floats]:
    """How far below and above a mean its interval ends, from moments alone: what `skewed` does to percentiles.

    The expanded percentile interval by its Edgeworth series, z + a (z² − 1)/6, moved out and hulled as in `skewed`.

    Args:
        spread: standard deviation of the mean, σ/√n with the population's σ.
        skew: its skewness a = γ/√n.
        units: n, two at least.
        level: coverage.

    >>> below, above = reaches(0.1, 0.2, units=25, level=0.95)
    >>> round(float(below), 2), round(float(above), 2)
    (0.2, 0.26)
    """
    spread, skew, n = (np.asarray(part, np.float64) for part in (spread, skew, units))
    tail = (1 - level) / 2
    wide = np.sqrt(n / (n - 1)) * np.asarray(student_isf(tail, n - 1))
    bend, moved = skew * (wide**2 - 1) / 6, skew * (float(normal_isf(tail)) ** 2 + 2) / 3
    below, above = wide - bend - np.minimum(moved, 0), wide + bend + np.maximum(moved, 0)
    low, high = transformed(0.0, np.sqrt(n / (n - 1)), unbiased(skew, n), units=n, level=level)
    return spread * np.maximum(below, -low), spread * np.maximum(above, high)


def unbiased(skew: ArrayLike, units: ArrayLike) -> Floats:
    """Skewness of a sample of nearly normal values: γ √(n (n − 1)) / (n − 2); as it is for two or fewer.

    >>> unbiased(0.5, 10).round(3).item()
    0.593
    """
    skew, n = np.asarray(skew, np.float64), np.asarray(units, np.float64)
    few = n <= 2
    return np.asarray(np.where(few, skew, skew * np.sqrt(n * (n - 1)) / np.where(few, 1.0, n - 2)))


def transformed(
    value: ArrayLike, error: ArrayLike, skew: ArrayLike, *, units: ArrayLike, level: float
) -> tuple[Floats, Floats]:
    """Hall's interval of a mean: Student's, of a cubic of the t statistic that is free of skewness.

    g(T) = T + a T²/3 + a² T³/27 + a/6 with a the skewness of the mean (γ/√n); g is monotone and its inverse is
    g⁻¹(y) = 3 [(1 + a (y − a/6))^⅓ − 1] / a. The interval is value − error · g⁻¹(±t). Hall 1992, On the Removal of
    Skewness by Transformation, eq. 2.4.

    Args:
        value: the mean.
        error: its standard error.
        skew: a.
        units: n, for Student's quantile.
        level: coverage.

    >>> low, high = transformed(0.0, 1.0, 0.2, units=1_000, level=0.95)
    >>> round(float(low), 2), round(float(high), 2)
    (-1.72, 2.34)
    """
    value, error, skew = (np.asarray(part, np.float64) for part in (value, error, skew))
    reach = np.asarray(student_isf((1 - level) / 2, np.asarray(units, np.float64) - 1), np.float64)
    flat = np.abs(skew) < _FLAT
    bent = np.where(flat, 1.0, skew)

    def inverse(y: Floats) -> Floats:
        return np.where(flat, y, 3 * (np.cbrt(1 + bent * (y - bent / 6)) - 1) / bent)

    return np.asarray(value - error * inverse(reach)), np.asarray(value - error * inverse(-reach))
