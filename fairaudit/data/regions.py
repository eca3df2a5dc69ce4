"""Named regions as masks at the model's input size, moved by the same geometry as the image.

Coordinates are those of the upright original image (after EXIF rotation), x to the right and y down, pixel i spanning
i to i + 1. What a crop cuts off the image it cuts off the region. A shape may stick out of the image by one pixel
(rounding); more is an error, because it is nearly always a wrong unit or a wrong order of columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fairaudit.config.references import region_order
from fairaudit.config.schema import RegionConfig
from fairaudit.data.decode import open_image
from fairaudit.data.geometry import Geometry
from fairaudit.data.manifest import Manifest
from fairaudit.data.paths import fill, inside
from fairaudit.data.preprocess import transform_mask
from fairaudit.data.shapes import box_mask, polygon_mask
from fairaudit.data.source import unknown_mask
from fairaudit.errors import ImageError, RegionError

TOLERANCE = 1.0
"""Pixels of the original by which a shape may stick out of the image."""
_CACHED_SIZES = 64

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]


class RegionDrawer:
    """Draws all regions of a row.

    Args:
        regions: regions by name.
        manifest: rows with the columns that regions need.

    Raises:
        ConfigError: regions name missing regions or each other.
        RegionError: a region asks for a mask that the images do not come with.
    """

    def __init__(self, regions: Mapping[str, RegionConfig], manifest: Manifest) -> None:
        self.names = tuple(regions)
        self._regions = dict(regions)
        self._order = region_order(regions)
        self._manifest = manifest
        for config in regions.values():
            name = (config.mask or "").removeprefix("@")
            if (config.mask or "").startswith("@") and name not in manifest.source.mask_names:
                raise unknown_mask(name, manifest.source.mask_names)
        self._fixed: dict[tuple[str, Geometry], Mask] = {}

    def draw(self, row: int, geometry: Geometry) -> dict[str, Mask]:
        """Name → mask [h, w] of the output; all False where the row has no such region.

        Raises:
                RegionError: a box or polygon that all images share is outside the image or turned around.
            ImageError: the row's own coordinates or mask cannot be used; the row is excluded.
        """
        masks: dict[str, Mask] = {}
        for name in self._order:
            config = self._regions[name]
            if config.union is not None:
                masks[name] = np.logical_or.reduce([masks[other] for other in config.union])
            elif config.complement is not None:
                masks[name] = ~masks[config.complement]
            elif config.box is not None or config.polygon is not None:
                masks[name] = self._fixed_shape(name, config, row, geometry)
            else:
                masks[name] = self._of_row(name, config, row, geometry)
        return {name: masks[name] for name in self.names}

    def _of_row(self, name: str, config: RegionConfig, row: int, geometry: Geometry) -> Mask:
        """A region that the row itself gives: what is wrong with it excludes this row and stops no run."""
        try:
            if config.mask is not None:
                return self._from_mask(name, config.mask, row, geometry)
            return self._from_columns(name, config, row, geometry)
        except RegionError as error:
            raise ImageError(
                error.problem, wanted=error.wanted, found=error.found, where=error.where, advice=error.advice
            ) from error

    def _fixed_shape(self, name: str, config: RegionConfig, row: int, geometry: Geometry) -> Mask:
        key = (name, geometry)
        mask = self._fixed.get(key)
        if mask is None:
            place = self._place(name, row, geometry)
            if config.box is not None:
                mask = _box(_pixels(_formed(_corners(config.box), config), config, geometry), geometry, place)
            else:
                points = _pixels(np.asarray(config.polygon, np.float64), config, geometry)
                mask = _polygon(points, geometry, place)
            if len(self._fixed) < _CACHED_SIZES * len(self.names):
                self._fixed[key] = mask
        return mask

    def _from_columns(self, name: str, config: RegionConfig, row: int, geometry: Geometry) -> Mask:
        columns = self._manifest.region_columns
        places = [config.columns[:2], config.columns[2:]] if config.columns else (config.landmarks or [])
        points = np.asarray([[columns[x][row], columns[y][row]] for x, y in places], np.float64)
        place = self._place(name, row, geometry)
        if np.isnan(points).all():
            return np.zeros(geometry.output, bool)
        if np.isnan(points).any():
            raise RegionError(
                "Some coordinates of a region are empty and some are not",
                where=place,
                advice="Fill all of them, or leave all empty for a row without this region.",
            )
        points = _pixels(_formed(points, config) if config.columns else points, config, geometry)
        if config.columns:
            return _box(points, geometry, place)
        return _landmarks(points, config.margin, geometry, place)

    def _from_mask(self, name: str, pattern: str, row: int, geometry: Geometry) -> Mask:
        place = self._place(name, row, geometry)
        if pattern.startswith("@"):
            mask = self._manifest.source.mask(row, pattern[1:])
        else:
            values = {column: texts[row] for column, texts in self._manifest.text_columns.items()}
            path = mask_path(pattern, values)
            if path is None:
                return np.zeros(geometry.output, bool)
            folder = self._manifest.folder
            mask = _mask_file(folder, inside(folder, path, where=place), place)
        if mask.shape != geometry.original:
            raise RegionError(
                "A mask has another size than its image",
                wanted=f"{geometry.original[1]} x {geometry.original[0]}",
                found=f"{mask.shape[1]} x {mask.shape[0]}",
                where=place,
                advice="Masks have the size of the upright original image.",
            )
        return transform_mask(mask, geometry)

    def _place(self, name: str, row: int, geometry: Geometry) -> str:
        height, width = geometry.original
        return f'region "{name}", row "{self._manifest.ids[row]}", image of {width} x {height} pixels'


def mask_path(pattern: str, values: Mapping[str, str]) -> str | None:
    """The mask's path for a row, or None if one of the pattern's columns is empty there."""
    needed = {name: text for name, text in values.items() if f"{{{name}}}" in pattern}
    return fill(pattern, needed) if all(needed.values()) else None


def read_mask(image: Image.Image) -> Mask:
    """Inside where the brightest channel is above half; an image of only 0 and 1 is taken as such."""
    pixels = np.asarray(image)
    bright = pixels.max(axis=2) if pixels.ndim == 3 else pixels
    return np.asarray(bright > (0 if bright.max() == 1 else 127))


def _mask_file(folder: Path, relative: str, place: str) -> Mask:
    try:
        return read_mask(open_image(folder / relative))
    except ImageError as error:
        raise ImageError(
            f"The mask of a region cannot be used: {error.problem}", found=relative, where=place
        ) from error


def _corners(box: tuple[float, float, float, float]) -> Points:
    return np.asarray(box, np.float64).reshape(2, 2)


def _formed(points: Points, config: RegionConfig) -> Points:
    """Corners of a box that is given as two corners, or as a corner with width and height."""
    return np.stack([points[0], points[0] + points[1]]) if config.form == "xywh" else points


def _pixels(points: Points, config: RegionConfig, geometry: Geometry) -> Points:
    height, width = geometry.original
    return points * [width, height] if config.units == "fraction" else points


def _box(points: Points, geometry: Geometry, place: str) -> Mask:
    (x0, y0), (x1, y1) = points
    if x1 <= x0 or y1 <= y0:
        raise RegionError(
            "A box has no area",
            wanted="x0 < x1 and y0 < y1",
            found=f"x0, y0, x1, y1 = {_numbers(points)} pixels",
            where=place,
        )
    _check_inside(points, geometry, place)
    return _seen(box_mask(geometry.points(points).reshape(4), geometry.output), geometry)


def _polygon(points: Points, geometry: Geometry, place: str) -> Mask:
    if len(points) < 3:
        raise RegionError("A polygon needs at least three corners", found=str(len(points)), where=place)
    _check_inside(points, geometry, place)
    return _seen(polygon_mask(geometry.points(points), geometry.output), geometry)


def _landmarks(points: Points, margin: float, geometry: Geometry, place: str) -> Mask:
    _check_inside(points, geometry, place)
    low, high = points.min(axis=0), points.max(axis=0)
    if (high <= low).any():
        raise RegionError("The landmarks of a region lie on one line along an axis, which has no area", where=place)
    grown = np.stack([low - margin * (high - low), high + margin * (high - low)])
    if (grown[1] <= grown[0]).any():
        raise RegionError("The margin of a region leaves no area", found=str(margin), where=place)
    return _seen(box_mask(geometry.points(grown).reshape(4), geometry.output), geometry)


def _seen(mask: Mask, geometry: Geometry) -> Mask:
    """The mask without the padding, into which a shape that the crop has cut would reach."""
    if not any(geometry.padding):
        return mask
    crop = geometry.crop
    corners = np.array([[crop.left, crop.top], [crop.left + crop.width, crop.top + crop.height]], np.float64)
    return mask & box_mask(geometry.points(corners).reshape(4), geometry.output)


def _check_inside(points: Points, geometry: Geometry, place: str) -> None:
    height, width = geometry.original
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.array([width, height], np.float64)
    if (low < -TOLERANCE).any() or (high > size + TOLERANCE).any() or (low >= size).any() or (high <= 0).any():
        raise RegionError(
            "A region reaches outside the image",
            wanted=f"x from 0 to {width}, y from 0 to {height} pixels",
            found=f"x, y = {_numbers(points)} pixels",
            where=place,
            advice="Check the units (fraction or pixel) and the order x0, y0, x1, y1.",
        )


def _numbers(points: Points) -> str:
    return ", ".join(f"{number:g}" for number in points.ravel().tolist())
