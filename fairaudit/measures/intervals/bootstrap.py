"""Resampling of counts instead of images: thousands of replicates of the whole tensor in milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio

Strata = Literal["cell", "group"]
StatisticOf = Callable[[Floats], Mapping[str, Floats]]

# Numbers in one chunk of replicates: 2²² float64 are 32 MiB, and a statistic needs a few arrays of that size.
CHUNK_NUMBERS = 2**22


def resample(counts: ArrayLike, *, strata: Strata, replicates: int, generator: np.random.Generator) -> Floats:
    """Draw replicates of the counts: what drawing images with replacement within each stratum would count.

    Drawing nᵢ images of a stratum with replacement and counting them is one multinomial draw with the observed
    shares, so images are never touched. A stratum keeps its number of images.

    Args:
        counts: [group, true, predicted]. Sums of weights may be fractional: a stratum is then drawn with its total
            rounded to a whole number and scaled back, so give counts scaled to the effective sample size.
        strata: cell resamples the decisions within group × true class (base rates stay fixed: right for TPR, FPR and
            what is made of them); group resamples true class and decision together within each group (right for the
            rest).
        replicates: how many.
        generator: source of the draws.

    Returns:
        [replicate, group, true, predicted].

    >>> drawn = resample([[[8, 2], [1, 9]]], strata="cell", replicates=5, generator=np.random.default_rng(0))
    >>> drawn.shape, drawn.sum(-1)[0].tolist()
    ((5, 1, 2, 2), [[10.0, 10.0]])
    """
    table = np.asarray(counts, np.float64)
    if table.ndim != 3 or not np.isfinite(table).all() or (table < 0).any():
        raise ValueError(f"counts need shape [group, true, predicted] and numbers of 0 or more, found {table.shape}")
    cells = table if strata == "cell" else table.reshape(table.shape[0], -1)
    total = cells.sum(-1)
    draws = np.maximum(np.rint(total), total > 0).astype(np.int64)
    shares = ratio(cells, total[..., None])
    shares = np.where(np.isnan(shares), 1 / cells.shape[-1], shares)  # an empty stratum draws nothing
    drawn = generator.multinomial(draws, shares, size=(replicates, *draws.shape)).astype(np.float64)
    scale = np.where(draws > 0, ratio(total, draws), 0.0)
    if not np.array_equal(scale[draws > 0], np.ones(int((draws > 0).sum()))):
        drawn *= scale[..., None]
    return drawn.reshape(replicates, *table.shape)


def bootstrap(
    counts: ArrayLike,
    statistics: StatisticOf,
    *,
    strata: Strata,
    replicates: int,
    generator: np.random.Generator,
) -> dict[str, Floats]:
    """Bootstrap replicates of statistics of the counts, in bounded memory.

    Args:
        counts: [group, true, predicted].
        statistics: takes counts [replicate, group, true, predicted] and returns name → [replicate, ...].
        strata: see `resample`.
        replicates: how many.
        generator: source of the draws.

    Returns:
        name → [replicate, ...].

    >>> found = bootstrap(
    ...     [[[8, 2], [1, 9]]], lambda c: {"right": c[:, 0, 1, 1]},
    ...     strata="cell", replicates=2000, generator=np.random.default_rng(0))
    >>> round(float(found["right"].mean()), 1)
    9.0
    """
    table = np.asarray(counts, np.float64)
    parts = [
        statistics(resample(table, strata=strata, replicates=size, generator=generator))
        for size in _chunks(replicates, table.size)
    ]
    return _joined(parts)


def cluster_bootstrap(
    cluster_counts: ArrayLike,
    statistics: StatisticOf,
    *,
    replicates: int,
    generator: np.random.Generator,
) -> dict[str, Floats]:
    """Bootstrap replicates when whole clusters (all images of a person, say) are drawn with replacement.

    Clusters with equal counts are interchangeable, so what is drawn is how often each distinct pattern occurs.

    Args:
        cluster_counts: [cluster, group, true, predicted] counts of every cluster.
        statistics: takes counts [replicate, group, true, predicted] and returns name → [replicate, ...].
        replicates: how many.
        generator: source of the draws.

    Returns:
        name → [replicate, ...].

    >>> people = np.zeros((40, 1, 2, 2))  # 30 persons with five hits each, 10 with five misses
    >>> people[:30, 0, 1, 1], people[30:, 0, 1, 0] = 5, 5
    >>> found = cluster_bootstrap(people, lambda c: {"tpr": c[:, 0, 1, 1] / c[:, 0, 1].sum(-1)},
    ...                           replicates=2000, generator=np.random.default_rng(0))
    >>> round(float(found["tpr"].std()), 2)  # of 40 persons, √(.75 · .25 / 40), not of 200 images
    0.07
    """
    table = np.asarray(cluster_counts, np.float64)
    if table.ndim != 4 or len(table) < 2:
        raise ValueError(f"needs [cluster, group, true, predicted] with two clusters at least, found {table.shape}")
    patterns, often = np.unique(table.reshape(len(table), -1), axis=0, return_counts=True)
    shares = often / len(table)
    parts = []
    for size in _chunks(replicates, max(patterns.shape)):
        weights: NDArray[np.int64] = generator.multinomial(len(table), shares, size=size)
        drawn = weights.astype(np.float64) @ patterns
        parts.append(statistics(drawn.reshape(size, *table.shape[1:])))
    return _joined(parts)


def _chunks(replicates: int, numbers: int) -> Iterator[int]:
    if replicates < 1:
        raise ValueError(f"replicates need to be at least 1, found {replicates}")
    size = max(1, CHUNK_NUMBERS // max(1, numbers))
    for start in range(0, replicates, size):
        yield min(size, replicates - start)


def _joined(parts: list[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
