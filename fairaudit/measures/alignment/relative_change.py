"""Relative change: what a counterfactual does to other classifiers, over what it does to the one it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.ratio import ratio

Floats = NDArray[np.float64]


class Defined(IntEnum):
    """Whether an image has a relative change, and if not, why."""

    YES = 0
    """The base moved far enough."""
    STILL = 1
    """The base did not move at all: 0/0, or anything over 0."""
    SMALL = 2
    """The base moved less than asked for: the ratio would be mostly noise."""
    AWAY = 3
    """The base moved the other way: the image is no counterfactual."""
    NONFINITE = 4
    """A score is not finite."""


DEFINED_TEXTS: dict[Defined, str] = {
    Defined.YES: "defined",
    Defined.STILL: "the base score did not move",
    Defined.SMALL: "the base score moved too little (fairaudit cf-align --min-base-change)",
    Defined.AWAY: "the base score moved the other way",
    Defined.NONFINITE: "a score is not finite",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeChange:
    """The relative change of every image and downstream head."""

    values: Floats
    """r, [image, downstream]; NaN where undefined."""
    numerator: Floats
    """Change of every downstream score from the reconstruction to the counterfactual, [image, downstream]."""
    denominator: Floats
    """Change of the base score with its sign, [image]."""
    base_change: Floats
    """How far the base score moved in the direction asked for, [image]; positive for a counterfactual."""
    defined: NDArray[np.int64]
    """`Defined` code, [image]."""


def relative_change(
    before: ArrayLike,
    after: ArrayLike,
    base_before: ArrayLike,
    base_after: ArrayLike,
    *,
    min_base_change: float = 0.3,
    direction: float = -1.0,
) -> RelativeChange:
    """Relative change of every image, eq. 3 of the counterfactual alignment paper.

    r = (f_1(D(z_λ)) − f_1(D(z_0))) / (f_b(D(z_λ)) − f_b(D(z_0))). 1 is alignment, 0 independence, −1 inverse alignment;
    unbounded. No direction is better: that depends on what the two classifiers should share.

    Undefined where the base did not move, moved the other way, or moved less than `min_base_change`: a small
    denominator makes a large ratio of noise. (The published program returns 1.0 for 0/0, perfect alignment.)

    >>> found = relative_change([[0.5, 0.9]], [[0.5, 0.3]], [0.9], [0.3])
    >>> found.values.tolist(), round(found.base_change.item(), 6)
    ([[-0.0, 1.0]], 0.6)

    Args:
        before: [image, downstream] scores of the reconstructions.
        after: [image, downstream] scores of the counterfactuals.
        base_before: [image] base scores of the reconstructions.
        base_after: [image] base scores of the counterfactuals.
        min_base_change: least change of the base score, in the direction asked for.
        direction: −1 where counterfactuals lower the base score, +1 where they raise it.
    """
    start, end = np.asarray(before, np.float64), np.asarray(after, np.float64)
    moved = np.asarray(base_after, np.float64) - np.asarray(base_before, np.float64)
    numerator = end - start
    defined = _defined(numerator, moved, min_base_change, direction)
    usable = (defined == Defined.YES)[:, None]
    values = np.where(usable, ratio(numerator, moved[:, None]), np.nan)
    return RelativeChange(
        values=values, numerator=numerator, denominator=moved, base_change=direction * moved, defined=defined
    )


def _defined(numerator: Floats, moved: Floats, least: float, direction: float) -> NDArray[np.int64]:
    along = direction * moved
    codes = np.full(len(moved), int(Defined.YES), np.int64)
    codes[along < least] = Defined.SMALL
    codes[along < 0] = Defined.AWAY
    codes[along == 0] = Defined.STILL
    codes[~(np.isfinite(moved) & np.isfinite(numerator).all(axis=1))] = Defined.NONFINITE
    return codes
