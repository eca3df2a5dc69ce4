"""A coarse grid over relevance maps, and windows of several sizes on it whose sums cost four additions each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import DataError
from fairaudit.measures.regions.weights import even
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kind = Literal["signed", "positive", "absolute"]

CELLS = 16
"""Cells along each side of the grid."""
SIZES = (2, 3, 4, 6, 8)
"""Sides of the windows in cells; every one is tried square, twice as wide and twice as high."""
_ROWS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Rectangles on a grid of cells × cells."""

    bounds: Ints
    """`[window, 4]`: first row, first column, one past the last row, one past the last column."""
    cells: int
    """Cells along each side of the grid."""

    def area(self) -> Floats:
        """Share of the image that each window covers."""
        sides = self.bounds[:, 2:] - self.bounds[:, :2]
        return np.asarray(sides.prod(axis=1) / self.cells**2, np.float64)

    def fractions(self) -> Floats:
        """`[window, 4]`: x0, y0, x1, y1 as shares of the width and height, as in a region's `box`."""
        return np.asarray(self.bounds[:, [1, 0, 3, 2]] / self.cells, np.float64)

    def sums(self, grids: NDArray[np.floating]) -> Floats:
        """Sum of each window: `[…, row, column]` → `[…, window]`, by the integral image."""
        side = self.cells + 1
        whole = np.zeros((*grids.shape[:-2], side, side))
        whole[..., 1:, 1:] = grids
        np.cumsum(whole, axis=-2, out=whole)
        np.cumsum(whole, axis=-1, out=whole)
        flat = whole.reshape(-1, side**2)
        top, left, bottom, right = self.bounds.T
        found = np.empty((len(flat), len(self.bounds)))
        for start in range(0, len(flat), _ROWS):  # what stays in the processor's cache is added four times faster
            part = flat[start : start + _ROWS]
            above = part.take(top * side + right, axis=1) - part.take(top * side + left, axis=1)
            below = part.take(bottom * side + right, axis=1) - part.take(bottom * side + left, axis=1)
            np.subtract(below, above, out=found[start : start + _ROWS])
        return found.reshape(*grids.shape[:-2], len(self.bounds))


def boxed(boxes: Iterable[Iterable[float]], *, cells: int = CELLS) -> Windows:
    """Windows from x0, y0, x1, y1 as shares of the width and height, the inverse of `fractions`.

    >>> boxed([(0.5, 0.25, 1.0, 0.5)], cells=4).bounds.tolist()
    [[1, 2, 2, 4]]
    """
    corners = np.array([list(box) for box in boxes], np.float64).reshape(-1, 4)
    return Windows(bounds=np.rint(corners[:, [1, 0, 3, 2]] * cells).astype(np.int64), cells=cells)


def windows(cells: int = CELLS, sizes: Iterable[int] = SIZES) -> Windows:
    """All windows of the sizes that fit, at every place whose distance is half the window's shorter side.

    >>> windows(4, [2]).bounds[:2].tolist(), len(windows(4, [2]).bounds)
    ([[0, 0, 2, 2], [0, 1, 2, 3]], 15)
    """
    shapes = sorted({shape for s in sizes for shape in ((s, s), (s, 2 * s), (2 * s, s))})
    found = [
        (top, left, top + height, left + width)
        for height, width in shapes
        if height <= cells and width <= cells
        for top in range(0, cells - height + 1, max(1, min(height, width) // 2))
        for left in range(0, cells - width + 1, max(1, min(height, width) // 2))
    ]
    return Windows(bounds=np.array(found, np.int64).reshape(-1, 4), cells=cells)


def grid_shares(maps: ArrayLike, *, cells: int = CELLS, kind: Kind = "positive") -> NDArray[np.float32]:
    """Relevance shares of the cells of a coarse grid, `[image, cells, cells]`: small enough to keep for every image.

    `positive`: Σ_cell max(R, 0) over its sum in the image; `absolute`: the same of |R|; both sum to 1. `signed`:
    Σ_cell R / Σ|R|, in [−1, 1], where evidence for and against cancels. A pixel on a cell's border is divided by area,
    so any size of map will do. NaN for a map without weight, or with the same everywhere.

    Args:
        maps: signed relevance `[image, row, column]`.
        cells: cells along each side.
        kind: what is shared.

    >>> grid_shares([[[3.0, -1.0], [0.0, 0.0]]], cells=2, kind="signed").tolist()
    [[[0.75, -0.25], [0.0, 0.0]]]
    """
    values = np.asarray(maps, np.float64)
    if values.ndim != 3 or not np.isfinite(values).all():
        raise DataError(
            "The relevance maps cannot be laid on a grid",
            wanted="finite maps [image, row, column]",
            found=f"{list(values.shape)}",
        )
    weights = {"signed": values, "positive": np.maximum(values, 0.0), "absolute": np.abs(values)}[kind]
    whole = np.abs(weights).sum(axis=(1, 2))
    whole[even(weights.reshape(len(weights), -1))] = 0.0
    cover = [_cover(size, cells) for size in values.shape[1:]]
    grid = cover[0] @ weights @ cover[1].T
    return ratio(grid, whole[:, None, None]).astype(np.float32)


def apart(chosen: Windows, order: Iterable[int], *, limit: int, overlap: float = 0.25) -> list[int]:
    """The first windows in the order that overlap no earlier one by more than a share of the smaller of the two.

    >>> three = Windows(bounds=np.array([[0, 0, 2, 2], [0, 1, 2, 3], [2, 2, 4, 4]]), cells=4)
    >>> apart(three, [0, 1, 2], limit=5)
    [0, 2]
    """
    kept: list[int] = []
    for number in order:
        if len(kept) == limit:
            break
        if all(_shared(chosen.bounds[number], chosen.bounds[other]) <= overlap for other in kept):
            kept.append(number)
    return kept


def _shared(a: Ints, b: Ints) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    smaller = min((a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod())
    return float(sides.clip(0).prod() / smaller)


def _cover(size: int, cells: int) -> Floats:
    """`[cell, pixel]`: share of the pixel that lies in the cell."""
    pixel, cell = np.arange(size) * cells / size, np.arange(cells)[:, None]
    shared = np.minimum(cell + 1, pixel + cells / size) - np.maximum(cell, pixel)
    return np.asarray(shared.clip(0) * size / cells, np.float64)
