"""The whole matrix of alignments: an order that groups similar classifiers, and what else the same data say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.ratio import ratio

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A pair whose alignment is not what its correlation suggests."""

    base: str
    """Base classifier."""
    downstream: str
    """Downstream classifier."""
    alignment: float
    """Mean relative change."""
    correlation: float
    """Correlation of the two classifiers' scores, or of their labels."""

    @property
    def gap(self) -> float:
        """Alignment less correlation."""
        return self.alignment - self.correlation


def cluster_order(matrix: ArrayLike) -> NDArray[np.int64]:
    """An order of the classifiers in which similar ones are neighbours (average linkage, optimal leaves).

    Two classifiers are similar when their rows and their columns are. Undefined entries count as 0, no alignment.

    >>> cluster_order([[1, 0, 0.9], [0, 1, 0], [0.9, 0, 1]]).tolist() in ([1, 0, 2], [1, 2, 0], [0, 2, 1], [2, 0, 1])
    True

    Args:
        matrix: [classifier, classifier]; a matrix that is not square is ordered by its rows.
    """
    table = np.nan_to_num(np.asarray(matrix, np.float64), nan=0.0)
    if len(table) < 3:
        return np.arange(len(table))
    features = np.concatenate([table, table.T], axis=1) if table.shape[0] == table.shape[1] else table
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import pdist

    distances = pdist(features)
    tree = optimal_leaf_ordering(linkage(distances, method="average"), distances)
    return np.asarray(leaves_list(tree), np.int64)


def correlations(columns: ArrayLike) -> Floats:
    """Pearson correlations of the columns, [column, column]; each pair over the rows where both are known.

    NaN where a column does not vary or fewer than two rows are known: the correlation is then 0/0.

    >>> correlations([[0, 0], [1, 1], [2, 2]]).round(6).tolist()
    [[1.0, 1.0], [1.0, 1.0]]

    Args:
        columns: [image, column] scores, or labels with NaN for unknown.
    """
    table = np.asarray(columns, np.float64)
    known = np.isfinite(table).astype(np.float64)
    filled = np.nan_to_num(table, nan=0.0)
    # Shifting every column keeps the sums of squares small; correlations do not notice.
    centred = (filled - ratio(filled.sum(axis=0), known.sum(axis=0))) * known
    centred = np.nan_to_num(centred, nan=0.0)
    pairs = known.T @ known
    own = centred.T @ known  # own[a, b]: sum of a over the rows where both are known
    cross = centred.T @ centred - ratio(own * own.T, pairs)
    square = (centred**2).T @ known - ratio(own**2, pairs)
    scale = np.sqrt(np.maximum(square, 0.0) * np.maximum(square.T, 0.0))
    tiny = 1e-12 * np.maximum(1.0, (filled**2).T @ known)
    flat = (square <= tiny) | (square.T <= tiny.T) | (pairs < 2)
    return np.where(flat, np.nan, np.clip(ratio(cross, scale), -1.0, 1.0))


def disagreements(
    aligned: ArrayLike, correlated: ArrayLike, bases: Sequence[str], downstream: Sequence[str], *, most: int = 10
) -> list[Disagreement]:
    """The pairs whose alignment and correlation differ most, largest gap first; equal pairs keep their order.

    A large correlation without alignment is a cue the classifier does not use; alignment without correlation is one
    that it invented (Fig. 2 of the counterfactual alignment paper).

    Args:
        aligned: [base, downstream] mean relative changes.
        correlated: [base, downstream] correlations.
        bases: names of the rows.
        downstream: names of the columns; a pair of one classifier with itself is left out.
        most: how many.
    """
    left, right = np.asarray(aligned, np.float64), np.asarray(correlated, np.float64)
    found = [
        Disagreement(base=base, downstream=other, alignment=float(left[i, j]), correlation=float(right[i, j]))
        for i, base in enumerate(bases)
        for j, other in enumerate(downstream)
        if base != other and np.isfinite(left[i, j]) and np.isfinite(right[i, j])
    ]
    return sorted(found, key=lambda pair: -abs(pair.gap))[:most]


def strongest(values: ArrayLike, expected: float, *, most: int = 10) -> NDArray[np.int64]:
    """Rows whose relative change is furthest from what is expected, furthest first; undefined rows are left out.

    >>> strongest([0.1, -0.9, float("nan"), 0.5], 0.0, most=2).tolist()
    [1, 3]

    Args:
        values: [image] relative changes.
        expected: what the pair shows as a whole, such as its median.
        most: how many.
    """
    table = np.asarray(values, np.float64)
    rows = np.flatnonzero(np.isfinite(table))
    order = np.argsort(-np.abs(table[rows] - expected), kind="stable")
    return np.asarray(rows[order][:most], np.int64)
