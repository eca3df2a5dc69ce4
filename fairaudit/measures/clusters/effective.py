"""Effective sample sizes: the number of independent images that weighted or clustered images are worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.clusters.linearised import effective_size
from fairaudit.measures.clusters.partition import effective_units, few_units
from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.rates import Rate
from fairaudit.ratio import ratio

_ROOM = 2.0
"""Clusters more, whose images agree, in the variance between clusters."""

_EQUAL = 1e-9
"""Weights whose sizes by Satterthwaite and by Kish are nearer than this are equal but for rounding."""

RateOf = Callable[[Floats], Rate]


def effective(
    counts: ArrayLike,
    rate_of: RateOf,
    *,
    squared: ArrayLike | None = None,
    fourth: ArrayLike | None = None,
    cluster_counts: ArrayLike | None = None,
    level: float = 0.95,
) -> Rate:
    """A rate with the numerator and denominator that independent images would need for the same uncertainty.

    The rate itself does not change. Without weights and clusters nothing does.

    - Weights: n_eff = p (1 − p) / v with the linearised variance v = Σ w² (y − p)² / (Σ w)², so that heavy images that
      err count as what they are; at most (Σ w)² / Σ w² (Kish) over the denominator, which it is at p = 0 or 1. Where
      few images weigh most, what v has beyond Kish's is estimated from few: with `fourth` n_eff is multiplied by
      `few_units` of 1 / (1/m − 1/k) images before that limit, m = (Σ w²)² / Σ w⁴ (Satterthwaite) and k Kish's size,
      which is m for equal weights alone. Below two the rate is worth nothing.
    - Clusters: the linearised variance v = (m−1)/m Σ_c e_c² / n² over the m clusters that have images in the
      denominator, with e_c = (x_c − p n_c) / (1 − n_c/n) (CR3), and n_eff = p (1 − p) / v, at most n (Kish's size of it
      where there are weights too). No rate's v is taken to be smaller than the correlation within clusters that all
      rates together show would make it. v is estimated from few clusters, and from fewer still where some are large:
      it is averaged with that of two clusters more whose images agree, and divided by `few_units` of the
      `effective_units`, below two of which the rate is worth nothing. At p = 0
      or 1, where v is 0, n_eff is the number of clusters of one size that weigh the same, (Σ n_c)² / Σ n_c².

    Args:
        counts: [group, true, predicted].
        rate_of: from counts [..., group, true, predicted] to a rate; its denominator must be a sum of counts.
        squared: [group, true, predicted] sums of squared weights, when the counts are sums of weights.
        fourth: [group, true, predicted] sums of their fourth powers; without them nothing is taken off for few.
        cluster_counts: [cluster, group, true, predicted] counts of every cluster.
        level: coverage of the interval that the size is for; it decides what few clusters cost.

    Returns:
        Effective numerator and denominator.

    >>> from fairaudit.measures.counts.rates import accuracy
    >>> twins = np.zeros((300, 1, 2, 2))  # 300 persons with two images each, decided alike
    >>> twins[:200, 0, 0, 0], twins[200:, 0, 0, 1] = 2, 2
    >>> effective(twins.sum(0), accuracy, cluster_counts=twins).denominator.round().tolist()
    [297.0]
    """
    table = np.asarray(counts, np.float64)
    plain = rate_of(table)
    p, n = plain.value, plain.denominator
    kish = None
    if squared is not None:
        squares = rate_of(np.asarray(squared, np.float64))
        most = np.nan_to_num(ratio(n * n, squares.denominator))
        few = 1.0 if fourth is None else _few(most, squares, rate_of(np.asarray(fourth, np.float64)), level=level)
        kish = _weighted(p, n, squares, most=most, few=few)
    if cluster_counts is not None:
        clusters = rate_of(np.asarray(cluster_counts, np.float64))
        size = _clustered(clusters, p, n, most=n if kish is None else kish, level=level)
    elif kish is not None:
        size = kish
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


def _few(kish: Floats, squares: Rate, fourth: Rate, *, level: float) -> Floats:
    apart = np.nan_to_num(ratio(fourth.denominator, squares.denominator**2) - ratio(1, kish))
    units = ratio(1, np.maximum(apart, _EQUAL))
    return np.where(apart > _EQUAL, few_units(units, level=level), 1.0)


def _weighted(p: Floats, n: Floats, squares: Rate, *, most: Floats, few: ArrayLike) -> Floats:
    share = np.nan_to_num(p)
    errors = (1 - share) ** 2 * squares.numerator + share**2 * (squares.denominator - squares.numerator)
    variance = np.where(np.asarray(few) > 0, ratio(ratio(errors, n * n), few), np.inf)
    size = effective_size(share, variance, most=most, units=most)
    return np.where(np.asarray(few) > 0, size, 0.0)


def _clustered(clusters: Rate, p: Floats, n: Floats, *, most: Floats, level: float) -> Floats:
    left = ratio(n, n - clusters.denominator)  # infinite for a cluster that is alone
    residual = np.nan_to_num((clusters.numerator - np.nan_to_num(p) * clusters.denominator) * left)
    number = (clusters.denominator > 0).sum(0).astype(np.float64)
    variance = ratio((residual**2).sum(0), n * n) * ratio(number - 1, number)
    # Where p is near 0 or 1 a few clusters that happen to agree with all others have next to no variance of their own.
    together = ratio((clusters.denominator**2).sum(0), n * n)
    variance = np.maximum(variance, _common_variance(variance, p, alone=ratio(1, most), together=together))
    alike = effective_units(clusters.denominator)
    # Two clusters more whose images all agree: a few large ones that happen to agree with all others prove little.
    spread = np.nan_to_num(p * (1 - p)) * np.nan_to_num(together)
    variance = np.maximum(variance, (alike * variance + _ROOM * spread) / (alike + _ROOM))
    worth = few_units(alike, level=level)
    variance = np.where(worth > 0, ratio(variance, worth), np.inf)
    size = effective_size(p, variance, most=most, units=ratio(1, together))
    return np.where(worth > 0, size, 0.0)


def _common_variance(variance: Floats, p: Floats, *, alone: Floats, together: Floats) -> Floats:
    """Variance of every rate at the correlation within clusters that all rates have together.

    p (1 − p) (alone + ρ (together − alone)), where ρ = 0 leaves images independent and ρ = 1 makes a cluster's images
    say the same. ρ is the excess over independence, summed over rates by the square of what they are worth.
    """
    spread = np.nan_to_num(p * (1 - p))
    weight = np.nan_to_num(ratio(1, alone**2))
    excess = (weight * (np.nan_to_num(variance) - spread * np.nan_to_num(alone))).sum()
    most = (weight * spread * np.nan_to_num(together - alone)).sum()
    correlation = np.clip(np.nan_to_num(ratio(excess, most)), 0.0, 1.0)
    return np.asarray(spread * (alone + correlation * np.maximum(0.0, together - alone)), np.float64)
