"""By how much a largest disparity changed between two models on the same images: bounds from pairs of contrasts.

A resampled change of a largest gap is biased wherever one model has a gap and the other has none. For any contrast b,
D_old ≥ δ_old(b), and D_new = δ_new(a) for the contrast a that is truly the largest. So
D_new − D_old ≤ min over b of max over a of the upper end of δ_new(a) − δ_old(b): the right a need not be known, and the
ends hold for all b at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats

MOST_PROVING = 200
"""Contrasts b that are tried, those with the largest lower ends."""


class ModelContrasts(NamedTuple):
    """One model's contrasts, larger where the disparity is larger; every array is [contrast]."""

    value: Floats
    """Estimates; −∞ where there is none, but the contrast may be the largest."""
    low: Floats
    """Lower ends that hold for all contrasts at once; −∞ where there is none."""
    high: Floats
    """Upper ends."""


class Bound(NamedTuple):
    """An upper end, and the estimate it lies above."""

    centre: float
    side: float

    @property
    def end(self) -> float:
        """The end itself."""
        return self.centre + self.side


def upper_change(new: ModelContrasts, old: ModelContrasts, correlation: ArrayLike) -> Bound:
    """Upper end of max new − max old.

    A difference of two dependent estimates has the end d + √(u² + l² − 2 ρ u l) (MOVER; Zou and Donner, 2008), u and l
    the sides of their own intervals.

    Args:
        new: contrasts of the one model.
        old: contrasts of the other, in the same order.
        correlation: [new contrast, old contrast].

    >>> gap = ModelContrasts(np.array([0.2, -0.2]), np.array([0.1, -0.3]), np.array([0.3, -0.1]))
    >>> none = ModelContrasts(np.array([0.0, 0.0]), np.array([-0.1, -0.1]), np.array([0.1, 0.1]))
    >>> round(upper_change(none, gap, np.zeros((2, 2))).end, 3)  # 0 − 0.2 and √(0.1² + 0.1²): the gap shrank
    -0.059
    """
    chosen = np.argsort(-old.low, kind="stable")[:MOST_PROVING]
    chosen = chosen[np.isfinite(old.low[chosen]) & np.isfinite(old.value[chosen])]
    if not len(chosen):
        return Bound(0.0, np.inf)
    value, below = old.value[chosen], old.value[chosen] - old.low[chosen]
    known = np.isfinite(new.value)
    centre = np.where(known, new.value, new.high)[:, None] - value[None]
    above = np.where(known, new.high - np.where(known, new.value, 0.0), 0.0)[:, None]
    rho = np.where(known[:, None], np.clip(np.asarray(correlation, np.float64)[:, chosen], -1.0, 1.0), 0.0)
    side = np.sqrt(np.maximum(0.0, above**2 + below[None] ** 2 - 2 * rho * above * below[None]))
    end = centre + side
    widest = end.argmax(axis=0)
    best = int(np.take_along_axis(end, widest[None], 0)[0].argmin())
    at = (int(widest[best]), best)
    return Bound(float(centre[at]), float(side[at]))
