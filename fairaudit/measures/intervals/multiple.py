"""Several p values at once: Holm's step-down and Benjamini and Hochberg's step-up, as adjusted p values."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats


def holm(p_values: ArrayLike) -> Floats:
    """Holm's adjusted p values: p̃₍ⱼ₎ = max_{i ≤ j} min(1, (m − i + 1) p₍ᵢ₎).

    Rejecting where p̃ ≤ α wrongly rejects any true hypothesis with probability at most α, however the tests depend on
    each other. NaN stays NaN and does not count in m.

    Args:
        p_values: [test].

    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    values, known, order = _sorted(p_values)
    number = order.size
    steps = np.minimum(1.0, values[known][order] * (number - np.arange(number)))
    return _placed(values, known, order, np.maximum.accumulate(steps))


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Benjamini and Hochberg's adjusted p values: p̃₍ⱼ₎ = min_{i ≥ j} min(1, m p₍ᵢ₎ / i).

    Rejecting where p̃ ≤ α keeps the expected share of wrong rejections at α at most, for independent or positively
    dependent tests. NaN stays NaN and does not count in m.

    Args:
        p_values: [test].

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.04, 0.04]
    """
    values, known, order = _sorted(p_values)
    number = order.size
    steps = np.minimum(1.0, values[known][order] * number / (np.arange(number) + 1))
    return _placed(values, known, order, np.minimum.accumulate(steps[::-1])[::-1])


def _sorted(p_values: ArrayLike) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    values = np.asarray(p_values, np.float64)
    if values.ndim != 1:
        raise ValueError(f"p values need one axis, found {values.ndim}")
    known = np.flatnonzero(~np.isnan(values))
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise ValueError("p values need to lie in [0, 1]")
    return values, known, np.argsort(values[known], kind="stable")


def _placed(values: Floats, known: NDArray[np.intp], order: NDArray[np.intp], steps: Floats) -> Floats:
    adjusted = np.full(values.shape, np.nan)
    adjusted[known[order]] = steps
    return adjusted
