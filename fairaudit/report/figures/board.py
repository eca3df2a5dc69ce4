"""Pictures in rows at positions known beforehand: no axes to make and no layout to search for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.style import DPI, INK, literal, new_figure, png

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]

SIDE: Final = 240
"""Pixels of a picture's width."""
GAP: Final = 12
"""Pixels between two pictures."""
TOP: Final = 44
"""Pixels of the heading."""
LINE: Final = 22
"""Pixels of a line of text."""
_LONG: Final = 24
"""Characters of a picture's name, and of a row's until it gets two lines."""


class PictureBoard:
    """A white board; places are pixels from its upper left corner.

    Args:
        width: pixels.
        height: pixels.
        heading: title of the figure.
    """

    def __init__(self, width: int, height: int, heading: str) -> None:
        self._width, self._height = max(width, 2 * SIDE), height
        self._pixels = np.ones((height, self._width, 3))
        self._edges: list[NDArray[np.float64]] = []
        self._figure: Figure = new_figure(self._width / DPI, height / DPI, layout=None)
        self.text(14, 8, literal(heading), size=10, across="left", down="top", weight="bold")

    def picture(self, x: int, y: int, colour: Floats, *, over: Floats | None = None) -> int:
        """Draw an image, one pixel a square of pixels; returns its height.

        Args:
            x: left.
            y: top.
            colour: `[row, column, channel]` in [0, 1], one or three channels; NaN is white.
            over: `[row, column, 4]` laid over it by its opacity.
        """
        height = height_of(colour)
        shown = np.clip(np.nan_to_num(_enlarged(colour, height), nan=1.0), 0, 1)
        if over is not None:
            above = _enlarged(over, height)
            shown = shown + above[..., 3:] * (above[..., :3] - shown)
        self._pixels[y : y + height, x : x + SIDE] = shown
        return height

    def strip(self, x: int, y: int, colour: Floats, *, width: int) -> None:
        """Draw colours `[row, 1, 3]` as a strip, a row of pixels each."""
        self._pixels[y : y + len(colour), x : x + width] = colour

    def outline(self, x: int, y: int, mask: Bools) -> None:
        """Draw the edge of a region on the image at this place."""
        edges = outline(mask)
        scale = np.array([SIDE / mask.shape[1], height_of(mask) / mask.shape[0]])
        placed = edges * scale + (x, y)
        placed[..., 1] = self._height - placed[..., 1]
        self._edges.extend(placed)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 8,
        color: str = INK,
        across: str = "center",
        down: str = "bottom",
        rotation: float = 0,
        weight: str = "normal",
    ) -> None:
        """Write text that is shown as it is.

        Args:
            x: where it is anchored.
            y: where it is anchored.
            text: one or more lines, made literal.
            size: points.
            color: its colour.
            across: left, center or right: which part of it is at x.
            down: top, center or bottom: which part of it is at y.
            rotation: degrees.
            weight: of the font.
        """
        self._figure.text(
            x / self._width, 1 - y / self._height, text, fontsize=size, color=color, ha=across, va=down,
            rotation=rotation, fontweight=weight, linespacing=1.1,
        )  # fmt: skip

    def name(self, x: int, y: int, name: str) -> None:
        """Write a picture's name above it."""
        lines = (line if len(line) <= _LONG else f"{line[: _LONG - 1]}…" for line in name.split("\n"))
        self.text(x + SIDE / 2, y - 4, "\n".join(map(literal, lines)))

    def row(self, x: int, y: int, height: int, name: str) -> None:
        """Write a row's name at its left, upwards."""
        self.text(x - 6, y + height / 2, row_name(name), across="right", down="center", rotation=90)

    def png(self) -> bytes:
        """The figure as PNG."""
        from matplotlib.collections import LineCollection
        from matplotlib.transforms import IdentityTransform

        self._figure.add_artist(_pictures(self._pixels))
        for color, width in (("white", 2.2), ("black", 1.1)):  # seen on dark and on light pictures
            lines = LineCollection(self._edges, colors=color, linewidths=width, capstyle="projecting")
            lines.set_transform(IdentityTransform())
            self._figure.add_artist(lines)
        return png(self._figure)


def height_of(image: NDArray[np.generic]) -> int:
    """Pixels of the height of an image `[row, column, …]` that is as wide as a picture."""
    rows, columns = image.shape[:2]
    return max(1, round(SIDE * int(rows) / int(columns)))


def row_name(name: str) -> str:
    """A row's name, in two lines where it is long."""
    return literal(name).replace(", ", ",\n", 1) if len(name) > _LONG else literal(name)


def margin(names: list[str]) -> int:
    """Pixels at the left that the rows' names need."""
    return 10 + LINE * max((row_name(name).count("\n") + 1 for name in names), default=0)


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


@cache
def _copied() -> type[Artist]:
    """An artist that copies pixels as they are; matplotlib's own would resample them one by one."""
    from matplotlib.artist import Artist

    class CopiedPictures(Artist):
        zorder = 0
        pixels: NDArray[np.float64]

        def draw(self, renderer: RendererBase) -> None:
            shown = np.full((*self.pixels.shape[:2], 4), 255, np.uint8)
            shown[..., :3] = np.round(255 * self.pixels)
            context = renderer.new_gc()
            renderer.draw_image(context, 0, 0, shown[::-1])
            context.restore()

    return CopiedPictures


def _pictures(pixels: NDArray[np.float64]) -> Artist:
    artist = _copied()()
    artist.pixels = pixels  # type: ignore[attr-defined]
    return artist


def _enlarged(image: Floats, height: int) -> NDArray[np.float64]:
    """The image with every pixel as large as the picture makes it, grey as three channels."""
    rows, columns = np.arange(height) * image.shape[0] // height, np.arange(SIDE) * image.shape[1] // SIDE
    shown = np.asarray(image, np.float64)[rows[:, None], columns[None]]
    return np.repeat(shown, 3, axis=-1) if shown.shape[-1] == 1 else shown
