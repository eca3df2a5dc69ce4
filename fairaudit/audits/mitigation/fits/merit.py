"""How good a fit is on the choosing part, which fits must never win, and which of many is chosen.

The best of thirty noisy numbers is the luckiest of them. Where several methods are within one standard error of the
largest merit, the choosing part does not tell them apart, and the one with the highest mean cell accuracy is taken (the
one-standard-error rule of Breiman et al., 1984, with accuracy in place of simplicity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fairaudit.audits.mitigation.fits.store import Fit
from fairaudit.audits.mitigation.options import Select
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.mitigation.samples import Coded
from fairaudit.ratio import ratio
from fairaudit.seeds import generator

SURE = 1.645
"""Standard errors by which the mean cell accuracy has to be above a constant classifier's: one-sided 95 %."""
DRAWS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Merit:
    """How good a method is on the choosing part."""

    score: float
    """Worst cell accuracy, or the gap times -1; larger is better, -inf for what must not win."""
    error: float
    """Its standard error over images."""
    mean: float
    """Mean cell accuracy."""


def pick(merits: Mapping[str, Merit]) -> str | None:
    """The method with the highest mean cell accuracy among those within one standard error of the best score.

    None where none may win.

    >>> close = {"a": Merit(score=0.5, error=0.1, mean=0.5), "b": Merit(score=0.45, error=0.1, mean=0.7)}
    >>> pick(close), pick({**close, "c": Merit(score=0.8, error=0.1, mean=0.6)}), pick({})
    ('b', 'c', None)
    """
    able = {name: merit for name, merit in merits.items() if np.isfinite(merit.score)}
    if not able:
        return None
    top = max(able.values(), key=lambda merit: merit.score)
    near = [name for name, merit in able.items() if merit.score >= top.score - top.error]
    return max(near, key=lambda name: (able[name].mean, able[name].score))


def score_error(counts: np.ndarray, select: Select) -> float:
    """Standard error of the worst cell's accuracy or of the gap, from seeded redraws of every cell's decisions.

    Args:
        counts: [group, true, predicted].
        select: worst_cell or eo.
    """
    draws = generator(0, "merit", select)
    sizes, shares = counts.sum(2), ratio(counts, counts.sum(2, keepdims=True))
    drawn = np.zeros((DRAWS, *counts.shape))
    for cell in zip(*np.nonzero(sizes), strict=True):
        drawn[:, *cell] = draws.multinomial(int(sizes[cell]), shares[cell], size=DRAWS)
    return float(np.nanstd(_score(drawn, select), ddof=1))


def mean_error(counts: np.ndarray) -> float:
    """Standard error of the mean accuracy of the cells that have images."""
    sizes, cells = counts.sum(2), ratio(np.diagonal(counts, axis1=1, axis2=2), counts.sum(2))
    return float(np.sqrt(np.nansum(ratio(cells * (1 - cells), sizes))) / (sizes > 0).sum())


def choosing_counts(fit: Fit, part: Coded) -> np.ndarray:
    """Counts [group, true, predicted] of a fit on the choosing part."""
    decisions = fit.choosing["decisions"].numpy()
    return confusion(
        part.attribute.numpy(), part.target.numpy(), decisions, groups=part.groups, classes=part.classes
    ).counts


def merit(counts: np.ndarray, select: Select, *, floor: float, before: float) -> tuple[float, float]:
    """How good a fit is on the choosing part: larger is better, (-inf, …) for one that must not win.

    A constant classifier, one that is not surely better than a constant one in mean cell accuracy (`SURE` standard
    errors), and one whose mean cell accuracy falls below that of the unchanged model less the floor, never win,
    whatever their gap. Cells without images are left out.

    Args:
        counts: [group, true, predicted].
        select: worst_cell or eo.
        floor: largest loss of mean cell accuracy that is allowed.
        before: mean cell accuracy of the unchanged model.
    """
    cells = ratio(np.diagonal(counts, axis1=1, axis2=2), counts.sum(2))
    mean, decided = float(np.nanmean(cells)), counts.sum((0, 1))
    surely = mean - SURE * mean_error(counts) > constant_accuracy(counts)
    if int((decided > 0).sum()) < 2 or mean < before - floor or not surely:
        return -np.inf, mean
    score = float(_score(counts, select))
    return (-np.inf if np.isnan(score) else score), mean


def _score(counts: np.ndarray, select: Select) -> np.ndarray:
    """Accuracy of the worst cell that has images, or the gap times -1, NaN where it does not exist; leading axes stay.

    Args:
        counts: [..., group, true, predicted].
        select: worst_cell or eo.
    """
    if select == "worst_cell":
        cells = ratio(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(-1))
        return np.asarray(np.nanmin(cells, axis=(-2, -1)))
    return -np.asarray(disparity(counts, "equalized_odds_difference"))


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
