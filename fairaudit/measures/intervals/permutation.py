"""The gap that would arise if the group did not matter: the permutation null, sampled on the counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import Null
from fairaudit.measures.intervals.bootstrap import CHUNK_NUMBERS, StatisticOf
from fairaudit.ratio import ratio


class AgainstNull(NamedTuple):
    """A statistic against its permutation null."""

    p_value: float
    """(1 + number of permuted values at least as extreme) / (1 + number of permutations)."""
    expected: float
    """Mean of the permuted values: what the statistic is without any disparity."""
    corrected: float
    """Estimate without the part that chance alone explains."""


def permuted(counts: ArrayLike, *, null: Null, replicates: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Counts after shuffling the group labels among images, which is drawn from the multivariate hypergeometric law.

    Shuffling labels within a stratum fixes how many images of each kind there are and how many each group gets; the
    table that results is drawn group by group without touching images.

    Args:
        counts: [group, true, predicted] whole numbers.
        null: target shuffles among images of one true class, prediction among images of one decision, none among all
            images.
        replicates: how many tables.
        generator: source of the draws.

    Returns:
        [replicate, group, true, predicted] int64 with the margins of the counts.

    >>> drawn = permuted([[[8, 2], [1, 9]], [[6, 4], [5, 5]]], null="target", replicates=3,
    ...                  generator=np.random.default_rng(0))
    >>> bool((drawn.sum(1) == [[14, 6], [6, 14]]).all()), drawn.sum(-1)[0].tolist()
    (True, [[10, 10], [10, 10]])
    """
    table = _whole(counts)
    groups, classes = table.shape[0], table.shape[1]
    if null == "target":
        return _shuffle(table, replicates, generator)
    if null == "prediction":
        return _shuffle(table.swapaxes(1, 2), replicates, generator).swapaxes(2, 3)
    return _shuffle(table.reshape(groups, 1, -1), replicates, generator).reshape(replicates, groups, classes, classes)


def pooled(counts: ArrayLike, *, null: Null, replicates: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Counts drawn as if every group had the pooled distribution: the null where labels cannot be shuffled.

    For weighted or clustered data, whose counts scaled to effective sizes are not whole numbers: each group and
    stratum gets its total, rounded, as one multinomial draw from the distribution of all groups together.

    Args:
        counts: [group, true, predicted], 0 or more.
        null: see `permuted`.
        replicates: how many tables.
        generator: source of the draws.

    Returns:
        [replicate, group, true, predicted] int64.

    >>> pooled([[[8, 2], [1, 9]], [[6, 4], [5, 5]]], null="target", replicates=3,
    ...        generator=np.random.default_rng(0)).sum(-1)[0].tolist()
    [[10, 10], [10, 10]]
    """
    table = np.asarray(counts, np.float64)
    groups, classes = table.shape[0], table.shape[1]
    arranged = {"target": table, "prediction": table.swapaxes(1, 2), "none": table.reshape(groups, 1, -1)}[null]
    together = arranged.sum(0)
    shares = ratio(together, together.sum(-1, keepdims=True))
    shares = np.where(np.isnan(shares), 1 / shares.shape[-1], shares)
    sizes = np.rint(arranged.sum(-1)).astype(np.int64)
    drawn: NDArray[np.int64] = generator.multinomial(sizes, shares, size=(replicates, *sizes.shape))
    if null == "prediction":
        return drawn.swapaxes(2, 3)
    return drawn.reshape(replicates, groups, classes, classes)


def permutation_null(
    counts: ArrayLike, statistics: StatisticOf, *, null: Null, replicates: int, generator: np.random.Generator
) -> dict[str, Floats]:
    """Values of statistics under the null, in bounded memory: name → [replicate, ...].

    Args:
        counts: [group, true, predicted]; whole numbers are shuffled (`permuted`), others drawn (`pooled`).
        statistics: takes counts [replicate, group, true, predicted] and returns name → [replicate, ...].
        null: see `permuted`.
        replicates: how many.
        generator: source of the draws.

    >>> counts = [[[0, 0], [5, 5]], [[0, 0], [5, 5]]]  # two groups of ten positives, half of them found
    >>> found = permutation_null(counts, lambda c: {"gap": np.abs(c[:, 0, 1, 1] - c[:, 1, 1, 1]) / 10},
    ...                          null="target", replicates=4000, generator=np.random.default_rng(0))
    >>> round(float(found["gap"].mean()), 1)  # what chance alone gives
    0.2
    """
    table = np.asarray(counts)
    draw = permuted if np.issubdtype(table.dtype, np.integer) else pooled
    parts = [
        statistics(draw(table, null=null, replicates=size, generator=generator).astype(np.float64))
        for size in _chunks(replicates, table.size)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def against_null(value: float, nulls: ArrayLike, *, larger: bool) -> AgainstNull:
    """The p value and bias-corrected value of a statistic, given its values under the null.

    For a gap (`larger`) the corrected value is max(0, value − mean of the null); for a ratio, whose null lies below 1,
    min(1, value + 1 − mean). Undefined permuted values are left out; NaN everywhere when none is left or the value is
    NaN.

    Args:
        value: the observed statistic.
        nulls: [replicate] its values under the null.
        larger: larger values are more extreme.

    >>> against_null(0.5, [0.1, 0.2, 0.6], larger=True)
    AgainstNull(p_value=0.5, expected=0.3, corrected=0.2)
    """
    known = np.asarray(nulls, np.float64)
    known = known[~np.isnan(known)]
    if not known.size or np.isnan(value):
        return AgainstNull(np.nan, np.nan, np.nan)
    # Equal tables may differ in the last bits, and a tie must count as at least as extreme.
    slack = 1e-12
    extreme = known >= value - slack if larger else known <= value + slack
    expected = float(known.mean())
    corrected = max(0.0, value - expected) if larger else min(1.0, value + 1 - expected)
    return AgainstNull(float((1 + extreme.sum()) / (1 + known.size)), expected, corrected)


def _shuffle(table: NDArray[np.int64], replicates: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle the first axis within each entry of the second: [group, stratum, kind] → [replicate, …]."""
    groups, strata, kinds = table.shape
    drawn = np.zeros((replicates, groups, strata, kinds), np.int64)
    left = np.broadcast_to(table.sum(0), (replicates, strata, kinds)).copy()
    for group in range(groups - 1):
        need = np.broadcast_to(table[group].sum(-1), (replicates, strata)).copy()
        pool = left.sum(-1)
        for kind in range(kinds - 1):
            pool = pool - left[..., kind]
            taken = generator.hypergeometric(left[..., kind], pool, need)
            drawn[:, group, :, kind] = taken
            need = need - taken
        drawn[:, group, :, -1] = need
        left = left - drawn[:, group]
    drawn[:, -1] = left
    return drawn


def _whole(counts: ArrayLike) -> NDArray[np.int64]:
    table = np.asarray(counts)
    whole = table.astype(np.int64)
    if table.ndim != 3 or (whole != table).any() or (whole < 0).any():
        raise ValueError("permutation needs whole counts [group, true, predicted]; weighted counts cannot be shuffled")
    return whole


def _chunks(replicates: int, numbers: int) -> Iterator[int]:
    size = max(1, CHUNK_NUMBERS // max(1, numbers))
    for start in range(0, replicates, size):
        yield min(size, replicates - start)
