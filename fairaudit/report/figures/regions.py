"""Figures of regions and relevance: what was measured, mean maps per cell, single images, windows that were found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.ratio import ratio
from fairaudit.report.figures.style import INK, SOFT, literal, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
Box = tuple[float, float, float, float]

_HEAT = "RdBu_r"
_SIDE = 1.5  # inches of one picture
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
    figure, places = _board(len(images), images.shape[1:3], heading)
    for axes, image, mask, name in zip(places, images, masks, names, strict=False):
        _picture(axes, np.where(mask[..., None], image, 0.55 * image + 0.35), name)
        _outline(axes, mask)
    return png(figure)


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
    figure, places = _board(len(images), images.shape[1:3], heading, across=across)
    for number, (axes, image, relevance) in enumerate(zip(places, images, maps, strict=False)):
        grey = image.mean(axis=-1, keepdims=True)
        _picture(axes, np.repeat(0.5 * grey + 0.45, 3, axis=-1), names[number])
        axes.imshow(_heat(relevance), extent=_extent(relevance), interpolation="nearest")
        _outline(axes, masks[number])
        if values is not None:
            axes.set_xlabel(f"{values[number]:.2f}", fontsize=8, color=INK, labelpad=2)
    for name, axes in zip(rows, places[::across], strict=False):
        axes.set_ylabel(literal(name), fontsize=8, color=INK)
    return png(figure)


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
    height = _SIDE * images.shape[1] / images.shape[2]
    lines = 0.17 * max(name.count("\n") for name in names)
    figure = new_figure(1.1 + _SIDE * len(images), 0.7 + lines + (height + 0.22) * (1 + len(rows)))
    title(figure, heading)
    grid = figure.subplots(1 + len(rows), len(images), squeeze=False)
    for axes, image, mask, name in zip(grid[0], images, masks, names, strict=True):
        _picture(axes, image, "")
        axes.set_title("\n".join(literal(line) for line in name.split("\n")), fontsize=8, color=INK, pad=3)
        _outline(axes, mask)
    for number, line in enumerate(grid[1:]):
        for place, (axes, image, mask) in enumerate(zip(line, images, masks, strict=True)):
            grey = image.mean(axis=-1, keepdims=True)
            _picture(axes, np.repeat(0.5 * grey + 0.45, 3, axis=-1), "")
            axes.imshow(_heat(maps[number, place]), extent=_extent(image), interpolation="nearest")
            _outline(axes, mask)
            if values is not None:
                axes.set_xlabel(f"{values[number, place]:.2f}", fontsize=8, color=INK, labelpad=2)
        line[0].set_ylabel(literal(rows[number]), fontsize=8, color=INK)
    return png(figure)


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
    before = 0 if images is None else 1
    height = _SIDE * maps.shape[2] / maps.shape[3]
    figure = new_figure(1.5 + _SIDE * (before + len(columns)), 0.85 + (height + 0.1) * len(rows))
    shown, blurred = _readable(maps)
    title(figure, f"{heading}, blurred" if blurred else heading)
    grid = figure.subplots(len(rows), before + len(columns), squeeze=False)
    top = _strongest(shown)
    cover = None if region is None else np.broadcast_to(region, (len(rows), *maps.shape[2:]))
    for line, name in enumerate(rows):
        if images is not None:
            _picture(grid[line, 0], images[line], "mean image" if line == 0 else "")
        for place, column in enumerate(columns):
            axes = grid[line, before + place]
            _map(axes, shown[line, place], top, column if line == 0 else "")
        for axes in grid[line]:
            if cover is not None:
                _outline(axes, cover[line] >= 0.5)
        grid[line, 0].set_ylabel(literal(name), fontsize=8, color=INK)
    _scale(figure, grid, top)
    return png(figure)


def found_windows(
    background: NDArray[np.float64],
    boxes: Sequence[Box],
    *,
    labels: Sequence[str],
    heading: str,
    image: Floats | None = None,
    faint: Sequence[bool] | None = None,
    signed: bool = True,
) -> bytes:
    """A PNG of the windows where relevance differs, numbered, over the difference and over the mean image.

    Args:
        background: difference of relevance `[row, column]` on any grid.
        boxes: x0, y0, x1, y1 as shares of width and height, best first.
        labels: one line per window.
        heading: title of the figure.
        image: mean image `[height, width, channel]` in [0, 1].
        faint: per window, whether it is drawn dashed, as one that does not count.
        signed: whether the background has a sign; a spread has none.

    Raises:
        ValueError: the numbers of boxes and labels disagree.
    """
    if len(boxes) != len(labels) or (faint is not None and len(faint) != len(boxes)):
        raise ValueError(f"{len(boxes)} boxes but {len(labels)} labels")
    panels = 1 if image is None else 2
    lines = max(1, len(labels))
    height, width = background.shape if image is None else image.shape[:2]
    figure = new_figure(0.4 + 2.6 * panels, 0.75 + 2.5 * height / width + 0.19 * lines)
    title(figure, heading)
    grid = figure.subplots(1, panels, squeeze=False)[0]
    top = _strongest(background)
    _map(grid[-1], background, top, "difference of relevance" if signed else "spread of relevance")
    if image is not None:
        _picture(grid[0], image, "mean image")
    for axes in grid:
        for number, box in reversed(list(enumerate(boxes))):  # the best on top
            _window(axes, box, str(number + 1), faint=bool(faint and faint[number]))
    notes = [literal(f"{number + 1}  {text}") for number, text in enumerate(labels)] or ["nothing was found"]
    figure.supxlabel("\n".join(notes), fontsize=8, color=INK, x=0.02, ha="left")
    return png(figure)


def outline(mask: Bools) -> NDArray[np.float64]:
    """Edges between inside and outside along pixel borders, `[edge, 2, 2]` as (x, y) pairs in pixels.

    The edge of the image counts as outside, so a region that is cut off is still closed.

    >>> len(outline(np.array([[True, True], [False, False]])))
    6
    """
    padded = np.pad(mask, 1)
    y, x = np.nonzero(padded[1:, 1:-1] != padded[:-1, 1:-1])
    flat = np.stack([np.stack([x, y], axis=1), np.stack([x + 1, y], axis=1)], axis=1)
    y, x = np.nonzero(padded[1:-1, 1:] != padded[1:-1, :-1])
    steep = np.stack([np.stack([x, y], axis=1), np.stack([x, y + 1], axis=1)], axis=1)
    return np.concatenate([flat, steep]).astype(np.float64)


def _check(images: Floats, masks: Bools, names: Sequence[str]) -> None:
    if images.ndim != 4 or images.shape[:3] != masks.shape or len(names) != len(images) or not len(images):
        raise ValueError(f"images {images.shape}, masks {masks.shape} and {len(names)} names disagree")


def _board(count: int, size: tuple[int, ...], heading: str, *, across: int | None = None) -> tuple[Figure, list[Axes]]:
    across = across or min(_ACROSS, count)
    down = math.ceil(count / across)
    figure = new_figure(max(3.0, 0.2 + _SIDE * across), 0.4 + down * (_SIDE * size[0] / size[1] + 0.34))
    title(figure, heading)
    places: list[Axes] = list(figure.subplots(down, across, squeeze=False).flat)
    for axes in places[count:]:
        axes.axis("off")
    return figure, places


def _picture(axes: Axes, image: Floats, name: str) -> None:
    colour = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
    axes.imshow(np.clip(np.nan_to_num(colour, nan=1.0), 0, 1), extent=_extent(colour), interpolation="nearest")
    _bare(axes, name)


def _map(axes: Axes, values: NDArray[np.float64], top: float, name: str) -> None:
    if np.isnan(values).all():
        axes.set_xlim(0, values.shape[1])
        axes.set_ylim(values.shape[0], 0)
        axes.set_aspect("equal")
        axes.text(0.5, 0.5, "no images", transform=axes.transAxes, ha="center", va="center", fontsize=7.5, color=SOFT)
    else:
        axes.imshow(values, cmap=_HEAT, vmin=-top, vmax=top, extent=_extent(values), interpolation="nearest")
    _bare(axes, name)


def _bare(axes: Axes, name: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(literal(name if len(name) <= 24 else name[:23] + "…"), fontsize=8, color=INK, pad=3)


def _extent(values: Floats) -> Box:
    return 0, values.shape[1], values.shape[0], 0


def _outline(axes: Axes, mask: Bools) -> None:
    from matplotlib.collections import LineCollection

    for color, width in (("white", 2.2), ("black", 1.1)):  # seen on dark and on light pictures
        axes.add_collection(LineCollection(list(outline(mask)), colors=color, linewidths=width, capstyle="projecting"))


def _window(axes: Axes, box: Box, name: str, *, faint: bool) -> None:
    from matplotlib.patches import Rectangle

    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    x0, x1 = (left + share * (right - left) for share in (box[0], box[2]))
    y0, y1 = (top + share * (bottom - top) for share in (box[1], box[3]))
    for color, width in (("white", 1.8 if faint else 2.6), ("black", 0.8 if faint else 1.3)):
        style = (0, (3, 2)) if faint and color == "black" else "solid"
        frame = Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor=color, linewidth=width, linestyle=style)
        axes.add_patch(frame)
    dark = SOFT if faint else "black"
    badge = {"boxstyle": "round,pad=0.15", "facecolor": dark, "edgecolor": "white", "linewidth": 0.6}
    axes.text(x0, y0, name, fontsize=7, color="white", ha="left", va="top", bbox=badge)


def _strongest(values: Floats) -> float:
    known = np.abs(values[~np.isnan(values)])
    top = float(np.percentile(known, _TOP)) if known.size else 0.0
    return top or float(known.max(initial=0.0)) or 1.0


def _heat(relevance: Floats) -> NDArray[np.float64]:
    """Red for, blue against, opacity by strength: `[row, column, 4]`."""
    from matplotlib import colormaps

    share = np.clip(np.nan_to_num(ratio(relevance, _strongest(relevance))), -1, 1)
    colour = np.asarray(colormaps[_HEAT](0.5 + 0.5 * np.sign(share) * np.maximum(np.abs(share), 0.5)), np.float64)
    colour[..., 3] = 0.92 * np.abs(share) ** 0.7
    return colour


def _readable(maps: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
    """Maps `[row, column, height, width]`, blurred where most of their relevance cancels between neighbours."""
    from scipy.ndimage import gaussian_filter

    sigma = _SMOOTH * min(maps.shape[2:])
    soft = np.asarray(gaussian_filter(maps, sigma, axes=(2, 3), mode="mirror"), np.float64)
    speckled = bool(np.nansum(np.abs(soft)) < 0.5 * np.nansum(np.abs(maps)))
    return (soft, True) if speckled else (maps, False)


def _scale(figure: Figure, grid: NDArray[np.object_], top: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    bar = figure.colorbar(
        ScalarMappable(Normalize(-top, top), _HEAT),
        ax=grid.ravel().tolist(),
        location="right",
        shrink=0.75,
        aspect=28,
        pad=0.02,
    )
    bar.set_ticks([-top, 0, top], labels=["against", "0", "for"])
    bar.ax.tick_params(labelsize=7.5, length=0, colors=INK)
    bar.outline.set_visible(False)
