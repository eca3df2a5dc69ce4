"""Which class goes with a bias value, and how often a model decides by the bias where the two disagree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.ratio import ratio

Codes = NDArray[np.int64]


def associated_classes(decisions: Codes, bias: Codes, *, classes: int, values: int) -> Codes:
    """The class that a model associates with each bias value, [value]: argmax_a p(a | b) / p(a).

    It is read from the model's decisions on balanced data, so that it needs no biased data. -1 for a value without
    images. Ties go to the first class.

    Args:
        decisions: decided class of every image.
        bias: bias value of every image, -1 unknown.
        classes: number of classes.
        values: number of bias values.

    >>> associated_classes(np.array([0, 0, 1, 1, 0, 1]), np.array([1, 1, 0, 0, 0, 1]), classes=2, values=2).tolist()
    [1, 0]
    """
    counts = np.zeros((values, classes))
    known = bias >= 0
    np.add.at(counts, (bias[known], decisions[known]), 1)
    given = ratio(counts, counts.sum(1, keepdims=True))
    lift = ratio(given, counts.sum(0) / max(1, int(known.sum())))
    found = np.argmax(np.nan_to_num(lift, nan=-1.0), axis=1)
    return np.asarray(np.where(counts.sum(1) > 0, found, -1), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """How a model decides where bias and target agree, and where they do not."""

    aligned: int
    """Images whose bias value goes with their class."""
    aligned_right: int
    """Of these, rightly decided."""
    conflicting: int
    """Images whose bias value goes with another class."""
    conflicting_right: int
    """Of these, rightly decided."""
    followed: int
    """Of the conflicting ones, decided as the class that goes with the bias."""


def reliance(decisions: Codes, target: Codes, bias: Codes, associated: Codes) -> Reliance:
    """Count decisions on aligned and conflicting images; images of unknown or unassociated value are in neither group.

    Args:
        decisions: decided class of every image.
        target: true class of every image.
        bias: bias value of every image, -1 unknown.
        associated: class that goes with each bias value, -1 for none.

    >>> one = reliance(np.array([0, 1, 1]), np.array([0, 0, 0]), np.array([0, 1, 0]), np.array([0, 1]))
    >>> one.aligned, one.aligned_right, one.conflicting, one.followed
    (2, 1, 1, 1)
    """
    hint = np.where(bias >= 0, associated[bias], -1)
    aligned, conflicting = hint == target, (hint >= 0) & (hint != target)
    right = decisions == target
    return Reliance(
        aligned=int(aligned.sum()),
        aligned_right=int((aligned & right).sum()),
        conflicting=int(conflicting.sum()),
        conflicting_right=int((conflicting & right).sum()),
        followed=int((conflicting & (decisions == hint)).sum()),
    )
