"""The images that discovery searches, its statistic over windows, and its distribution if groups do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.labels import ClusterLabels, cluster_labels, smallest_p
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.windows import Floats, Ints, Windows
from fairaudit.ratio import ratio

_CHUNK = 2**22
_BLOCK = 2**18  # numbers that stay in the processor's cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Images of known group with a map, and where they belong."""

    cells: Floats  # [image, cell]
    group: Ints
    target: Ints
    groups: int
    targets: int
    units: Ints | None  # cluster of every image; None where images are the units
    labels: ClusterLabels | None  # of clusters within which groups do not vary

    @property
    def strata(self) -> int:
        """Number of groups times target values."""
        return self.groups * self.targets


def arrange(
    grids: NDArray[np.floating], group: Labels, target: Labels | None, clusters: NDArray[np.integer] | None
) -> Searched | None:
    """Images of known group and target value with a map; None if they belong to fewer than two groups."""
    known = ~np.isnan(grids).any(axis=(1, 2)) & (np.asarray(group.codes) >= 0)
    classes = np.zeros(len(grids), np.int64) if target is None else np.asarray(target.codes, np.int64)
    known &= classes >= 0
    if len(np.unique(np.asarray(group.codes)[known])) < 2:
        return None
    units = None if clusters is None else partition(np.asarray(clusters)[known])
    codes = np.asarray(group.codes, np.int64)[known]
    return Searched(
        cells=np.asarray(grids, np.float64)[known].reshape(int(known.sum()), -1),
        group=codes,
        target=classes[known],
        groups=len(group.values),
        targets=1 if target is None else len(target.values),
        units=units,
        labels=None if units is None else cluster_labels(codes, classes[known], units),
    )


def least_p(data: Searched) -> float:
    """The smallest p value that its clusters can give; 0 where images are the units."""
    return 0.0 if data.units is None else smallest_p(data.labels, int(data.units.max()) + 1)


def nulls(data: Searched, shapes: Windows, replicates: int, generator: np.random.Generator) -> Iterator[Floats]:
    """Sums of squares between groups `[replicate, window]` under every null of `contrast_nulls`."""
    chunk = max(1, _CHUNK // max(1, len(data.group), data.strata * len(shapes.bounds)))
    sizes = [min(chunk, replicates - start) for start in range(0, replicates, chunk)]
    if data.units is None or data.labels is not None:
        yield np.concatenate(
            [between_groups(shapes, group_sums(data, _shuffled(data, size, generator))) for size in sizes]
        )
    if data.units is not None and (data.labels is None or not data.labels.nested):
        yield np.concatenate([between_groups(shapes, _turned(data, data.units, size, generator)) for size in sizes])


def _turned(data: Searched, units: Ints, replicates: int, generator: np.random.Generator) -> tuple[Floats, Ints]:
    """Sums of shares less those of their target value, after turning the signs of whole clusters, and the counts."""
    centred = _centred(data)
    signs = (generator.integers(0, 2, (replicates, int(units.max()) + 1), dtype=np.int8) * 2.0 - 1.0)[:, units]
    found = np.zeros((replicates, data.targets, data.groups, data.cells.shape[1]))
    for value in range(data.targets):
        for name in range(data.groups):
            rows = (data.target == value) & (data.group == name)
            found[:, value, name] = signs[:, rows] @ centred[rows]
    return found, _sizes(data, data.group[None])


def _sizes(data: Searched, labels: Ints) -> Ints:
    """Images `[replicate, target, group]` for labels `[replicate, image]`."""
    codes = np.arange(len(labels))[:, None] * data.strata + data.target * data.groups + labels
    counts = np.bincount(codes.ravel(), minlength=len(labels) * data.strata)
    return counts.reshape(len(labels), data.targets, data.groups)


def group_sums(data: Searched, labels: Ints) -> tuple[Floats, Ints]:
    """Sums `[replicate, target, group, cell]` and counts `[replicate or 1, target, group]` for labels.

    Labels are `[replicate, image]`; those of images change places within target values, which changes no count.
    """
    found = np.zeros((len(labels), data.targets, data.groups, data.cells.shape[1]))
    for value in range(data.targets):
        rows = data.target == value
        for name in range(data.groups):
            found[:, value, name] = (labels[:, rows] == name).astype(np.float64) @ data.cells[rows]
    return found, _sizes(data, labels if data.units is not None else labels[:1])


def between_groups(shapes: Windows, found: tuple[Floats, Ints]) -> Floats:
    """Sum of squares between groups within target values, `[replicate, window]`."""
    total, count = found
    size = max(1, _BLOCK // max(1, total[0, ..., 0].size * len(shapes.bounds)))
    return np.concatenate(
        [
            _between(shapes, total[start : start + size], count if len(count) == 1 else count[start : start + size])
            for start in range(0, len(total), size)
        ]
    )


def _between(shapes: Windows, total: Floats, count: Ints) -> Floats:
    inside = shapes.sums(total.reshape(*total.shape[:3], shapes.cells, shapes.cells))
    own = np.nan_to_num(ratio(inside**2, count[..., None])).sum(axis=2)
    together = np.nan_to_num(ratio(inside.sum(axis=2) ** 2, count.sum(axis=2)[..., None]))
    return np.asarray((own - together).sum(axis=1))


def total_squares(data: Searched, shapes: Windows) -> Floats:
    """Sum of squares within target values, `[window]`; 0 where nothing varies but for rounding."""
    centred = _centred(data)
    grids = centred.reshape(-1, shapes.cells, shapes.cells)
    squares = sum_of_squares(grids, shapes)
    size = float(np.abs(data.cells).max(initial=0.0))
    return np.where(squares > len(centred) * (1e-9 * size) ** 2, squares, 0.0)


def _centred(data: Searched) -> Floats:
    centred = data.cells.copy()
    for value in range(data.targets):
        rows = data.target == value
        if rows.any():
            centred[rows] -= centred[rows].mean(axis=0)
    return centred


def sum_of_squares(grids: Floats, shapes: Windows) -> Floats:
    """Σ over images of the squared sum of each window, `[window]`, in bounded memory."""
    step = max(1, _CHUNK // max(1, len(shapes.bounds)))
    # One window's images lie side by side, so that they are added in pairs, which rounds less than one by one.
    parts = [
        np.asfortranarray(shapes.sums(grids[start : start + step]) ** 2).sum(axis=0)
        for start in range(0, len(grids), step)
    ]
    return np.asarray(np.sum(parts, axis=0))


def _shuffled(data: Searched, replicates: int, generator: np.random.Generator) -> Ints:
    if data.labels is not None:
        return data.labels.shuffled(replicates=replicates, generator=generator)
    labels = np.tile(data.group, (replicates, 1))
    for value in range(data.targets):
        rows = data.target == value
        labels[:, rows] = generator.permuted(labels[:, rows], axis=1)
    return labels
