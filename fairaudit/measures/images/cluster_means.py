"""Means of images that come in clusters: how many clusters are behind each, their intervals, and nulls of contrasts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fairaudit.measures.clusters.labels import ClusterLabels, cluster_labels
from fairaudit.measures.clusters.linearised import effective_size
from fairaudit.measures.clusters.partition import few_units
from fairaudit.measures.distributions import student_isf
from fairaudit.measures.images.means import (
    Floats,
    Ints,
    Means,
    StratumSums,
    ValueTable,
    chunks,
    derived,
    expanded_level,
    shuffled,
    sign_flipped,
    sums,
)
from fairaudit.measures.intervals.proportion import Interval, normal_quantile, percentile, wilson
from fairaudit.ratio import ratio


def by_cluster(data: ValueTable, units: Ints) -> StratumSums:
    """Sums and counts of every cluster, `[cluster, group, target, column]`; the last group is the unknown one.

    Args:
        data: the images.
        units: `[image]` cluster 0 … m − 1 (`partition`).
    """
    padded = data.padded()
    added = np.zeros((int(units.max(initial=-1)) + 1, (data.groups + 1) * data.targets, padded.shape[1]))
    np.add.at(added, (units, data.stratum), padded)
    return data.folded(added)


def places(found: StratumSums) -> tuple[Means, Means]:
    """Sums and counts of every cluster where means are, `[cluster, …, column]`; of contrasts their own side's."""

    def arranged(part: Floats) -> Means:
        known = part[:, :-1]
        groups = known.sum(axis=2)
        return Means(
            overall=part.sum(axis=(1, 2)),
            classes=part.sum(axis=1),
            groups=groups,
            cells=known,
            cell_contrasts=known,
            contrasts=groups,
        )

    return arranged(found.total), arranged(found.count)


def clusters_behind(counts: Means) -> Means:
    """Clusters with a defined value behind every mean; behind a contrast those of its smaller side.

    Args:
        counts: of every cluster, the second of `places`.
    """

    def number(part: Floats) -> Floats:
        return np.asarray((part > 0).sum(axis=0), np.float64)

    def smaller(own: Floats) -> Floats:
        return np.minimum(number(own), number(own.sum(axis=1, keepdims=True) - own))

    return Means(
        overall=number(counts.overall),
        classes=number(counts.classes),
        groups=number(counts.groups),
        cells=number(counts.cells),
        cell_contrasts=smaller(counts.cells),
        contrasts=smaller(counts.groups),
    )


def cluster_interval(value: float, replicates: Floats, *, clusters: int, level: float) -> Interval:
    """Expanded percentile interval of resampled clusters (`expanded_level`).

    m clusters give a resample of one cluster only with probability m^−m. Where the wanted tail is smaller, below five
    clusters at 0.95, no percentile of the resamples lies as far out as it should: there the plain percentile interval
    is stretched around the value by √(m/(m−1)) t_{m−1} / z, which is what the expanded one does to a normal mean.

    Args:
        value: the estimate.
        replicates: `[replicate]`, NaN where undefined.
        clusters: m, two at least.
        level: coverage.
    """
    wide = expanded_level(level, clusters)
    if float(clusters) ** -clusters <= (1 - wide) / 2:
        return percentile(replicates, level=wide)
    plain = percentile(replicates, level=level)
    stretch = np.sqrt(clusters / (clusters - 1)) * student_isf((1 - level) / 2, clusters - 1) / normal_quantile(level)
    return Interval(value - stretch * (value - plain.low), value + stretch * (plain.high - value))


def cluster_wilson(total: ArrayLike, count: ArrayLike, *, level: float) -> Interval:
    """Wilson's interval of a share at the size that its clusters are worth, as rates of a table have it (`effective`).

    p (1 − p) / v with the linearised variance v = m/(m−1) Σ_c (x_c − p n_c)² / n², times `few_units`; m at p = 0 or 1.

    Args:
        total: `[cluster]` hits.
        count: `[cluster]` images; two clusters at least have some.
        level: coverage.

    >>> low, high = cluster_wilson([4, 4, 4], [4, 4, 4], level=0.95)  # three clusters that always hit: 3 of 3
    >>> round(float(low), 3), round(float(high), 3)
    (0.439, 1.0)
    """
    hits, images = np.asarray(total, np.float64), np.asarray(count, np.float64)
    n, number = images.sum(), float((images > 0).sum())
    p = ratio(hits.sum(), n)
    variance = ratio(((hits - p * images) ** 2).sum(), n * n) * ratio(number, number - 1)
    size = effective_size(p, ratio(variance, few_units(number, level=level)), most=n, units=number)
    return wilson(p * size, size, level=level)


def contrast_nulls(
    data: ValueTable, *, replicates: int, generator: np.random.Generator, units: Ints | None = None
) -> list[Means]:
    """Contrasts if groups differed by chance only; where there are several nulls, the largest p value is valid.

    - Images: labels are permuted within target values (`shuffled`).
    - Clusters of one group: whole clusters exchange labels, within target values where each lies within one. This is
      exact for any number of clusters.
    - Groups or target values that vary within clusters: contrasts are sums over clusters of what each adds once its
      values are less the mean of their target value, and the signs of whole clusters are turned. (The wild cluster
      bootstrap of scores; Kline and Santos, 2012.) Where only target values vary, labels are exchanged too: an exchange
      does not keep how many images each stratum has, and turned signs are too sure with few clusters.

    Args:
        data: the images.
        replicates: how many.
        generator: source of the draws.
        units: `[image]` cluster 0 … m − 1 (`partition`); None where images are the units.
    """
    if units is None:
        return [shuffled(data, replicates=replicates, generator=generator)]
    known = data.group < data.groups
    labels = cluster_labels(data.group[known], data.target[known], units[known])
    found = []
    if labels is not None:
        found.append(_exchanged(data, labels, replicates=replicates, generator=generator))
    if labels is None or not labels.nested:
        found.append(sign_flipped(_centred(data), replicates=replicates, generator=generator, units=units))
    return found


def _exchanged(data: ValueTable, labels: ClusterLabels, *, replicates: int, generator: np.random.Generator) -> Means:
    padded, known = data.padded(), data.group < data.groups
    rows, target = padded[known], data.target[known]
    fixed = np.zeros((data.targets, padded.shape[1]))
    np.add.at(fixed, data.target[~known], padded[~known])
    pieces = []
    for size in chunks(replicates, data):
        drawn = labels.shuffled(replicates=size, generator=generator)
        added = np.zeros((size, data.groups + 1, data.targets, padded.shape[1]))
        added[:, -1] = fixed
        for value in range(data.targets):
            there = target == value
            for group in range(data.groups):
                added[:, group, value] = (drawn[:, there] == group).astype(np.float64) @ rows[there]
        pieces.append(added.reshape(size, -1, padded.shape[1]))
    return derived(data.folded(np.concatenate(pieces)))


def _centred(data: ValueTable) -> ValueTable:
    """Values less the mean of the images of known group of their target value; contrasts do not change by that."""
    found = sums(data)
    means = ratio(found.total[:-1].sum(axis=0), found.count[:-1].sum(axis=0))
    return ValueTable(
        values=data.values - means[data.target],
        group=data.group,
        target=data.target,
        groups=data.groups,
        targets=data.targets,
    )
