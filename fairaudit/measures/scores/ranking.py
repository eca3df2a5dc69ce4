"""How well scores rank positives above negatives, per group and across groups, exactly from per-image scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.clusters.partition import effective_units, few_units
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.scores.scored import scored
from fairaudit.ratio import ratio

_ROOM = 4.0
"""Images more on either side that rank at random."""


class Ranked(NamedTuple):
    """An AUC with the size it is worth."""

    value: float
    """Probability that a positive outranks a negative; NaN without both."""
    size: float
    """Effective number of independent trials of a proportion with the same variance; 0 where undefined."""
    positives: int
    """Positives compared."""
    negatives: int
    """Negatives compared."""


def auc(
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    positive_weights: ArrayLike | None = None,
    negative_weights: ArrayLike | None = None,
) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative) + ½ P(equal), by ranks, O(n log n).

    With weights Σᵢ Σⱼ wᵢ wⱼ (1[sᵢ > sⱼ] + ½ 1[sᵢ = sⱼ]) / (Σ wᵢ Σ wⱼ). In [0, 1], higher is better, 0.5 is chance. NaN
    without positives or without negatives (or without weight on one side).

    Args:
        positive: [image] scores of the positives.
        negative: [image] scores of the negatives.
        positive_weights: [image] weights of the positives.
        negative_weights: [image] weights of the negatives.

    >>> auc([0.9, 0.4], [0.1, 0.4])
    0.875
    >>> auc([0.9, 0.4], [0.1, 0.4], positive_weights=[3, 1])  # (3 · 1 + 1 · 0.75) / 4
    0.9375
    """
    high, low = np.asarray(positive, np.float64), np.asarray(negative, np.float64)
    above, below = _weights(high, positive_weights), _weights(low, negative_weights)
    wins, _ = _placements(high, low, above, below)
    return float(ratio(wins @ above, above.sum()))


def ranked(
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    positive_clusters: ArrayLike | None = None,
    negative_clusters: ArrayLike | None = None,
    positive_weights: ArrayLike | None = None,
    negative_weights: ArrayLike | None = None,
    level: float = 0.95,
) -> Ranked:
    """AUC with the effective size that its variance gives it, so that intervals of proportions apply.

    DeLong's variance v = s²(V₁)/n₁ + s²(V₀)/n₀ with V₁ᵢ the share of negatives that positive i outranks and V₀ⱼ the
    share of positives that outrank negative j. With weights the shares are of weight and image i adds
    wᵢ (Vᵢ − AUC) / Σ w instead of (Vᵢ − AUC) / n; with clusters the sums of what their images add are the units, and
    few of them cost (`few_units`). Size = AUC (1 − AUC) / v, or the smaller side's number of units for a perfect
    ranking.

    Few positives (or negatives) that happen to rank alike say little about the next one: either side's variance is
    that of its images and of `_ROOM` more which rank at random as the AUC allows, A (1 − A), the AUC pulled towards ½;
    and Student's quantile with Satterthwaite's degrees of freedom of the two sides stands in for the normal one.

    Args:
        positive: [image] scores of the positives.
        negative: [image] scores of the negatives.
        positive_clusters: [image] cluster of every positive.
        negative_clusters: [image] cluster of every negative.
        positive_weights: [image] weights of the positives.
        negative_weights: [image] weights of the negatives.
        level: coverage of the interval that the size is for.

    >>> found = ranked([0.9, 0.4, 0.8], [0.1, 0.4])
    >>> round(found.value, 4), found.positives, found.negatives
    (0.9167, 3, 2)
    """
    high, low = np.asarray(positive, np.float64), np.asarray(negative, np.float64)
    above, below = _weights(high, positive_weights), _weights(low, negative_weights)
    wins, losses = _placements(high, low, above, below)
    value = float(ratio(wins @ above, above.sum()))
    if np.isnan(value):
        return Ranked(float("nan"), 0.0, high.size, low.size)
    parts = ((wins - value) * above / above.sum(), (losses - value) * below / below.sum())
    if positive_clusters is None or negative_clusters is None:
        return Ranked(value, _size(value, parts, (above, below), level), high.size, low.size)
    first, second = np.asarray(positive_clusters), np.asarray(negative_clusters)
    _, index = np.unique(np.concatenate([first, second]), return_inverse=True)
    sums = np.bincount(index, weights=np.concatenate(parts))
    mass = np.bincount(index, weights=np.concatenate([above / above.sum(), below / below.sum()]))
    worth = float(few_units(effective_units(mass), level=level))
    left = ratio(mass.sum(), mass.sum() - mass)
    variance = float(((sums * left) ** 2).sum() * ratio(sums.size - 1, sums.size))
    smallest = min(_effective(first, above), _effective(second, below))
    room = _ROOM * _pulled_spread(value, smallest) / max(smallest, 1.0)
    variance = (smallest * variance + room) / (smallest + _ROOM)
    alike = value * (1 - value) / variance if value * (1 - value) > 1e-12 else smallest
    size = worth * min(alike, _size(value, parts, (above, below), level))
    return Ranked(value, float(size), high.size, low.size)


def _size(value: float, parts: tuple[Floats, Floats], weights: tuple[Floats, Floats], level: float) -> float:
    """Independent trials that an AUC of independent images is worth."""
    smallest = min(_kish(weight) for weight in weights)
    if value * (1 - value) <= 1e-12:
        return smallest
    spread = _pulled_spread(value, smallest)
    sides, freedom = [], []
    for part, weight in zip(parts, weights, strict=True):
        n = _kish(weight)
        own = float((part**2).sum()) * n  # the variance of one image's placement, times (n − 1) / n
        sides.append((n * own + _ROOM * spread) / (max(n - 1, 0.0) + _ROOM) / n)
        freedom.append(max(n - 1, 0.5))
    total = sum(sides)
    df = total**2 / sum(side**2 / each for side, each in zip(sides, freedom, strict=True))
    return float(few_units(df + 1, level=level)) * value * (1 - value) / total


def _pulled_spread(value: float, number: float) -> float:
    """Variance of a single trial at the AUC pulled towards ½ by two trials on either side."""
    pulled = (value * number + 2) / (number + 4)
    return pulled * (1 - pulled)


def _effective(units: NDArray[np.generic], weights: Floats) -> float:
    return _kish(np.bincount(np.unique(units, return_inverse=True)[1], weights=weights).astype(np.float64))


def group_auc(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    clusters: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    across: str = "own",
    level: float = 0.95,
) -> list[Ranked]:
    """AUC of every group, within the group or against all others.

    own compares a group's positives with its own negatives. bnsp (background negative, subgroup positive) compares its
    positives with the negatives of all other groups: low when the group's positives score too low. bpsn (background
    positive, subgroup negative) compares its negatives with the others' positives: low when its negatives score too
    high. (Borkan et al., 2019.)

    Args:
        scores: [image] score of the positive class.
        positive: [image] bool.
        group: [image] codes; −1 (unknown) belongs to no group and to no background.
        groups: number of groups.
        clusters: [image] cluster codes, or None.
        weights: [image] weights, or None.
        across: own, bnsp or bpsn.
        level: coverage of the intervals that the sizes are for.

    Returns:
        One `Ranked` per group.

    >>> scores, truth, group = [0.9, 0.2, 0.6, 0.5], [True, False, True, False], [0, 0, 1, 1]
    >>> [found.value for found in group_auc(scores, truth, group, groups=2, across="bpsn")]
    [1.0, 1.0]
    """
    values, truth, codes = scored(scores, positive, group, groups=groups)
    if across not in ("own", "bnsp", "bpsn"):
        raise ValueError(f"across needs to be own, bnsp or bpsn, found {across}")
    found = []
    for index in range(groups):
        own, others = codes == index, (codes >= 0) & (codes != index)
        high = truth & (others if across == "bpsn" else own)
        low = ~truth & (others if across == "bnsp" else own)
        found.append(
            ranked(
                values[high],
                values[low],
                positive_clusters=_chosen(clusters, high),
                negative_clusters=_chosen(clusters, low),
                positive_weights=_chosen(weights, high),
                negative_weights=_chosen(weights, low),
                level=level,
            )
        )
    return found


def balanced_auc(scores: ArrayLike, labels: ArrayLike, groups: ArrayLike) -> float:
    """AUC with equal weight for every cell of group and label, as on a sample with equally many images in each.

    The mean over pairs of groups (g, g′) of the AUC of g's positives against g′'s negatives. In [0, 1], higher is
    better. NaN where a group has no positives or no negatives, or fewer than two groups are known.

    >>> balanced_auc([0.9, 0.4, 0.6, 0.1, 0.9], [1, 0, 1, 0, 1], [0, 0, 1, 1, 0])
    1.0

    Args:
        scores: [image].
        labels: [image] 1 or 0, anything else unknown.
        groups: [image] codes, −1 for unknown.
    """
    values, label, group = np.asarray(scores, np.float64), np.asarray(labels, np.float64), np.asarray(groups)
    known = np.unique(group[(group >= 0) & np.isin(label, (0, 1))])
    if len(known) < 2:
        return float("nan")
    pairs = [
        auc(values[(group == g) & (label == 1)], values[(group == h) & (label == 0)]) for g in known for h in known
    ]
    return float(np.mean(pairs))


def _chosen(column: ArrayLike | None, rows: NDArray[np.bool_]) -> NDArray[np.generic] | None:
    return None if column is None else np.asarray(column)[rows]


def _weights(scores: Floats, weights: ArrayLike | None) -> Floats:
    return np.ones(len(scores)) if weights is None else np.asarray(weights, np.float64)


def _placements(high: Floats, low: Floats, above: Floats, below: Floats) -> tuple[Floats, Floats]:
    """Share of negatives' weight below every positive, and of positives' above every negative; ties count half."""
    if not (above.sum() > 0 and below.sum() > 0):
        return np.full(len(high), np.nan), np.full(len(low), np.nan)
    _, place = np.unique(np.concatenate([high, low]), return_inverse=True)
    first, second = place[: high.size], place[high.size :]
    return _share_below(first, second, below), 1 - _share_below(second, first, above)


def _share_below(own: NDArray[np.intp], others: NDArray[np.intp], weights: Floats) -> Floats:
    """Share of the others' weight at lower places, those at the same place half."""
    at = np.bincount(others, weights=weights, minlength=int(own.max()) + 1)
    return np.asarray(ratio((at.cumsum() - at / 2)[own], weights.sum()), np.float64)


def _kish(weights: Floats) -> float:
    return float(ratio(weights.sum() ** 2, (weights**2).sum()))
