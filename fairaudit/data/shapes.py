"""Shapes to masks: a pixel is inside when its centre is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def box_mask(box: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels [height, width] whose centre is in the box (x0, y0, x1, y1), x0 ≤ x < x1 and y0 ≤ y < y1.

    >>> box_mask(np.array([0.5, 0.0, 2.5, 1.0]), (1, 4)).astype(int)
    array([[1, 1, 0, 0]])
    """
    x0, y0, x1, y1 = box
    rows, columns = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    inside_rows = (y0 <= rows) & (rows < y1)
    inside_columns = (x0 <= columns) & (columns < x1)
    return np.asarray(inside_rows[:, None] & inside_columns[None, :])


def polygon_mask(corners: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels [height, width] whose centre is in the polygon of corners [k, 2] (x, y), by the even-odd rule.

    A ray to the right of a centre inside crosses the outline an odd number of times. Left and top edges belong to the
    polygon, right and bottom ones do not, so polygons that share an edge share no pixel.

    >>> polygon_mask(np.array([[0, 0], [3, 0], [0, 3]]), (3, 3)).astype(int)
    array([[1, 1, 0],
           [1, 0, 0],
           [0, 0, 0]])
    """
    rows, columns = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    mask = np.zeros(size, bool)
    points = np.asarray(corners, np.float64)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if (y0, x0) > (y1, x1):  # one sense for both polygons of a shared edge, so that rounding is the same
            x0, y0, x1, y1 = x1, y1, x0, y0
        crossing = (y0 <= rows) & (rows < y1)
        if crossing.any():
            at = x0 + (rows[crossing] - y0) / (y1 - y0) * (x1 - x0)  # y1 > y0 where a row is crossed
            mask[crossing] ^= columns[None, :] < at[:, None]
    return mask
