"""What every threshold-free measure takes: one score, truth and group per image, checked once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats


class Scored(NamedTuple):
    """Checked per-image arrays of one length."""

    scores: Floats
    """Scores of the positive class, in [0, 1]."""
    positive: NDArray[np.bool_]
    """Whether the image is of the positive class."""
    group: NDArray[np.int64]
    """Group codes, −1 unknown."""


def scored(scores: ArrayLike, positive: ArrayLike, group: ArrayLike, *, groups: int) -> Scored:
    """The three columns as arrays.

    Args:
        scores: [image] scores of the positive class.
        positive: [image] bool.
        group: [image] codes, −1 unknown.
        groups: number of groups.

    Raises:
        ValueError: lengths differ, a score is not in [0, 1], or a code is out of range.

    >>> scored([0.5], [True], [0], groups=1).scores.tolist()
    [0.5]
    """
    values, truth, codes = np.asarray(scores, np.float64), np.asarray(positive, bool), np.asarray(group, np.int64)
    if not values.shape == truth.shape == codes.shape or values.ndim != 1:
        found = f"{values.shape}, {truth.shape} and {codes.shape}"
        raise ValueError(f"needs one score, truth and group per image, found {found}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("scores need to lie in [0, 1]")
    if codes.size and (codes.min() < -1 or codes.max() >= groups):
        raise ValueError(f"group codes need to lie in -1 … {groups - 1}, found {codes.min()} … {codes.max()}")
    return Scored(values, truth, codes)
