"""Effective sample sizes: how many independent images weighted or clustered ones are worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.confusion import Floats
from fairaudit.measures.rates import Rate
from fairaudit.ratio import ratio

RateOf = Callable[[Floats], Rate]


def effective(
    counts: ArrayLike,
    rate_of: RateOf,
    *,
    squared: ArrayLike | None = None,
    cluster_counts: ArrayLike | None = None,
) -> Rate:
    """A rate with the numerator and denominator that independent images would need for the same uncertainty.

    The rate itself does not change. Without weights and clusters nothing does.

    - Weights: n_eff = (Σ w)² / Σ w² (Kish) over the denominator.
    - Clusters: the linearised variance v = m/(m−1) Σ_c (x_c − p n_c)² / n² over m clusters, n_eff = p (1 − p) / v, at
      most n. At p = 0 or 1, where v is 0, n_eff is the number of clusters that have images in the denominator.

    Args:
        counts: [group, true, predicted].
        rate_of: from counts [..., group, true, predicted] to a rate; its denominator must be a sum of counts.
        squared: [group, true, predicted] sums of squared weights, when the counts are sums of weights.
        cluster_counts: [cluster, group, true, predicted] counts of every cluster.

    Returns:
        Effective numerator and denominator.

    >>> from fairaudit.measures.rates import accuracy
    >>> twins = np.array([[[[2, 0], [0, 0]]], [[[0, 2], [0, 0]]], [[[2, 0], [0, 0]]]])  # three persons, two images each
    >>> effective(twins.sum(0), accuracy, cluster_counts=twins).denominator.round(6).tolist()  # 3 people · 2/3
    [2.0]
    """
    table = np.asarray(counts, np.float64)
    plain = rate_of(table)
    p, n = plain.value, plain.denominator
    if cluster_counts is not None:
        size = _clustered(np.asarray(cluster_counts, np.float64), rate_of, p, n)
    elif squared is not None:
        size = _kish(n, rate_of(np.asarray(squared, np.float64)))
    else:
        return plain
    size = np.where(n > 0, size, 0.0)
    return Rate(np.where(n > 0, np.nan_to_num(p) * size, 0.0), size)


def effective_counts(counts: ArrayLike, squared: ArrayLike) -> Floats:
    """Sums of weights scaled per group to Kish's effective size, as the bootstrap of counts needs them.

    >>> effective_counts([[[2.0, 2.0], [0, 0]]], [[[4.0, 4.0], [0, 0]]]).tolist()  # two images of weight 2
    [[[1.0, 1.0], [0.0, 0.0]]]
    """
    table, squares = np.asarray(counts, np.float64), np.asarray(squared, np.float64)
    scale = ratio(table.sum((-2, -1)), squares.sum((-2, -1)))
    return table * np.nan_to_num(scale)[..., None, None]


def _kish(n: Floats, squares: Rate) -> Floats:
    return ratio(n * n, squares.denominator)


def _clustered(clusters: Floats, rate_of: RateOf, p: Floats, n: Floats) -> Floats:
    each = rate_of(clusters)
    number = len(clusters)
    residual = each.numerator - np.nan_to_num(p) * each.denominator
    variance = ratio((residual**2).sum(0), n * n) * float(ratio(number, number - 1))
    size = ratio(p * (1 - p), variance)
    touched = (each.denominator > 0).sum(0).astype(np.float64)
    return np.minimum(n, np.where(variance > 0, size, touched))
