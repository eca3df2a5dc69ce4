"""Koopman's score bounds of a ratio of two independent proportions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio

_SPAN = 30.0  # log-ratios are searched in ± this; e^-30 is 0 for every purpose here
_HALVINGS = 36


def score_statistic(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, theta: ArrayLike) -> Floats:
    """Koopman's χ² of p1/p2 = θ: Σ (xᵢ − nᵢ p̃ᵢ)² / (nᵢ p̃ᵢ (1 − p̃ᵢ)).

    p̃ is the maximum of the likelihood under p1 = θ p2, where p̃2 is the smaller root of (n1 + n2) θ p² − (n1 θ + x1
    + n2 + x2 θ) p + x1 + x2 = 0. Koopman, Biometrics 40 (1984).

    Args:
        x1: [...] successes above the line.
        n1: [...] trials above the line.
        x2: [...] successes below the line.
        n2: [...] trials below the line.
        theta: [...] ratio that is tested.

    >>> score_statistic(50, 100, 50, 100, 1.0).item()
    0.0
    """
    a1, m1, a2, m2, t = (np.asarray(value, np.float64) for value in (x1, n1, x2, n2, theta))
    square, linear, constant = (m1 + m2) * t, m1 * t + a1 + m2 + a2 * t, a1 + a2
    root = np.sqrt(np.maximum(0.0, linear * linear - 4 * square * constant))
    # The smaller root without cancellation; without trials on both sides there is nothing to explain.
    p2 = np.clip(np.nan_to_num(ratio(2 * constant, linear + root)), 0.0, 1.0)
    p1 = np.clip(t * p2, 0.0, 1.0)
    return _term(a1, m1, p1) + _term(a2, m2, p2)


def ratio_bound(x1: ArrayLike, n1: ArrayLike, x2: ArrayLike, n2: ArrayLike, *, z: float, upper: bool) -> Floats:
    """Lower or upper score bound of p1/p2: the θ furthest from the estimate with χ²(θ) ≤ z², found by bisection.

    The bound is 0 (lower, x1 = 0) or infinite (upper, x2 = 0) where the data cannot exclude it; with no trials on
    either side it is 0 or infinite too.

    Args:
        x1: [...] successes above the line.
        n1: [...] trials above the line.
        x2: [...] successes below the line.
        n2: [...] trials below the line.
        z: normal quantile of one tail.
        upper: which bound.

    >>> round(ratio_bound(50, 100, 90, 100, z=1.96, upper=True).item(), 3)
    0.673
    """
    a1, m1, a2, m2 = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in (x1, n1, x2, n2)))
    open_ended = (m1 == 0) | (m2 == 0) | ((a2 if upper else a1) == 0)
    start = np.log(np.where(open_ended | (a1 == 0) | (a2 == 0), 1.0, ratio(a1 * m2, a2 * m1)))
    # With x1 = 0 (upper) or x2 = 0 (lower) the estimate itself is at the far end of the search.
    near = np.where(a1 == 0, -_SPAN, np.where(a2 == 0, _SPAN, start))
    far = np.full(near.shape, _SPAN if upper else -_SPAN)
    inside: NDArray[np.bool_]
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        inside = score_statistic(a1, m1, a2, m2, np.exp(middle)) <= z * z
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return np.where(open_ended, np.inf if upper else 0.0, np.exp(far))


def _term(x: Floats, n: Floats, p: Floats) -> Floats:
    top, bottom = (x - n * p) ** 2, n * p * (1 - p)
    # At p = 0 or 1 the data either agree exactly (0) or exclude it (infinity).
    value = ratio(top, bottom)
    return np.where(np.isnan(value), np.where(top > 1e-18 * np.maximum(1.0, n), np.inf, 0.0), value)
