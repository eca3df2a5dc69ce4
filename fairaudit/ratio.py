"""The one place that divides: an undefined ratio is NaN inside arrays and `null` with a reason in a report."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> NDArray[np.float64]:
    """Numerator over denominator in float64, NaN wherever the denominator is 0 or either side is NaN.

    Shapes broadcast. Never 0, ε or infinity for an empty denominator.

    >>> ratio([1, 0], [2, 0])
    array([0.5, nan])
    """
    top, bottom = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    shape = top.shape if top.shape == bottom.shape else np.broadcast_shapes(top.shape, bottom.shape)
    result = np.full(shape, np.nan)
    np.divide(top, bottom, out=result, where=bottom != 0)
    return result
