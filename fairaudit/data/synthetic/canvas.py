"""Antialiased shapes over many small images at once.

Arrays here are [row, column, image]: the image axis is last, so that one number per image broadcasts over pixels and
every operation runs over contiguous memory. Distances are signed, in pixels, negative inside.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

SIDE = 64
"""Height and width of a face image."""


class Reach(NamedTuple):
    """The part of the image that a shape can reach, end-exclusive."""

    top: int
    bottom: int
    left: int
    right: int


class Frame:
    """A coordinate system per image: u to the right and v down, from a centre, turned by the tilt."""

    def __init__(self, x: Array, y: Array, scale: Array, tilt: Array) -> None:
        self.scale = scale
        cos, sin = np.cos(tilt), np.sin(tilt)
        centres = np.arange(SIDE, dtype=np.float32) + np.float32(0.5)
        across = (centres[None, :, None] - x) / scale
        down = (centres[:, None, None] - y) / scale
        self.u: Array = across * cos + down * sin
        self.v: Array = down * cos - across * sin

    def at(self, window: Reach) -> tuple[Array, Array]:
        """The coordinates u and v [row, column, image] of the window's pixel centres."""
        part = (slice(window.top, window.bottom), slice(window.left, window.right))
        return self.u[part], self.v[part]


class Canvas:
    """Images being painted, and the pixels that each part can touch."""

    def __init__(self, images: int) -> None:
        self.planes = np.zeros((3, SIDE, SIDE, images), dtype=np.float32)
        self.masks: dict[str, NDArray[np.bool_]] = {}

    def paint(self, window: Reach, cover: Array, colour: Array) -> None:
        """Lay a colour [channel, image] over the window where the cover [row, column, image] is above 0."""
        part = (slice(window.top, window.bottom), slice(window.left, window.right))
        for plane, value in zip(self.planes, colour, strict=True):
            below = plane[part]
            below += cover * (value - below)

    def touch(self, part: str, window: Reach, cover: Array) -> None:
        """Remember that a part reaches the pixels where the cover is above 0."""
        mask = self.masks.setdefault(part, np.zeros(self.planes.shape[1:], dtype=np.bool_))
        mask[window.top : window.bottom, window.left : window.right] |= cover > 0


def ellipse(u: Array, v: Array, across: Array | float, down: Array | float) -> Array:
    """Approximate signed distance to an ellipse around the origin; exact for a circle."""
    a, b = np.asarray(across, dtype=np.float32), np.asarray(down, dtype=np.float32)
    distance: Array = (np.sqrt((u / a) ** 2 + (v / b) ** 2) - 1) * np.minimum(a, b)
    return distance


def box(u: Array, v: Array, across: Array | float, down: Array | float) -> Array:
    """Signed distance to a box around the origin, exact inside and along its sides."""
    a, b = np.asarray(across, dtype=np.float32), np.asarray(down, dtype=np.float32)
    distance: Array = np.maximum(np.abs(u) - a, np.abs(v) - b)
    return distance


def cover(distance: Array, scale: Array | float = 1.0) -> Array:
    """Share of a pixel that a shape covers: 1 inside, 0 outside, a ramp of one pixel between."""
    share: Array = np.clip(np.float32(0.5) - distance * np.asarray(scale, dtype=np.float32), 0, 1)
    return share
