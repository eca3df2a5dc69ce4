"""Counts of group × true class × predicted class: the one tensor that every decision-based measure is a function of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts of the decisions about each group; two of them over the same groups and classes can be added."""

    counts: Counts
    """[group, true, predicted]; int64 images, or float64 weights."""
    unknown: Counts
    """[true, predicted]; images whose group is unknown, never mixed into a group."""
    untargeted: int | float
    """Images (or their weight) whose true class is unknown; they are in neither of the arrays."""

    def __add__(self, other: Confusion) -> Confusion:
        """The counts of both; the order of adding changes no integer."""
        if self.counts.shape != other.counts.shape:
            raise ValueError(f"counts {self.counts.shape} cannot be added to {other.counts.shape}")
        return Confusion(
            counts=np.add(self.counts, other.counts),
            unknown=np.add(self.unknown, other.unknown),
            untargeted=self.untargeted + other.untargeted,
        )


def confusion(
    group: ArrayLike,
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    groups: int,
    classes: int,
    weights: ArrayLike | None = None,
) -> Confusion:
    """Count images by group, true and predicted class in one pass.

    The axes are fixed by `groups` and `classes`, not by what occurs, so a group that is absent from a batch stays an
    empty group and never shifts its neighbours. Code −1 means unknown: an image of unknown group is counted in its own
    stratum, one of unknown true class is left out and counted in `untargeted`.

    Args:
        group: [image] codes, −1 … groups − 1.
        true: [image] codes, −1 … classes − 1.
        predicted: [image] codes, 0 … classes − 1.
        groups: number of groups.
        classes: number of classes.
        weights: [image] finite weights ≥ 0; the counts are then float64 sums of weights.

    Raises:
        ValueError: lengths differ, a code is out of range, or a weight is negative or not finite.

    >>> table = confusion([0, 0, 1, -1], [1, 0, 1, 1], [1, 1, 0, 1], groups=2, classes=2)
    >>> table.counts.tolist()
    [[[0, 1], [0, 1]], [[0, 0], [1, 0]]]
    >>> table.unknown.tolist(), table.untargeted
    ([[0, 0], [0, 1]], 0)
    """
    group_codes = _codes("group", group, low=-1, stop=groups)
    true_codes = _codes("true class", true, low=-1, stop=classes)
    predicted_codes = _codes("predicted class", predicted, low=0, stop=classes)
    if not len(group_codes) == len(true_codes) == len(predicted_codes):
        lengths = f"{len(group_codes)}, {len(true_codes)}, {len(predicted_codes)}"
        raise ValueError(f"group, true and predicted need one length, found {lengths}")
    # One extra group in front for code -1, and one extra class for images without a true class.
    flat = ((group_codes + 1) * (classes + 1) + true_codes + 1) * classes + predicted_codes
    size = (groups + 1) * (classes + 1) * classes
    table = _binned(flat, size, weights).reshape(groups + 1, classes + 1, classes)
    untargeted = table[:, 0, :].sum().item()
    return Confusion(counts=table[1:, 1:, :].copy(), unknown=table[0, 1:, :].copy(), untargeted=untargeted)


def _codes(what: str, values: ArrayLike, *, low: int, stop: int) -> NDArray[np.int64]:
    codes = np.asarray(values)
    if codes.ndim != 1:
        raise ValueError(f"{what}: codes need one axis, found {codes.ndim}")
    if codes.size and not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"{what}: codes need an integer type, found {codes.dtype}")
    if codes.size and (codes.min() < low or codes.max() >= stop):
        raise ValueError(f"{what}: codes need to lie in {low} … {stop - 1}, found {codes.min()} … {codes.max()}")
    return codes.astype(np.int64)


def _binned(flat: NDArray[np.int64], size: int, weights: ArrayLike | None) -> Counts:
    if weights is None:
        return np.bincount(flat, minlength=size).astype(np.int64)
    values = np.asarray(weights, np.float64)
    if values.shape != flat.shape:
        raise ValueError(f"weights need shape {flat.shape}, found {values.shape}")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("weights need to be finite and at least 0")
    return np.bincount(flat, weights=values, minlength=size)
