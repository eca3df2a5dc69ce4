"""Means of per-image values over groups, cells and contrasts, resampled together.

Everything is a function of sums and counts per stratum (group × target value), so the estimate, its bootstrap and its
permutation null share one formula, `derived`. Resampling is a product of a matrix of multiplicities with the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.distributions import normal_sf, student_isf
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BUDGET = 4 * 10**7
"""Numbers drawn per table: with n images, replicates are cut to BUDGET / n, but not below `LEAST`."""
LEAST = 1000
"""Replicates that are drawn whatever they cost."""
_CHUNK = 2**22  # numbers in one matrix of multiplicities, 32 MiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """A categorical column: names of its values and a code per image, −1 where unknown."""

    name: str
    values: tuple[str, ...]
    codes: NDArray[np.integer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Means of every column (last axis); leading axes of replicates are allowed. NaN where nothing is defined."""

    overall: Floats
    """`[…, column]`, all images, those of unknown group too."""
    classes: Floats
    """`[…, target, column]`, images of a target value."""
    groups: Floats
    """`[…, group, column]`, images of a group, all target values together."""
    cells: Floats
    """`[…, group, target, column]`."""
    cell_contrasts: Floats
    """`[…, group, target, column]`, the group less all other known groups, within a target value."""
    contrasts: Floats
    """`[…, group, column]`, mean of the cell contrasts over the target values where both sides have images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSums:
    """Sums and counts of defined values, `[…, group, target, column]`; the last group is the unknown one."""

    total: Floats
    count: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTable:
    """Per-image values and the stratum of every image."""

    values: Floats
    """`[image, column]`, NaN where undefined."""
    group: Ints
    """`[image]`, the number of groups where unknown."""
    target: Ints
    """`[image]`."""
    groups: int
    targets: int

    @property
    def stratum(self) -> Ints:
        """`[image]`, group × target value as one number."""
        return self.group * self.targets + self.target

    def padded(self) -> Floats:
        """`[image, 2 · column]`: values with 0 where undefined, then 1 where defined and 0 where not."""
        known = ~np.isnan(self.values)
        return np.concatenate([np.where(known, self.values, 0.0), known.astype(np.float64)], axis=1)

    def folded(self, sums: Floats) -> StratumSums:
        """`[…, stratum, 2 · column]` → sums and counts."""
        shape = (*sums.shape[:-2], self.groups + 1, self.targets, sums.shape[-1])
        total, count = np.split(sums.reshape(shape), 2, axis=-1)
        return StratumSums(total=total, count=count)


def table(values: Floats, *, group: Labels | None, target: Labels | None) -> ValueTable:
    """Values with their strata; without a group everything is of unknown group, without a target of one class.

    Args:
        values: `[image, column]`, NaN where undefined.
        group: the attribute.
        target: the label; images of unknown target must have been left out.
    """
    n = len(values)
    groups = len(group.values) if group else 0
    codes = np.full(n, -1) if group is None else np.asarray(group.codes)
    classes = np.zeros(n, np.int64) if target is None else np.asarray(target.codes, np.int64)
    if len(codes) != n or len(classes) != n or (classes < 0).any():
        raise ValueError("every image needs one group code and one known target code")
    return ValueTable(
        values=np.asarray(values, np.float64),
        group=np.where(codes < 0, groups, codes).astype(np.int64),
        target=classes,
        groups=groups,
        targets=len(target.values) if target else 1,
    )


def sums(data: ValueTable) -> StratumSums:
    """Sums and counts of the images as they are."""
    added = np.zeros(((data.groups + 1) * data.targets, 2 * data.values.shape[1]))
    np.add.at(added, data.stratum, data.padded())
    return data.folded(added)


def derived(found: StratumSums) -> Means:
    """Every mean and contrast from sums and counts."""
    total, count = found.total, found.count
    cells = ratio(total, count)[..., :-1, :, :]
    known_total, known_count = total[..., :-1, :, :], count[..., :-1, :, :]
    rest = ratio(
        known_total.sum(axis=-3, keepdims=True) - known_total, known_count.sum(axis=-3, keepdims=True) - known_count
    )
    contrast = cells - rest
    both = ~np.isnan(contrast)
    return Means(
        overall=ratio(total.sum(axis=(-3, -2)), count.sum(axis=(-3, -2))),
        classes=ratio(total.sum(axis=-3), count.sum(axis=-3)),
        groups=ratio(known_total.sum(axis=-2), known_count.sum(axis=-2)),
        cells=cells,
        cell_contrasts=contrast,
        contrasts=ratio(np.where(both, contrast, 0.0).sum(axis=-2), both.sum(axis=-2)),
    )


def bootstrap(
    data: ValueTable, *, replicates: int, generator: np.random.Generator, clusters: NDArray[np.integer] | None = None
) -> Means:
    """Means of resampled images: with replacement within each stratum, or whole clusters across all of them.

    Args:
        data: the images.
        replicates: how many; see `BUDGET`.
        generator: source of the draws.
        clusters: cluster of every image; images of an unknown cluster (−1) are clusters of their own.
    """
    units = _within_strata(data) if clusters is None else _of_clusters(data, clusters)
    pieces = []
    for size in chunks(replicates, data):
        parts = [_multiplicities(size, len(unit), generator) @ unit for unit in units[1]]
        pieces.append(units[0](parts))
    return derived(data.folded(np.concatenate(pieces)))


def shuffled(data: ValueTable, *, replicates: int, generator: np.random.Generator) -> Means:
    """Means after permuting the group labels among the images of each target value; unknown groups stay unknown."""
    padded = data.padded()
    pieces = []
    for size in chunks(replicates, data):
        added = np.zeros((size, data.groups + 1, data.targets, padded.shape[1]))
        for value in range(data.targets):
            there = (data.target == value) & (data.group < data.groups)
            unknown = (data.target == value) & (data.group == data.groups)
            added[:, -1, value] = padded[unknown].sum(axis=0)
            drawn = generator.permuted(np.tile(data.group[there], (size, 1)), axis=1)
            for group in range(data.groups):
                added[:, group, value] = (drawn == group).astype(np.float64) @ padded[there]
        pieces.append(added.reshape(size, -1, padded.shape[1]))
    return derived(data.folded(np.concatenate(pieces)))


def sign_flipped(
    data: ValueTable, *, replicates: int, generator: np.random.Generator, units: Ints | None = None
) -> Means:
    """Means after turning signs at random: the null of paired differences that lie around 0.

    Args:
        data: the differences.
        replicates: how many; see `BUDGET`.
        generator: source of the signs.
        units: `[image]` cluster 0 … m − 1 of every image, all of which turn together; every image by itself without.
    """
    padded = data.padded()
    own = np.arange(len(padded)) if units is None else units
    number = int(own.max(initial=-1)) + 1
    pieces = []
    for size in chunks(replicates, data):
        signs = (generator.integers(0, 2, (size, number), dtype=np.int8) * 2.0 - 1.0)[:, own]
        added = np.zeros((size, (data.groups + 1) * data.targets, padded.shape[1]))
        for stratum in np.unique(data.stratum):
            rows = data.stratum == stratum
            added[:, stratum] = signs[:, rows] @ padded[rows]
            added[:, stratum, padded.shape[1] // 2 :] = padded[rows, padded.shape[1] // 2 :].sum(axis=0)
        pieces.append(added)
    return derived(data.folded(np.concatenate(pieces)))


def affordable(replicates: int, data: ValueTable) -> int:
    """Replicates that the budget allows: fewer for many images, and for tables with many cells."""
    numbers: int = max(1, len(data.values), 8 * (data.groups + 1) * data.targets * data.values.shape[1])
    return min(replicates, max(LEAST, BUDGET // numbers))


def expanded_level(level: float, n: int) -> float:
    """Level whose percentiles, for a mean of n values, cover like a t interval: 1 − 2 Φ(−√(n/(n−1)) t_{n−1}).

    The plain percentile interval of a mean is too narrow by √((n − 1)/n) and by the normal quantile standing in for
    Student's. Hesterberg 2015, What Teachers Should Know About the Bootstrap, "expanded percentile" interval.

    >>> round(expanded_level(0.95, 10), 4), round(expanded_level(0.95, 10_000), 4)
    (0.9829, 0.95)
    """
    if n < 2:
        raise ValueError(f"an interval needs two values at least, found {n}")
    quantile = np.sqrt(n / (n - 1)) * student_isf((1 - level) / 2, n - 1)
    # For two values and a high level the normal tail is below what float64 tells from 1: then the whole range.
    return min(float(1 - 2 * normal_sf(quantile)), float(np.nextafter(1.0, 0.0)))


def _within_strata(data: ValueTable) -> tuple[Callable[[list[Floats]], Floats], list[Floats]]:
    padded, stratum = data.padded(), data.stratum
    present = np.unique(stratum)

    def joined(parts: list[Floats]) -> Floats:
        found = np.zeros((len(parts[0]) if parts else 0, (data.groups + 1) * data.targets, padded.shape[1]))
        for place, part in zip(present, parts, strict=True):
            found[:, place] = part
        return found

    return joined, [padded[stratum == place] for place in present]


def _of_clusters(
    data: ValueTable, clusters: NDArray[np.integer]
) -> tuple[Callable[[list[Floats]], Floats], list[Floats]]:
    codes = np.asarray(clusters, np.int64)
    own = np.arange(len(codes)) + codes.max(initial=-1) + 1
    number = np.unique(np.where(codes < 0, own, codes), return_inverse=True)[1]
    padded, strata = data.padded(), (data.groups + 1) * data.targets
    added = np.zeros((int(number.max(initial=-1)) + 1, strata, padded.shape[1]))
    np.add.at(added, (number, data.stratum), padded)
    return lambda parts: parts[0].reshape(-1, strata, padded.shape[1]), [added.reshape(len(added), -1)]


def _multiplicities(replicates: int, units: int, generator: np.random.Generator) -> Floats:
    """How often each unit is drawn, `[replicate, unit]`."""
    drawn = generator.integers(0, units, (replicates, units)) + units * np.arange(replicates)[:, None]
    return np.bincount(drawn.ravel(), minlength=replicates * units).reshape(replicates, units).astype(np.float64)


def chunks(replicates: int, data: ValueTable) -> Iterator[int]:
    """Numbers of replicates to draw at once, within memory; they add up to what is affordable."""
    total, size = affordable(replicates, data), max(1, _CHUNK // max(1, len(data.values)))
    for start in range(0, total, size):
        yield min(size, total - start)
