"""Which images belong together: the one partition into sampling units that every interval respects."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import UsageError
from fairaudit.measures.counts.confusion import Counts, Floats, confusion
from fairaudit.measures.distributions import normal_isf, student_isf
from fairaudit.ratio import ratio

Units = NDArray[np.int64]
MOST_NUMBERS = 2**28
"""Counts of all clusters are kept up to so many numbers, 2 GiB."""


def partition(codes: ArrayLike | None) -> Units | None:
    """Cluster codes as units 0 … m − 1; an image of unknown cluster (−1) stands alone.

    None when nothing is clustered: there are no codes, or every image is the only one of its cluster. Images are then
    the units, and what resamples clusters would do the same as what resamples images.

    Args:
        codes: [image] cluster codes, −1 unknown; None without clusters.

    Raises:
        ValueError: there is more than one axis.

    >>> partition([7, 7, -1, 3, -1]).tolist()
    [1, 1, 2, 0, 3]
    >>> partition([4, 2, -1]) is None
    True
    """
    if codes is None:
        return None
    labels = np.array(codes, np.int64)
    if labels.ndim != 1:
        raise ValueError(f"cluster codes need one axis, found {labels.ndim}")
    alone = labels < 0
    labels[alone] = (labels.max() if labels.size else 0) + 1 + np.arange(int(alone.sum()))
    names, units = np.unique(labels, return_inverse=True)
    return None if len(names) == len(labels) else units.astype(np.int64)


def check_size(clusters: int, *cells: int) -> None:
    """Refuse a table of counts per cluster that would not fit into memory.

    Args:
        clusters: number of clusters.
        cells: groups, and classes for every axis of the table.

    Raises:
        UsageError: it would not.

    >>> check_size(10_000, 8, 10, 10)
    """
    numbers = clusters * int(np.prod(cells, dtype=np.int64))
    if numbers > MOST_NUMBERS:
        raise UsageError(
            "The counts of all clusters do not fit into memory",
            wanted=f"at most {MOST_NUMBERS:,} numbers",
            found=f"{clusters:,} clusters × {' × '.join(f'{size:,}' for size in cells)} cells = {numbers:,}",
            advice="Audit attributes with fewer values, leave out intersections or controls, or use coarser clusters.",
        )


def counts_by_cluster(
    units: ArrayLike,
    group: ArrayLike,
    true: ArrayLike,
    predicted: ArrayLike,
    *,
    groups: int,
    classes: int,
    weights: ArrayLike | None = None,
) -> Counts:
    """The counts of every cluster; their sum over clusters is `confusion`'s table.

    Args:
        units: [image] 0 … m − 1 (`partition`).
        group: [image] codes, −1 unknown (counted nowhere).
        true: [image] codes, −1 unknown (counted nowhere).
        predicted: [image] codes.
        groups: number of groups.
        classes: number of classes.
        weights: [image] weights, or None.

    Returns:
        [cluster, group, true, predicted].

    Raises:
        UsageError: see `check_size`.

    >>> counts_by_cluster([0, 1, 1], [0, 0, -1], [1, 0, 1], [1, 1, 1], groups=1, classes=2).tolist()
    [[[[0, 0], [0, 1]]], [[[0, 1], [0, 0]]]]
    """
    clusters, codes = np.asarray(units, np.int64), np.asarray(group, np.int64)
    number = int(clusters.max()) + 1 if clusters.size else 0
    check_size(number, groups, classes, classes)
    # Cluster and group as one code, so that one pass counts every cluster.
    joint = np.where(codes >= 0, clusters * groups + codes, -1)
    table = confusion(joint, true, predicted, groups=number * groups, classes=classes, weights=weights)
    return table.counts.reshape(number, groups, classes, classes)


def effective_units(sizes: ArrayLike) -> Floats:
    """How many units of one size would tell as much about the variance between units: (Σ n²)² / Σ n⁴ over axis 0.

    Satterthwaite's degrees of freedom of Σ e_c² and one, where a unit's images agree and its part e_c grows with its
    size n_c. m for m units of one size; one large person among many small ones leaves about 1, and then nothing tells
    how persons differ. 0 without units.

    Args:
        sizes: [unit, ...] images of every unit, or what they weigh.

    >>> effective_units([[5, 200], [5, 2], [5, 2], [5, 2]]).round(2).tolist()
    [4.0, 1.0]
    """
    squares = np.asarray(sizes, np.float64) ** 2
    return np.nan_to_num(ratio(squares.sum(0) ** 2, (squares**2).sum(0)))


def few_units(units: ArrayLike, *, level: float) -> Floats:
    """What a size loses because its variance was estimated from few units: (z / t_{m−1})², in [0, 1].

    Korn and Graubard (1998): an effective size times this factor gives an interval made with the normal quantile the
    width that Student's quantile with m − 1 degrees of freedom would. 0 for fewer than two units.

    Args:
        units: [...] number m of units, of one size (`effective_units`).
        level: coverage of the interval.

    >>> few_units([2, 10, 1000], level=0.95).round(3).tolist()
    [0.024, 0.751, 0.998]
    """
    number = np.asarray(units, np.float64)
    tail = (1 - level) / 2
    quantile = student_isf(tail, np.maximum(number - 1, 1))
    return np.where(number >= 2, ratio(normal_isf(tail) ** 2, quantile**2), 0.0)
