"""Single images side by side, each with a caption below: the worst images of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.board import GAP, LINE, SIDE, TOP, PictureBoard, height_of
from fairaudit.report.figures.style import literal

_ACROSS = 6  # pictures in a row
_LONGEST = 22  # characters of a line below a picture


def examples(images: NDArray[np.floating], *, names: Sequence[str], heading: str) -> bytes:
    """A PNG of images in rows of six.

    Args:
        images: `[image, row, column, channel]` in [0, 1], one or three channels.
        names: text below every image, such as its id; it may have several lines.
        heading: title of the figure.

    Raises:
        ValueError: there is no image, or the numbers of images and names disagree.
    """
    if images.ndim != 4 or not len(images) or len(names) != len(images):
        raise ValueError(f"images {images.shape} and {len(names)} names disagree")
    across = min(_ACROSS, len(images))
    down, lines = math.ceil(len(images) / across), max(name.count("\n") + 1 for name in names)
    height = height_of(images[0])
    step = height + LINE * lines + 2 * GAP
    board = PictureBoard(2 * GAP + across * (SIDE + GAP), TOP + down * step, heading)
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        x, y = GAP + number % across * (SIDE + GAP), TOP + number // across * step
        board.picture(x, y, image)
        text = "\n".join(map(_short, name.split("\n")))
        board.text(x + SIDE / 2, y + height + 5, text, size=7.5, down="top")
    return board.png()


def _short(line: str) -> str:
    """A line of a name; the end of an id tells more than its beginning."""
    return literal(line if len(line) <= _LONGEST else f"…{line[1 - _LONGEST :]}")
