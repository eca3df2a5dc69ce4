"""AUCs of many replicates at once: scores are put in order once, and weights are summed along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from fairaudit.measures.counts.confusion import Floats
from fairaudit.ratio import ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """One variant's scores in order, for AUCs in which every cell weighs the same (`ranking.balanced_auc`)."""

    rows: NDArray[np.int64]
    """Images of the cells that count, [image]."""
    places: csr_matrix
    """[image, distinct score], in ascending order of the score."""
    cells: csr_matrix
    """[image, cell]."""
    positive: NDArray[np.bool_]
    """[image]."""

    @classmethod
    def of(
        cls, scores: Floats, cell: NDArray[np.int64], positive: NDArray[np.bool_], counted: NDArray[np.bool_]
    ) -> Ranks:
        """Ranks of the images in the cells that count.

        Args:
            scores: probability of the positive class, [image].
            cell: cell of every image, -1 where the attribute is unknown, [image].
            positive: whether the target has its second value, [image].
            counted: which cells count, [cell].
        """
        rows = np.flatnonzero((cell >= 0) & counted[np.maximum(cell, 0)])
        _, place = np.unique(scores[rows], return_inverse=True)
        wanted = np.flatnonzero(counted)
        return cls(
            rows=rows,
            places=one_hot(place, int(place.max(initial=-1)) + 1),
            cells=one_hot(np.searchsorted(wanted, cell[rows]), len(wanted)),
            positive=positive[rows],
        )

    def value(self, weights: Floats) -> Floats:
        """P(a positive outranks a negative) under every row of weights, NaN where a cell is empty, [replicate]."""
        own = weights[:, self.rows]
        per_cell = (self.cells.T @ own.T).T
        own = own * (self.cells @ (1 / np.maximum(per_cell, 1e-300)).T).T  # weights are 0 or at least 1
        high, low = ((self.places.T @ (own * side).T).T for side in (self.positive, ~self.positive))
        below = np.cumsum(low, axis=1) - low / 2
        found = ratio((high * below).sum(1), high.sum(1) * low.sum(1))
        return np.where((per_cell > 0).all(1), found, np.nan)


def one_hot(codes: NDArray[np.int64], size: int) -> csr_matrix:
    """A 1 per row in the column of its code, [row, size]; none where the code is -1."""
    rows = np.flatnonzero(codes >= 0)
    return csr_matrix((np.ones(len(rows)), (rows, codes[rows])), shape=(len(codes), size))
