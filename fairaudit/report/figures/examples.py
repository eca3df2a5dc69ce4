"""Single images side by side, each with what is to be known of it below: the worst images of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.style import INK, literal, new_figure, png, title

_SIDE = 1.5  # inches of one picture
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
    height = _SIDE * images.shape[1] / images.shape[2] + 0.16 * lines + 0.08
    figure = new_figure(max(3.0, 0.2 + _SIDE * across), 0.4 + down * height)
    title(figure, heading)
    places = list(figure.subplots(down, across, squeeze=False).flat)
    for axes in places[len(images) :]:
        axes.axis("off")
    for axes, image, name in zip(places, images, names, strict=False):
        colour = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
        axes.imshow(np.clip(np.nan_to_num(colour, nan=1.0), 0, 1), interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.set_xlabel("\n".join(map(_short, name.split("\n"))), fontsize=7.5, color=INK, labelpad=2)
    return png(figure)


def _short(line: str) -> str:
    """A line of a name; the end of an id tells more than its beginning."""
    return literal(line if len(line) <= _LONGEST else f"…{line[1 - _LONGEST :]}")
