"""The spatial part of preprocessing as numbers: one plan per image size, used for the image and for its regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import PreprocessConfig, Shorter
from fairaudit.errors import ImageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle of pixels."""

    top: int
    """First row."""
    left: int
    """First column."""
    height: int
    """Rows."""
    width: int
    """Columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Crop, then pad, then resize, then crop; a step that changes nothing is the whole."""

    original: tuple[int, int]
    """Height and width of the upright original image."""
    crop: Window
    """Part of the original that is kept."""
    padding: tuple[int, int, int, int]
    """Black pixels added left, top, right, bottom."""
    resized: tuple[int, int]
    """Height and width after resizing."""
    final: Window
    """Part of the resized image that is kept."""

    @property
    def output(self) -> tuple[int, int]:
        """Height and width of the model's input."""
        return self.final.height, self.final.width

    def points(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points [k, 2] (x, y) in pixels of the original, as pixels of the output.

        Pixel i spans i to i + 1. x' = (x − crop.left + padding.left) · resized width / padded width − final.left.
        """
        left, top, right, bottom = self.padding
        padded = [self.crop.width + left + right, self.crop.height + top + bottom]
        moved = xy - [self.crop.left, self.crop.top] + [left, top]
        # First times, then through: so a whole pixel that lands on a pixel's centre does so exactly.
        scaled = moved * self.resized[::-1] / padded
        return np.asarray(scaled - [self.final.left, self.final.top], np.float64)


def plan(size: tuple[int, int], config: PreprocessConfig) -> Geometry:
    """The geometry for an original image of the given height and width.

    Centres and rounding are those of torchvision's CenterCrop and Resize, with which most models are trained.

    Raises:
        ImageError: the image is smaller than the crop.
    """
    height, width = size
    crop = Window(top=0, left=0, height=height, width=width)
    if isinstance(config.resize, Shorter) and config.size is not None:
        resized = shorter_side(size, config.resize.shorter)
        final = centre(resized, config.size)
        return Geometry(original=size, crop=crop, padding=(0, 0, 0, 0), resized=resized, final=final)
    if config.crop is not None:
        if config.crop[0] > height or config.crop[1] > width:
            raise ImageError(
                "The image is smaller than the crop",
                wanted=f"at least {config.crop[1]} x {config.crop[0]}",
                found=f"{width} x {height}",
            )
        crop = centre(size, config.crop)
    kept = (crop.height, crop.width)
    wanted = config.size or kept
    padding = _padding(kept, wanted) if config.resize == "pad" else (0, 0, 0, 0)
    resized = _covering(kept, wanted) if config.resize == "shorter" else wanted
    return Geometry(original=size, crop=crop, padding=padding, resized=resized, final=centre(resized, wanted))


def shorter_side(size: tuple[int, int], length: int) -> tuple[int, int]:
    """The size with the shorter side of a length and the other cut to whole pixels, as torchvision's Resize(length).

    >>> shorter_side((300, 400), 256)
    (256, 341)
    """
    height, width = size
    if height <= width:
        return length, max(1, int(length * width / height))
    return max(1, int(length * height / width)), length


def centre(size: tuple[int, int], window: tuple[int, int]) -> Window:
    """The window in the middle; half pixels are rounded to even, as torchvision does.

    >>> centre((218, 178), (178, 178))
    Window(top=20, left=0, height=178, width=178)
    """
    top, left = round((size[0] - window[0]) / 2), round((size[1] - window[1]) / 2)
    return Window(top=top, left=left, height=window[0], width=window[1])


def _covering(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """The smallest size of the same aspect ratio that covers the wanted one, cut to whole pixels."""
    (height, width), (rows, columns) = size, wanted
    if rows * width >= columns * height:
        return rows, max(columns, int(rows * width / height))
    return max(rows, int(columns * height / width)), columns


def _padding(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int, int, int]:
    """Pixels left, top, right, bottom that give the image the wanted aspect ratio; an odd one goes right or below."""
    (height, width), (rows, columns) = size, wanted
    if rows * width >= columns * height:
        extra = max(0, round(width * rows / columns) - height)
        return 0, extra // 2, 0, extra - extra // 2
    extra = max(0, round(height * columns / rows) - width)
    return extra // 2, 0, extra - extra // 2, 0
