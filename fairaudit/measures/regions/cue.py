"""Cue alignment: does a region's signed relevance depend on group and class *together*?

With M[c, g] the mean signed relevance share of the region for the image's own class c in group g, the interaction

    I[c, g] = M[c, g] − M[c, ·] − M[·, g] + M[·, ·]

is 0 when a group changes relevance alike in all classes, as a necktie does that covers the chin, and is not when what
shows there is evidence for one class and against another. For two classes and two groups
T = (C₁ − C₀)/2 with C_c = M[c, 1] − M[c, 0]; for more it is the largest |I| over
1 − 1/min(classes, groups), which makes it |T| for two and two, and a − b for relevance a where group and class go
together and b elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.measures.clusters.leverage import leverage
from fairaudit.measures.images.means import Labels
from fairaudit.measures.intervals.largest import Contrasts

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Signed shares of the images that count, and their places in a full table of classes and groups."""

    values: Floats
    """`[image]`."""
    row: Ints
    """`[image]` place of the class among `classes`."""
    column: Ints
    """`[image]` place of the group among `groups`."""
    unit: Ints
    """`[image]` image or cluster, 0 … m − 1."""
    classes: tuple[int, ...]
    """Codes of the classes, at least two, each with images of every group."""
    groups: tuple[int, ...]
    """Codes of the groups, at least two."""
    clustered: bool
    """Whether units are clusters."""

    @property
    def shape(self) -> tuple[int, int]:
        """Classes and groups."""
        return len(self.classes), len(self.groups)

    @property
    def cell(self) -> Ints:
        """`[image]` class and group as one number."""
        return self.row * len(self.groups) + self.column


def shares_of(
    values: Floats, *, group: Labels, target: Labels, units: NDArray[np.integer] | None = None
) -> Shares | None:
    """The images whose value, group and class are known, in a table without an empty cell; None if there is none.

    Where cells are empty, the class or group with the most empty cells is left out, until none is.

    Args:
        values: `[image]` signed shares for the image's own class, NaN where undefined.
        group: the attribute.
        target: the class.
        units: cluster of every image; images without.
    """
    g, y = np.asarray(group.codes, np.int64), np.asarray(target.codes, np.int64)
    known = (g >= 0) & (y >= 0) & ~np.isnan(values)
    counts = np.zeros((len(target.values), len(group.values)), np.int64)
    np.add.at(counts, (y[known], g[known]), 1)
    classes, groups = _full(counts)
    if len(classes) < 2 or len(groups) < 2:
        return None
    kept = np.flatnonzero(known & np.isin(y, classes) & np.isin(g, groups))
    own = np.arange(len(values)) if units is None else np.asarray(units, np.int64)
    return Shares(
        values=np.asarray(values, np.float64)[kept],
        row=np.searchsorted(classes, y[kept]).astype(np.int64),
        column=np.searchsorted(groups, g[kept]).astype(np.int64),
        unit=np.unique(own[kept], return_inverse=True)[1].astype(np.int64),
        classes=tuple(classes),
        groups=tuple(groups),
        clustered=units is not None,
    )


def cue_contrasts(shares: Shares) -> Contrasts:
    """The scaled interaction of every class and group, in the order of a table `[class, group]`.

    For two classes and two groups, one contrast: T, positive where the second group's content speaks for the second
    class.
    """
    weights = _weights(*shares.shape)
    mean, count = cell_means(shares)
    residual = shares.values - mean[shares.cell]
    behind, inflation = _behind(shares)
    scaled = residual / count[shares.cell] * inflation
    cells = np.zeros((int(shares.unit.max()) + 1, len(mean)))
    np.add.at(cells, (shares.unit, shares.cell), scaled)
    number = len(weights)
    return Contrasts(
        value=weights @ mean,
        parts=cells @ weights.T,
        units=np.full(number, behind.min()),
        worth=np.full(number, float(len(cells))),
        room=np.full(number, -np.inf),
    )


def cell_means(shares: Shares) -> tuple[Floats, Floats]:
    """Mean and number of images of every cell, `[class × group]`."""
    number = shares.shape[0] * shares.shape[1]
    count = np.bincount(shares.cell, minlength=number).astype(np.float64)
    return np.bincount(shares.cell, weights=shares.values, minlength=number) / count, count


def _weights(classes: int, groups: int) -> Floats:
    """What every contrast takes of every cell, `[contrast, class × group]`."""
    if classes == groups == 2:
        return np.array([[0.5, -0.5, -0.5, 0.5]], np.float64)
    rows, columns = (np.eye(size) - 1 / size for size in (classes, groups))
    return np.asarray(np.kron(rows, columns) / (1 - 1 / min(classes, groups)), np.float64)


def _full(counts: Ints) -> tuple[list[int], list[int]]:
    rows, columns = list(range(counts.shape[0])), list(range(counts.shape[1]))
    while rows and columns:
        empty = counts[np.ix_(rows, columns)] == 0
        if not empty.any():
            break
        by_row, by_column = empty.mean(axis=1), empty.mean(axis=0)
        if by_row.max() >= by_column.max():
            rows.pop(int(by_row.argmax()))
        else:
            columns.pop(int(by_column.argmax()))
    return rows, columns


def _behind(shares: Shares) -> tuple[Floats, Floats]:
    """What the units of every cell are worth, `[class × group]`, and the factor of every image's deviation."""
    number = shares.shape[0] * shares.shape[1]
    worth, inflation = np.zeros(number), np.zeros(len(shares.values))
    for cell in range(number):
        rows = np.flatnonzero(shares.cell == cell)
        found = leverage(shares.unit[rows])
        worth[cell], inflation[rows] = found.effective, found.inflation
    return worth, inflation
