"""What a region is measured by: maps and masks that fit each other, and the weights that a convention makes of maps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fairaudit.errors import DataError
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Convention = Literal["positive", "absolute", "paper"]

CONVENTIONS: tuple[Convention, ...] = ("positive", "absolute", "paper")
EVEN = 1e-6
"""Pixels of a map that differ by less than this share of the largest are the same number: rounding of 32-bit floats."""
_BLOCK = 2**18  # pixels at a time: the working set stays in the processor's cache, and memory does not grow with n


def arrange(maps: ArrayLike, masks: ArrayLike) -> tuple[NDArray[np.floating], Bools]:
    """Maps `[image, row, column]` and masks `[image or 1, row, column]`, checked to fit.

    Raises:
        DataError: they do not.
    """
    values = np.asarray(maps)
    inside = np.asarray(masks)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
    if inside.dtype != np.bool_:
        raise DataError("A region mask must be boolean", found=f"{inside.dtype}")
    if inside.ndim == 2:
        inside = inside[None]
    fits = values.ndim == 3 and inside.ndim == 3 and inside.shape[1:] == values.shape[1:]
    if not fits or inside.shape[0] not in (1, values.shape[0]):
        raise DataError(
            "The relevance maps and the region masks do not fit",
            wanted="maps [image, row, column] and masks of the same shape, or one mask [row, column]",
            found=f"maps {list(np.shape(maps))}, masks {list(np.shape(masks))}",
        )
    return values, inside


def blocks(images: int, pixels: int) -> Iterator[slice]:
    """Slices over the images that hold about a quarter of a million pixels each."""
    step = max(1, _BLOCK // max(1, pixels))
    return (slice(start, min(start + step, images)) for start in range(0, images, step))


def weigh(maps: NDArray[np.floating], convention: Convention, *, first: int = 0) -> tuple[Floats, Floats]:
    """The weights p of flat maps `[image, pixel]` in float64, and the weight of a pixel without relevance per image.

    Rows without any relevance, or with the same at every pixel, are NaN under `paper`, which divides by the largest,
    and zero otherwise.

    Raises:
        DataError: a map holds a value that is not finite; `first` is the number of the first map, for the message.
    """
    weights = maps.astype(np.float64)
    if convention == "positive":
        np.maximum(weights, 0.0, out=weights)
    elif convention == "absolute":
        np.abs(weights, out=weights)
    # ±inf and NaN of the input reach this sum under every convention but for −inf under `positive`, hence the minimum.
    check = weights.sum(axis=1) + (maps.min(axis=1, initial=0.0) if convention == "positive" else 0.0)
    if not np.isfinite(check).all():
        row = first + int(np.flatnonzero(~np.isfinite(check))[0])
        raise DataError("A relevance map holds a value that is not finite", where=f"map {row} (counted from 0)")
    weights[even(maps)] = 0.0
    if convention != "paper":
        return weights, np.zeros(len(weights))
    largest = np.abs(weights).max(axis=1, initial=0.0)
    half = np.where(largest > 0, 0.5, np.nan)
    return ratio(weights, 2 * largest[:, None]) + half[:, None], half


def even(maps: NDArray[np.floating]) -> Bools:
    """Rows [image, pixel] that are the same number at every pixel, up to rounding.

    >>> even(np.array([[2.0, 2.0], [2.0, 1.0], [0.0, 0.0]]))
    array([ True, False,  True])
    """
    top, bottom = maps.max(axis=1, initial=-np.inf), maps.min(axis=1, initial=np.inf)
    return np.asarray(top - bottom <= EVEN * np.maximum(np.abs(top), np.abs(bottom)), np.bool_)
