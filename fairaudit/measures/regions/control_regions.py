"""Matched-area control regions: the region's own shape, somewhere else in the same image.

A model that ignores a region treats it like any other place of the same shape. Controls are translations of the mask
that stay inside the image and do not overlap it. Where no such place exists (the region covers too much) there is no
control, and every comparison with it is undefined for that image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import DataError, UsageError
from fairaudit.ratio import ratio
from fairaudit.seeds import generator

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

EMPTY = "the region is empty in this image"
NO_ROOM = "the region is too large for a disjoint region of the same shape in the same image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """Control regions of every image as shifts of its region."""

    masks: Bools
    """`[image, control, row, column]`; all False where there is no such control."""
    offsets: Ints
    """`[image, control, 2]`, rows down and columns right; 0, 0 where there is no such control."""
    overlap: NDArray[np.float64]
    """`[image, control]`, share of the region that the control overlaps; NaN where there is no such control."""
    reasons: tuple[str | None, ...]
    """Per image, why it has no control; None where it has."""

    def defined(self) -> Bools:
        """`[image, control]`, True where there is a control."""
        return ~np.isnan(self.overlap)


def control_regions(
    masks: ArrayLike, *, keys: Sequence[str | int], seed: int, count: int = 4, overlap: float = 0.0
) -> Controls:
    """Up to `count` different places per image for the region's shape, drawn without replacement.

    Args:
        masks: True inside the region, `[image, row, column]`.
        keys: one per image, such as its row id: an image's controls depend on its key, its mask and the seed only.
        seed: seed of the run.
        count: controls per image; fewer where there are fewer places.
        overlap: largest share of the region that a control may overlap.

    Raises:
        DataError: masks are not boolean `[image, row, column]`, or not one key per mask.
        UsageError: `count` or `overlap` out of range.

    >>> found = control_regions(np.array([[[True, False, False]]]), keys=[0], seed=0, count=2)
    >>> sorted(int(right) for _, right in found.offsets[0])
    [1, 2]
    """
    inside = np.asarray(masks)
    if inside.dtype != np.bool_ or inside.ndim != 3 or len(keys) != len(inside):
        raise DataError(
            "The masks cannot be moved to control regions",
            wanted="boolean masks [image, row, column] and one key per image",
            found=f"{inside.dtype} {list(inside.shape)} and {len(keys)} keys",
        )
    if count < 1 or not 0 <= overlap < 1:
        raise UsageError(
            "Control regions need a count and an overlap in range",
            wanted="count >= 1 and 0 <= overlap < 1",
            found=f"count {count}, overlap {overlap}",
        )
    offsets = np.zeros((len(inside), count, 2), np.int64)
    shares = np.full((len(inside), count), np.nan)
    places: dict[bytes, tuple[Ints, NDArray[np.float64]]] = {}  # most images share a few masks, such as one fixed box
    for image in range(len(inside)):
        mask = inside[image]
        name = np.packbits(mask).tobytes()
        if name not in places:
            places[name] = _places(mask, overlap)
        free, taken = places[name]
        chosen = generator(seed, "control", keys[image]).permutation(len(free))[:count]
        offsets[image, : len(chosen)], shares[image, : len(chosen)] = free[chosen], taken[chosen]
    moved = np.stack([shifted(inside, offsets[:, control]) for control in range(count)], axis=1)
    moved &= ~np.isnan(shares)[:, :, None, None]
    return Controls(masks=moved, offsets=offsets, overlap=shares, reasons=_reasons(inside, shares))


def shifted(masks: Bools, offsets: Ints) -> Bools:
    """Every mask moved down and right by its own whole number of pixels; what leaves the image is lost.

    Args:
        masks: `[image, row, column]`.
        offsets: `[image, 2]`.

    >>> shifted(np.array([[[True, False]]]), np.array([[0, 1]]))
    array([[[False,  True]]])
    """
    images, height, width = masks.shape
    rows = np.arange(height)[None, :, None] - offsets[:, 0, None, None]
    columns = np.arange(width)[None, None, :] - offsets[:, 1, None, None]
    valid = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    moved = masks[np.arange(images)[:, None, None], rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.asarray(moved & valid)


def overlaps(mask: Bools) -> tuple[Ints, NDArray[np.float64]]:
    """Every shift that keeps the mask inside the image, and the share of the mask that it overlaps there.

    The count of shared pixels is the mask's autocorrelation: a product of two triangles for a box, an FFT otherwise.

    Args:
        mask: `[row, column]`, not empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    tight = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    down = np.arange(-top, mask.shape[0] - tight.shape[0] - top + 1)
    right = np.arange(-left, mask.shape[1] - tight.shape[1] - left + 1)
    if tight.all():
        shared = np.outer((tight.shape[0] - np.abs(down)).clip(0), (tight.shape[1] - np.abs(right)).clip(0))
    else:
        shared = _autocorrelation(tight, down, right)
    offsets = np.stack(np.meshgrid(down, right, indexing="ij"), axis=-1).reshape(-1, 2)
    return offsets.astype(np.int64), ratio(shared.reshape(-1), mask.sum())


def _autocorrelation(tight: Bools, down: Ints, right: Ints) -> Ints:
    height, width = tight.shape
    pattern = tight.astype(np.float64)
    size = (2 * height - 1, 2 * width - 1)
    spectrum = np.fft.rfft2(pattern, size) * np.fft.rfft2(pattern[::-1, ::-1], size)
    every = np.rint(np.fft.irfft2(spectrum, size)).astype(np.int64)  # pixels that are shared: whole numbers
    reach = (np.abs(down) < height)[:, None] & (np.abs(right) < width)[None, :]
    at = every[(down + height - 1).clip(0, 2 * height - 2)][:, (right + width - 1).clip(0, 2 * width - 2)]
    return np.where(reach, at, 0)


def _places(mask: Bools, overlap: float) -> tuple[Ints, NDArray[np.float64]]:
    if not mask.any():
        return np.zeros((0, 2), np.int64), np.zeros(0)
    offsets, shares = overlaps(mask)
    free = (shares <= overlap) & (offsets != 0).any(axis=1)
    return offsets[free], shares[free]


def _reasons(masks: Bools, shares: NDArray[np.float64]) -> tuple[str | None, ...]:
    empty: list[bool] = (~np.asarray(masks.any(axis=(1, 2)))).tolist()
    none: list[bool] = np.asarray(np.isnan(shares).all(axis=1)).tolist()
    return tuple((EMPTY if blank else NO_ROOM) if lacks else None for blank, lacks in zip(empty, none, strict=True))
