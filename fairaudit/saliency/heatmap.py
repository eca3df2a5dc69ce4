"""Steps between a map and its measurement or figure: the paper's scale, and sums per cell."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.ratio import ratio

Floats = NDArray[np.float64]


def share_maps(maps: ArrayLike) -> Floats:
    """R / Σ|R| of each image: signed shares whose magnitudes sum to 1; NaN throughout for an all-zero map.

    >>> share_maps([[[3.0, -1.0]]])
    array([[[ 0.75, -0.25]]])
    """
    values = np.asarray(maps, np.float64)
    return ratio(values, np.abs(values).sum(axis=(-2, -1), keepdims=True))


def sums_per_cell(maps: ArrayLike, cells: ArrayLike, count: int) -> tuple[Floats, NDArray[np.int64]]:
    """Sum of the maps of each cell and how many there were, which add over chunks; the mean map is their ratio.

    Maps with NaN (all-zero ones after scaling) and images without a cell (−1) are left out of both.

    Args:
        maps: [image, row, column].
        cells: [image] 0 … count − 1, or −1.
        count: number of cells.

    Returns:
        Sums [cell, row, column] in float64, and images [cell].

    >>> sums_per_cell([[[1.0]], [[2.0]], [[5.0]]], [1, 1, -1], 2)
    (array([[[0.]], [[3.]]]), array([0, 2]))
    """
    values, index = np.asarray(maps, np.float64), np.asarray(cells, np.int64)
    used = (index >= 0) & ~np.isnan(values).any(axis=(1, 2))
    sums = np.zeros((count, *values.shape[1:]))
    np.add.at(sums, index[used], values[used])
    return sums, np.bincount(index[used], minlength=count).astype(np.int64)
