"""What a mean loses where a few units hold most of its weight: leverages, and the units that it is worth.

A unit that holds the share h of a mean's weight pulls the mean towards itself, so its deviation from the mean is too
small: its expected square is 1 − h of what it should be where units are alike, and is divided by that (the CR2 residual
of Bell and McCaffrey 2002; √(m/(m − 1)) for m equal units). The degrees of freedom of such a variance follow from how
unequal the units are: Satterthwaite's (Σ h²)² / Σ h⁴ where what varies is the unit and not the image, m for equal ones.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fairaudit.ratio import ratio

Floats = NDArray[np.float64]


class Leverage(NamedTuple):
    """Of the units behind one mean."""

    inflation: Floats
    """`[row]` factor for the deviation of the row's unit, 1/√(1 − h); 0 where one unit holds everything."""
    effective: float
    """Equal units that the variance is worth, in [1, m]; 0 without rows."""


def leverage(unit: NDArray[np.integer], weight: NDArray[np.floating] | None = None) -> Leverage:
    """Leverages of the units behind a weighted mean of rows.

    Args:
        unit: `[row]` unit of every row, not negative.
        weight: `[row]` not negative; equal ones without.

    >>> found = leverage(np.array([0, 0, 1, 1, 2, 2]))
    >>> found.inflation.round(4).tolist()[:2], found.effective  # √(3/2)
    ([1.2247, 1.2247], 3.0)
    >>> round(leverage(np.array([0] * 8 + [1, 2])).effective, 2)
    1.06
    """
    if not len(unit):
        return Leverage(inflation=np.zeros(0), effective=0.0)
    codes = np.unique(unit, return_inverse=True)[1].reshape(-1)
    total = np.bincount(codes, weights=weight)
    share = total / total.sum()
    rest = 1 - share
    inflation = np.where(rest > 1e-12, ratio(1.0, np.sqrt(np.maximum(rest, 1e-12))), 0.0)
    effective = float((share**2).sum() ** 2 / (share**4).sum())
    return Leverage(inflation=inflation[codes], effective=round(effective, 9))
