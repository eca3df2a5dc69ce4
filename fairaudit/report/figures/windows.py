"""The windows where relevance differs, over the difference and over the mean image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.regions import HEAT, Box, Floats, strongest
from fairaudit.report.figures.style import INK, SOFT, literal, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    top = strongest(background)
    _map(grid[-1], background, top, "difference of relevance" if signed else "spread of relevance")
    if image is not None:
        _picture(grid[0], image, "mean image")
    for axes in grid:
        for number, box in reversed(list(enumerate(boxes))):  # the best on top
            _window(axes, box, str(number + 1), faint=bool(faint and faint[number]))
    notes = [literal(f"{number + 1}  {text}") for number, text in enumerate(labels)] or ["nothing was found"]
    figure.supxlabel("\n".join(notes), fontsize=8, color=INK, x=0.02, ha="left")
    return png(figure)


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
        axes.imshow(values, cmap=HEAT, vmin=-top, vmax=top, extent=_extent(values), interpolation="nearest")
    _bare(axes, name)


def _bare(axes: Axes, name: str) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(literal(name if len(name) <= 24 else name[:23] + "…"), fontsize=8, color=INK, pad=3)


def _extent(values: Floats) -> Box:
    return 0, values.shape[1], values.shape[0], 0


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
