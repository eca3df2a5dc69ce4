"""Histograms of scores by group and truth: what threshold-free measures need from a stream of any length."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Counts, Floats
from fairaudit.measures.scores.scored import scored

BINS = 1000


def score_histogram(
    scores: ArrayLike,
    positive: ArrayLike,
    group: ArrayLike,
    *,
    groups: int,
    bins: int = BINS,
    weights: ArrayLike | None = None,
) -> Counts:
    """Count images by group, truth and score bin; histograms of parts add up to that of the whole, exactly.

    Bin i holds scores in [i/bins, (i+1)/bins), the last one 1 too. Images of unknown group (−1) are left out.

    Args:
        scores: [image] probabilities of the positive class, in [0, 1].
        positive: [image] bool.
        group: [image] codes.
        groups: number of groups.
        bins: number of bins.
        weights: [image] weights, summed instead of counting; None counts.

    Returns:
        [group, truth, bin], int64, or float64 sums of weights; truth 0 is negative, 1 is positive.

    Raises:
        ValueError: a score is outside [0, 1] or not a number, or lengths differ.

    >>> score_histogram([0.1, 0.6, 1.0], [False, True, True], [0, 0, 0], groups=1, bins=2).tolist()
    [[[1, 0], [0, 2]]]
    """
    values, truth, codes = scored(scores, positive, group, groups=groups)
    known = codes >= 0
    flat = ((codes * 2 + truth) * bins + binned(values, bins))[known]
    size = groups * 2 * bins
    if weights is None:
        return np.bincount(flat, minlength=size).astype(np.int64).reshape(groups, 2, bins)
    return np.bincount(flat, weights=np.asarray(weights, np.float64)[known], minlength=size).reshape(groups, 2, bins)


def binned(scores: ArrayLike, bins: int) -> NDArray[np.int64]:
    """The bin of every score: i for [i/bins, (i+1)/bins), the last one for 1 too.

    >>> binned([0.0, 0.5, 1.0], 2).tolist()
    [0, 1, 1]
    """
    return np.minimum((np.asarray(scores, np.float64) * bins).astype(np.int64), bins - 1)


def sweep_counts(histogram: ArrayLike) -> Floats:
    """Counts at every threshold between bins: [bins + 1, group, true, predicted], predicted positive from bin i on.

    Threshold i is i/bins; the last one selects nobody. Every measure of counts applies with the threshold as leading
    axis.

    Args:
        histogram: [group, truth, bin].

    >>> sweep_counts([[[3, 1], [0, 4]]])[1].tolist()  # threshold 0.5
    [[[3.0, 1.0], [0.0, 4.0]]]
    """
    table = np.asarray(histogram, np.float64)
    total = table.sum(-1, keepdims=True)
    below = np.concatenate([np.zeros_like(total), table.cumsum(-1)], axis=-1)
    counts = np.stack([below, total - below], axis=-1)  # [group, truth, threshold, predicted]
    return np.moveaxis(counts, 2, 0)
