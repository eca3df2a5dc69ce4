"""How well scores rank positives above negatives, per group and across groups, exactly from per-image scores."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from fairaudit.measures.confusion import Floats
from fairaudit.measures.scored import scored
from fairaudit.ratio import ratio


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


def auc(positive: ArrayLike, negative: ArrayLike) -> float:
    """Area under the ROC curve: P(score of a positive > score of a negative) + ½ P(equal), by ranks, O(n log n).

    In [0, 1], higher is better, 0.5 is chance. NaN without positives or without negatives.

    Args:
        positive: [image] scores of the positives.
        negative: [image] scores of the negatives.

    >>> auc([0.9, 0.4], [0.1, 0.4])
    0.875
    """
    wins, _ = _placements(np.asarray(positive, np.float64), np.asarray(negative, np.float64))
    return float(wins.mean()) if wins.size and np.size(negative) else float("nan")


def ranked(
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    positive_clusters: ArrayLike | None = None,
    negative_clusters: ArrayLike | None = None,
) -> Ranked:
    """AUC with the effective size that its variance gives it, so that intervals of proportions apply.

    DeLong's variance v = s²(V₁)/n₁ + s²(V₀)/n₀ with V₁ᵢ the share of negatives that positive i outranks and V₀ⱼ the
    share of positives that outrank negative j. With clusters their sums of (V − AUC)/n are the units instead. Size =
    AUC (1 − AUC) / v, or min(n₁, n₀) where v is 0 (perfect ranking).

    Args:
        positive: [image] scores of the positives.
        negative: [image] scores of the negatives.
        positive_clusters: [image] cluster of every positive.
        negative_clusters: [image] cluster of every negative.

    >>> found = ranked([0.9, 0.4, 0.8], [0.1, 0.4])
    >>> round(found.value, 4), found.positives, found.negatives
    (0.9167, 3, 2)
    """
    high, low = np.asarray(positive, np.float64), np.asarray(negative, np.float64)
    if not high.size or not low.size:
        return Ranked(float("nan"), 0.0, high.size, low.size)
    wins, losses = _placements(high, low)
    value = float(wins.mean())
    if positive_clusters is None or negative_clusters is None:
        variance = _variance_of_mean(wins) + _variance_of_mean(losses)
        smallest = min(high.size, low.size)
    else:
        clusters = np.concatenate([np.asarray(positive_clusters), np.asarray(negative_clusters)])
        parts = np.concatenate([(wins - value) / high.size, (losses - value) / low.size])
        _, index = np.unique(clusters, return_inverse=True)
        sums = np.bincount(index, weights=parts)
        variance = float((sums**2).sum() * ratio(sums.size, sums.size - 1))
        smallest = min(len(np.unique(positive_clusters)), len(np.unique(negative_clusters)))
    size = float(ratio(value * (1 - value), variance)) if variance > 0 else float(smallest)
    return Ranked(value, size, high.size, low.size)


def group_auc(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    clusters: ArrayLike | None = None,
    across: str = "own",
) -> list[Ranked]:
    """AUC of every group, within the group or against everybody else.

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
        across: own, bnsp or bpsn.

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
        units = None if clusters is None else np.asarray(clusters)
        found.append(
            ranked(
                values[high],
                values[low],
                positive_clusters=None if units is None else units[high],
                negative_clusters=None if units is None else units[low],
            )
        )
    return found


def _placements(high: Floats, low: Floats) -> tuple[Floats, Floats]:
    """Share of negatives below every positive, and of positives above every negative; ties count half."""
    if not high.size or not low.size:
        return np.zeros(0), np.zeros(0)
    joint: NDArray[np.float64] = rankdata(np.concatenate([high, low]))
    wins = (joint[: high.size] - rankdata(high)) / low.size
    losses = 1 - (joint[high.size :] - rankdata(low)) / high.size
    return np.asarray(wins, np.float64), np.asarray(losses, np.float64)


def _variance_of_mean(values: Floats) -> float:
    return float(values.var(ddof=1) / values.size) if values.size > 1 else 0.25


def balanced_auc(scores: ArrayLike, labels: ArrayLike, groups: ArrayLike) -> float:
    """AUC with every cell of group and label weighing the same, as on a sample with as many images in each.

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
