"""How good a fit is on the choosing part, and what must never win."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from torch import Tensor

from fairaudit.audits.mitigation.options import Select
from fairaudit.audits.mitigation.store import Fit
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.ratio import ratio


class Choosing(Protocol):
    """What is known of the choosing part's images: codes on the CPU, and how many values there are."""

    @property
    def target(self) -> Tensor:
        """Codes of the target, [image] int64."""

    @property
    def attribute(self) -> Tensor:
        """Codes of the attribute, [image] int64, -1 unknown."""

    @property
    def classes(self) -> int:
        """Number of target values."""

    @property
    def groups(self) -> int:
        """Number of attribute values."""


def choosing_counts(fit: Fit, part: Choosing) -> np.ndarray:
    """Counts [group, true, predicted] of a fit on the choosing part."""
    decisions = fit.columns["choose.decisions"].numpy()
    return confusion(
        part.attribute.numpy(), part.target.numpy(), decisions, groups=part.groups, classes=part.classes
    ).counts


def merit(counts: np.ndarray, select: Select, *, floor: float, before: float) -> tuple[float, float]:
    """How good a fit is on the choosing part: larger is better, (-inf, …) for one that must not win.

    A constant classifier, one that is no better than a constant one in mean cell accuracy, and one whose mean cell
    accuracy falls below that of the unchanged model less the floor, never win, whatever their gap. Cells without images
    are left out.

    Args:
        counts: [group, true, predicted].
        select: worst_cell or eo.
        floor: mean cell accuracy that may be lost.
        before: mean cell accuracy of the unchanged model.
    """
    cells = ratio(np.diagonal(counts, axis1=1, axis2=2), counts.sum(2))
    mean, worst = float(np.nanmean(cells)), float(np.nanmin(cells))
    decided = counts.sum((0, 1))
    if int((decided > 0).sum()) < 2 or mean < before - floor or mean <= constant_accuracy(counts):
        return -np.inf, mean
    if select == "worst_cell":
        return worst, mean
    gap = float(disparity(counts, "equalized_odds_difference"))
    return (-np.inf if np.isnan(gap) else -gap), mean


def mean_cell(counts: np.ndarray) -> float:
    """Mean accuracy of the cells that have images."""
    return float(np.nanmean(ratio(np.diagonal(counts, axis1=1, axis2=2), counts.sum(2))))


def constant_accuracy(counts: np.ndarray) -> float:
    """The largest mean cell accuracy of one decision for all: ½ for two classes, each in every group.

    >>> constant_accuracy(np.ones((3, 2, 2)))
    0.5
    """
    there = counts.sum(2) > 0  # [group, true]
    return float(ratio(there.sum(0).max(), there.sum()))
