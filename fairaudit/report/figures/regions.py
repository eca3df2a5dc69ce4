"""Figures of regions and relevance: what was measured, mean maps per cell, single images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.ratio import ratio
from fairaudit.report.figures.board import GAP, LINE, SIDE, TOP, PictureBoard, height_of, margin
from fairaudit.report.figures.style import SOFT

if TYPE_CHECKING:
    pass

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]

HEAT = "RdBu_r"
"""Colours of signed relevance."""
_BAR = 104  # pixels of the scale beside mean maps
_ACROSS = 6  # pictures in a row
_SMOOTH = 0.04  # standard deviation, in shorter sides, of the blur that makes speckled mean maps readable
_TOP = 99.5  # percentile of |relevance| that gets the full colour: single hot pixels must not pale the rest


def region_overlay(images: Floats, masks: Bools, *, names: Sequence[str], heading: str) -> bytes:
    """A PNG of images with the region outlined and the rest dimmed: what the region metrics were measured on.

    Args:
        images: `[image, row, column, channel]` in [0, 1], one or three channels.
        masks: True inside the region, `[image, row, column]`.
        names: text above every image.
        heading: title of the figure.

    Raises:
        ValueError: the numbers or sizes of images, masks and names disagree.
    """
    _check(images, masks, names)
    board, places = _board(len(images), images, heading)
    for (x, y), image, mask, name in zip(places, images, masks, names, strict=True):
        board.picture(x, y, np.where(mask[..., None], image, 0.55 * image + 0.35))
        board.name(x, y, name)
        board.outline(x, y, mask)
    return board.png()


def reliance(
    images: Floats,
    maps: Floats,
    masks: Bools,
    *,
    names: Sequence[str],
    heading: str,
    values: Sequence[float] | None = None,
    rows: Sequence[str] = (),
) -> bytes:
    """A PNG of single images under their relevance maps, with the region outlined.

    Every map has its own scale: red is evidence for the explained class, blue against it, strength is opacity.

    Args:
        images: `[image, row, column, channel]` in [0, 1].
        maps: signed relevance `[image, row, column]`.
        masks: True inside the region, `[image, row, column]`.
        names: text above every image.
        heading: title of the figure.
        values: the region metric of every image, written below it.
        rows: names of rows of as many images each, at their left.

    Raises:
        ValueError: the numbers or sizes of images, maps, masks and names disagree.
    """
    _check(images, masks, names)
    if maps.shape != masks.shape:
        raise ValueError(f"maps {maps.shape} and masks {masks.shape} disagree")
    across = math.ceil(len(images) / len(rows)) if rows else min(_ACROSS, len(images))
    board, places = _board(len(images), images, heading, across=across, rows=rows, below=values is not None)
    for number, ((x, y), image, relevance) in enumerate(zip(places, images, maps, strict=True)):
        height = board.picture(x, y, _faded(image), over=_heat(relevance))
        board.name(x, y, names[number])
        board.outline(x, y, masks[number])
        if values is not None:
            board.text(x + SIDE / 2, y + height + 4, f"{values[number]:.2f}", down="top")
        if rows and number % across == 0:
            board.row(x, y, height, rows[number // across])
    return board.png()


def compared_maps(
    images: Floats,
    maps: Floats,
    masks: Bools,
    *,
    rows: Sequence[str],
    names: Sequence[str],
    heading: str,
    values: Floats | None = None,
) -> bytes:
    """A PNG of the same images under several models' maps: a row of images, then a row per model, region outlined.

    Every map has its own scale: red is evidence for the explained class, blue against it, strength is opacity.

    Args:
        images: `[image, row, column, channel]` in [0, 1].
        maps: signed relevance `[model, image, row, column]`.
        masks: True inside the region, `[image, row, column]`; nothing is drawn where it is empty.
        rows: names of the models.
        names: text above every image.
        heading: title of the figure.
        values: the region metric of every map, `[model, image]`, written below it.

    Raises:
        ValueError: the numbers or sizes of images, maps, masks and names disagree.
    """
    _check(images, masks, names)
    if maps.shape != (len(rows), *masks.shape):
        raise ValueError(f"maps {maps.shape} do not fit {len(rows)} models and masks {masks.shape}")
    height, lines = height_of(images[0]), max(name.count("\n") + 1 for name in names)
    left, first = margin(list(rows)), TOP + LINE * lines
    step = height + (LINE if values is not None else 0) + GAP
    board = PictureBoard(left + len(images) * (SIDE + GAP), first + (1 + len(rows)) * step, heading)
    for place, (image, mask, name) in enumerate(zip(images, masks, names, strict=True)):
        x = left + place * (SIDE + GAP)
        board.picture(x, first, image)
        board.name(x, first, name)
        board.outline(x, first, mask)
        for number in range(len(rows)):
            y = first + height + GAP + number * step
            board.picture(x, y, _faded(image), over=_heat(maps[number, place]))
            board.outline(x, y, mask)
            if values is not None:
                board.text(x + SIDE / 2, y + height + 4, f"{values[number, place]:.2f}", down="top")
            if place == 0:
                board.row(x, y, height, rows[number])
    return board.png()


def mean_maps(
    maps: NDArray[np.float64],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    heading: str,
    region: Floats | None = None,
    images: Floats | None = None,
) -> bytes:
    """A PNG of mean relevance maps: a row per attribute × target cell, a column per model, one scale for all.

    Maps averaged over images show what single maps hide: evidence for the class in one cell and against it in another.
    Where evidence for and against alternates from pixel to pixel, as in gradient methods' maps, a blur of 4 % of the
    shorter side shows the balance of the two; the heading then says so.
    Fairness for the Right Reasons, figure 2.

    Args:
        maps: `[row, column, height, width]`; NaN where a cell has no image.
        rows: names of the cells.
        columns: names of the models.
        heading: title of the figure.
        region: share of a row's images whose region covers a pixel, `[height, width]` or `[row, height, width]`; the
            outline is where at least half do.
        images: mean image of every cell, `[row, height, width, channel]`, drawn in front.

    Raises:
        ValueError: the numbers of maps and names disagree.
    """
    if maps.shape[:2] != (len(rows), len(columns)):
        raise ValueError(f"maps {maps.shape} do not fit {len(rows)} rows and {len(columns)} columns")
    shown, blurred = _readable(maps)
    top = strongest(shown)
    cover = None if region is None else np.broadcast_to(region, (len(rows), *maps.shape[2:])) >= 0.5
    height, left, first = height_of(maps[0, 0]), margin(list(rows)), TOP + LINE
    pictures = len(columns) + (images is not None)
    wide, high = left + pictures * (SIDE + GAP) + _BAR, first + len(rows) * (height + GAP)
    board = PictureBoard(wide, high, f"{heading}, blurred" if blurred else heading)
    for line, name in enumerate(rows):
        y = first + line * (height + GAP)
        board.row(left, y, height, name)
        for place in range(pictures):
            x = left + place * (SIDE + GAP)
            values = None if place < pictures - len(columns) else shown[line, place - pictures]
            if values is None and images is not None:
                board.picture(x, y, images[line])
            elif values is not None and np.isnan(values).all():
                board.text(x + SIDE / 2, y + height / 2, "no images", size=7.5, color=SOFT, down="center")
            elif values is not None:
                board.picture(x, y, _colour(values, top))
            if cover is not None:
                board.outline(x, y, cover[line])
            if line == 0:
                board.name(x, y, "mean image" if values is None else columns[place - pictures])
    _scale(board, wide - _BAR, first, high - first - GAP)
    return board.png()


def _check(images: Floats, masks: Bools, names: Sequence[str]) -> None:
    if images.ndim != 4 or images.shape[:3] != masks.shape or len(names) != len(images) or not len(images):
        raise ValueError(f"images {images.shape}, masks {masks.shape} and {len(names)} names disagree")


def _board(
    count: int,
    images: Floats,
    heading: str,
    *,
    across: int | None = None,
    rows: Sequence[str] = (),
    below: bool = False,
) -> tuple[PictureBoard, list[tuple[int, int]]]:
    """A board for so many images in rows, and where each is placed."""
    across = across or min(_ACROSS, count)
    left = margin(list(rows)) if rows else GAP
    step = height_of(images[0]) + LINE + GAP + (LINE if below else 0)
    board = PictureBoard(left + across * (SIDE + GAP), TOP + math.ceil(count / across) * step, heading)
    return board, [
        (left + number % across * (SIDE + GAP), TOP + LINE + number // across * step) for number in range(count)
    ]


def _faded(image: Floats) -> Floats:
    """An image in pale grey, under a map."""
    return np.asarray(0.5 * image.mean(axis=-1, keepdims=True) + 0.45)


def strongest(values: Floats) -> float:
    """The size of relevance that gets the full colour; 1 where there is none."""
    known = np.abs(values[~np.isnan(values)])
    top = float(np.percentile(known, _TOP)) if known.size else 0.0
    return top or float(known.max(initial=0.0)) or 1.0


def _heat(relevance: Floats) -> NDArray[np.float64]:
    """Red for, blue against, opacity by strength: `[row, column, 4]`."""
    from matplotlib import colormaps

    share = np.clip(np.nan_to_num(ratio(relevance, strongest(relevance))), -1, 1)
    colour = np.asarray(colormaps[HEAT](0.5 + 0.5 * np.sign(share) * np.maximum(np.abs(share), 0.5)), np.float64)
    colour[..., 3] = 0.92 * np.abs(share) ** 0.7
    return colour


def _readable(maps: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Maps `[row, column, height, width]`, blurred where most of their relevance cancels between neighbours."""
    from scipy.ndimage import gaussian_filter

    sigma = _SMOOTH * min(maps.shape[2:])
    soft = np.asarray(gaussian_filter(maps, sigma, axes=(2, 3), mode="mirror"), np.float64)
    speckled = bool(np.nansum(np.abs(soft)) < 0.5 * np.nansum(np.abs(maps)))
    return (soft, True) if speckled else (maps, False)


def _colour(values: NDArray[np.float64], top: float) -> NDArray[np.float64]:
    """A map on the scale −top … top as colours `[row, column, 3]`; NaN stays."""
    from matplotlib import colormaps

    found = np.asarray(colormaps[HEAT](np.clip(0.5 + 0.5 * ratio(values, top), 0, 1)), np.float64)[..., :3]
    found[np.isnan(values)] = np.nan
    return found


def _scale(board: PictureBoard, x: int, y: int, height: int) -> None:
    """The colours of the maps, from evidence for the class at the top to evidence against it."""
    tall = round(0.75 * height)
    start = y + (height - tall) // 2
    board.strip(x, start, _colour(np.linspace(1, -1, tall)[:, None], 1.0), width=24)
    for share, text in ((0.0, "for"), (0.5, "0"), (1.0, "against")):
        board.text(x + 32, start + share * tall, text, size=7.5, across="left", down="center")
