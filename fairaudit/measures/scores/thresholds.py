"""Other thresholds: disparity against accuracy over all of them, ROC and PR per group, and thresholds per group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import disparities
from fairaudit.measures.counts.rates import Rate, accuracy, rate
from fairaudit.measures.intervals.proportion import Interval, wilson
from fairaudit.measures.scores.score_histogram import sweep_counts
from fairaudit.ratio import ratio

GRID = 1001


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What one threshold for everybody would do, for every threshold."""

    thresholds: Floats
    """[threshold], from 0 (everybody selected) to 1 (nobody but scores of 1, which the last bin hides: nobody)."""
    accuracy: Floats
    """[threshold] accuracy over all groups."""
    disparities: dict[str, Floats]
    """Disparity → [threshold]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCurve:
    """One curve per group with intervals; every array is [group, threshold]."""

    x: Floats
    """FPR (ROC) or recall (PR)."""
    y: Floats
    """TPR (ROC) or precision (PR)."""
    y_ends: Interval
    """Wilson's interval of y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """The decision rule of one group with which all groups have the common rates."""

    lower: float
    """Select from here on with probability `mix`."""
    upper: float
    """Select from here on with probability 1 − `mix`."""
    mix: float
    """Weight of the lower threshold, in [0, 1]."""
    keep: float
    """Probability that it is decided so; else at random, selecting with the common FPR as probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equalized:
    """Per-group thresholds that equalize a rate, after Hardt, Price and Srebro (2016)."""

    tpr: float
    """The common TPR."""
    fpr: float
    """The common FPR; NaN for equal opportunity, where FPRs differ."""
    accuracy: float
    """Accuracy over all images under these rules."""
    rules: tuple[GroupRule, ...]
    """One per group."""


def sweep(histogram: ArrayLike, names: Iterable[str]) -> Sweep:
    """Accuracy and disparities at every threshold of a histogram, all from one tensor of counts.

    Args:
        histogram: [group, truth, bin] (`score_histogram`); thresholds lie between bins.
        names: disparities.

    >>> found = sweep([[[3, 1], [0, 4]], [[4, 0], [2, 2]]], ["equal_opportunity_difference"])
    >>> found.thresholds.tolist(), found.disparities["equal_opportunity_difference"].tolist()
    ([0.0, 0.5, 1.0], [0.0, 0.5, 0.0])
    """
    counts = sweep_counts(histogram)
    overall = accuracy(counts.sum(1, keepdims=True)).value[:, 0]
    return Sweep(
        thresholds=np.linspace(0, 1, len(counts)), accuracy=overall, disparities=disparities(counts, list(names))
    )


def roc(histogram: ArrayLike, *, sizes: Floats | None = None, level: float = 0.95) -> ThresholdCurve:
    """TPR against FPR of every group at every threshold, with Wilson's intervals of both.

    Args:
        histogram: [group, truth, bin] (`score_histogram`).
        sizes: what weighted or clustered images are worth (`recall_sizes`); None counts them.
        level: coverage of the intervals.

    >>> found = roc([[[3, 1], [0, 4]]])  # thresholds 0, ½ and 1
    >>> found.x.tolist(), found.y.tolist()
    ([[1.0, 0.25, 0.0]], [[1.0, 1.0, 0.0]])
    """
    counts = sweep_counts(histogram)
    return _curve(rate(counts, "fpr"), rate(counts, "tpr"), sizes, level)


def precision_recall(histogram: ArrayLike, *, sizes: Floats | None = None, level: float = 0.95) -> ThresholdCurve:
    """Precision (PPV) against recall (TPR) of every group at every threshold, with Wilson's intervals of both.

    Precision is NaN where nobody is selected.

    Args:
        histogram: [group, truth, bin] (`score_histogram`).
        sizes: what weighted or clustered images are worth (`precision_sizes`); None counts them.
        level: coverage of the intervals.

    >>> precision_recall([[[3, 1], [0, 4]]]).y.tolist()
    [[0.5, 0.8, nan]]
    """
    counts = sweep_counts(histogram)
    return _curve(rate(counts, "tpr"), rate(counts, "ppv"), sizes, level)


def equal_opportunity_thresholds(histogram: ArrayLike) -> Equalized:
    """Thresholds per group with one TPR for all, chosen for the best overall accuracy.

    Between two thresholds of the histogram a group's decision is drawn at random so that its TPR is met exactly.

    Args:
        histogram: [group, truth, bin].

    Raises:
        ValueError: a group has no positive.

    >>> found = equal_opportunity_thresholds([[[4, 0], [0, 4]], [[0, 4], [0, 4]]])
    >>> found.tpr, found.accuracy
    (1.0, 0.75)
    """
    table = np.asarray(histogram, np.float64)
    points = [_points(group) for group in table]
    _check(table, negatives=False)
    goals = np.linspace(0, 1, GRID)
    fprs = np.stack([_cheapest(fpr, tpr, goals) for fpr, tpr in points])
    best = _best(table, fprs, np.broadcast_to(goals, fprs.shape))
    rules = tuple(_between(tpr, float(goals[best])) for _, tpr in points)
    return Equalized(
        tpr=float(goals[best]), fpr=float("nan"), accuracy=_accuracy(table, fprs, goals, best), rules=rules
    )


def equalized_odds_thresholds(histogram: ArrayLike) -> Equalized:
    """Decision rules per group with one TPR and one FPR for all, chosen for the best overall accuracy.

    What is common to all groups is the area under the lowest of their ROC curves' convex hulls (their eq. 4.4). A group
    whose hull is higher there is brought down by deciding at random in the remaining share of cases.

    Args:
        histogram: [group, truth, bin].

    Raises:
        ValueError: a group has no positive or no negative.

    >>> found = equalized_odds_thresholds([[[4, 0], [0, 4]], [[2, 2], [2, 2]]])
    >>> found.tpr - found.fpr
    0.0
    """
    table = np.asarray(histogram, np.float64)
    _check(table, negatives=True)
    hulls = [_hull(*_points(group)) for group in table]
    grid = np.unique(np.concatenate([np.linspace(0, 1, GRID), *(fpr for fpr, _ in hulls)]))
    heights = np.stack([np.interp(grid, fpr, tpr) for fpr, tpr in hulls])
    common = heights.min(0)
    rates = np.broadcast_to(grid, heights.shape)
    best = _best(table, rates, np.broadcast_to(common, heights.shape))
    x, y = float(grid[best]), float(common[best])
    rules = tuple(_on_hull(group, x, y) for group in table)
    return Equalized(tpr=y, fpr=x, accuracy=_accuracy(table, rates, common, best), rules=rules)


def _curve(x: Rate, y: Rate, sizes: Floats | None, level: float) -> ThresholdCurve:
    value = y.value[..., 1].T
    worth = y.denominator[..., 1].T if sizes is None else sizes
    low, high = wilson(np.nan_to_num(value) * worth, worth, level=level)
    return ThresholdCurve(x=x.value[..., 1].T, y=value, y_ends=Interval(low, high))


def _points(group: Floats) -> tuple[Floats, Floats]:
    """FPR and TPR of one group from the highest threshold to the lowest, both rising from 0 to 1."""
    above = np.concatenate([np.zeros((2, 1)), group[:, ::-1].cumsum(1)], axis=1)
    shares = np.nan_to_num(ratio(above, above[:, -1:]))
    return shares[0], shares[1]


def _cheapest(fpr: Floats, tpr: Floats, goals: Floats) -> Floats:
    """The lowest FPR with which each TPR can be had; several thresholds may share a TPR."""
    values, first = np.unique(tpr, return_index=True)
    return np.interp(goals, values, fpr[first])


def _hull(fpr: Floats, tpr: Floats) -> tuple[Floats, Floats]:
    """Upper convex hull of a ROC curve, never below the diagonal."""
    chain: list[tuple[float, float]] = []
    for x, y in sorted({*zip(fpr.tolist(), tpr.tolist(), strict=True), (0.0, 0.0), (1.0, 1.0)}):
        while len(chain) > 1:
            (x1, y1), (x2, y2) = chain[-2], chain[-1]
            if (x2 - x1) * (y - y1) < (x - x1) * (y2 - y1):
                break
            chain.pop()
        if chain and chain[-1][0] == x:
            chain.pop()
        chain.append((x, y))
    hull = np.array(chain)
    return hull[:, 0], hull[:, 1]


def _between(tpr: Floats, goal: float) -> GroupRule:
    """The two neighbouring thresholds whose mixture has this TPR, each the highest with its own TPR."""
    bins = len(tpr) - 1
    values, first = np.unique(tpr, return_index=True)
    place = max(0, int(np.searchsorted(values, goal, side="right")) - 1)
    following = min(len(values) - 1, place + 1)
    upper, lower = int(first[place]), int(first[following])
    mix = float(np.nan_to_num(ratio(goal - values[place], values[following] - values[place])))
    return GroupRule(lower=1 - lower / bins, upper=1 - upper / bins, mix=mix, keep=1.0)


def _on_hull(group: Floats, fpr: float, tpr: float) -> GroupRule:
    x, y = _points(group)
    hull_x, hull_y = _hull(x, y)
    bins = len(x) - 1
    right = min(len(hull_x) - 1, max(1, int(np.searchsorted(hull_x, fpr))))
    ends = []
    for corner in (right - 1, right):
        distance = np.abs(x - hull_x[corner]) + np.abs(y - hull_y[corner])
        ends.append(1 - int(distance.argmin()) / bins)
    mix = float(np.nan_to_num(ratio(fpr - hull_x[right - 1], hull_x[right] - hull_x[right - 1])))
    height = float(np.interp(fpr, hull_x, hull_y))
    # A random decision with selection probability fpr lies on the diagonal below the hull's point.
    keep = float(np.nan_to_num(ratio(tpr - fpr, height - fpr), nan=1.0)) if height > fpr else 1.0
    return GroupRule(lower=ends[1], upper=ends[0], mix=mix, keep=min(1.0, keep))


def _best(table: Floats, fpr: Floats, tpr: Floats) -> int:
    negative, positive = (table[:, truth].sum(-1)[:, None] for truth in (0, 1))
    return int(((1 - fpr) * negative + tpr * positive).sum(0).argmax())


def _accuracy(table: Floats, fpr: Floats, tpr: Floats, place: int) -> float:
    negative, positive = (table[:, truth].sum(-1) for truth in (0, 1))
    right = (1 - fpr[:, place]) * negative + np.broadcast_to(tpr, fpr.shape)[:, place] * positive
    return float(right.sum() / table.sum())


def _check(table: Floats, *, negatives: bool) -> None:
    for truth, name in ((1, "positive"), *(((0, "negative"),) if negatives else ())):
        missing = np.flatnonzero(table[:, truth].sum(-1) == 0)
        if len(missing):
            raise ValueError(f"group {missing[0]} has no {name}; its rate cannot be equalized")
