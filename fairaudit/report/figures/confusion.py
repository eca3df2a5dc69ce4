"""Confusion matrices of all groups side by side, on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.ratio import ratio
from fairaudit.report.figures.style import INK, SOFT, Margins, literal, new_figure, png, title, widest

Counts = NDArray[np.int64] | NDArray[np.float64]

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ACROSS = 4
_MOST_WITH_TEXT = 12
_NAMES = 7.5
"""Size of the names of the classes, in points."""
_TITLE = 8.5
"""Size of the names of the groups, in points."""


def confusion(
    counts: Counts, *, groups: Sequence[str], classes: Sequence[str], heading: str, target: str = "target"
) -> bytes:
    """A PNG with one matrix per group: rows are true values, shading is the share of the row, so rates are compared.

    Args:
        counts: images per [group, true, predicted], or float64 sums of their weights.
        groups: name of every group.
        classes: name of every target value.
        heading: title of the figure.
        target: name of the label.

    Raises:
        ValueError: names and counts disagree.
    """
    if counts.shape != (len(groups), len(classes), len(classes)):
        raise ValueError(f"counts {counts.shape} do not fit {len(groups)} groups and {len(classes)} classes")
    columns = min(_ACROSS, len(groups))
    lines = math.ceil(len(groups) / columns)
    names = [literal(text if len(text) <= 12 else text[:11] + "…") for text in classes]
    what = "n" if np.issubdtype(counts.dtype, np.integer) else "weight"
    over = [literal(f"{name}  ({what} {_amount(table.sum())})") for name, table in zip(groups, counts, strict=True)]
    turned = max(map(len, names)) > 6
    room, side, titles = _room(names, turned=turned), 1.4 if len(classes) <= 4 else 1.95, widest(over, _TITLE)
    wide = max(side, titles + 0.1 - room.across)  # titles are centred and reach into the gaps
    room = replace(room, right=max(room.right, (titles - wide) / 2 + 0.06))
    size = room.size(wide, side, rows=lines, columns=columns)
    figure = new_figure(*size, layout=None)
    title(figure, heading)
    grid = figure.subplots(lines, columns, squeeze=False, gridspec_kw=room.of(figure, rows=lines, columns=columns))
    for place, axes in enumerate(grid.flat):
        if place < len(groups):
            axes.set_title(over[place], fontsize=_TITLE, color=INK)
            _matrix(axes, counts[place], names, turned=turned)
        else:
            axes.axis("off")
    figure.supxlabel("decided", fontsize=8.5, color=INK, y=0.05 / size[1])
    figure.supylabel(literal(f"true {target}"), fontsize=8.5, color=INK, x=0.05 / size[0])
    return png(figure)


def _room(names: Sequence[str], *, turned: bool) -> Margins:
    """Margins that hold the names of the classes beside and below every matrix."""
    beside = widest(names, _NAMES) + 0.1
    below = 0.6 * beside + 0.12 if turned else 0.2  # sin 35° of the width, and the height of the turned text
    return Margins(left=0.26 + beside, bottom=0.24 + below, top=0.54, across=0.14 + beside, down=0.28 + below)


def _matrix(axes: Axes, counts: Counts, names: Sequence[str], *, turned: bool) -> None:
    shares = ratio(counts, counts.sum(axis=1, keepdims=True))
    axes.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0.0, vmax=1.15, aspect="equal")
    places = range(len(names))
    axes.set_xticks(places, names, fontsize=_NAMES, rotation=35 if turned else 0)
    axes.set_yticks(places, names, fontsize=_NAMES)
    axes.tick_params(length=0, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(names) > _MOST_WITH_TEXT:
        return
    for true in places:
        for decided in places:
            _entry(axes, true, decided, float(counts[true, decided]), float(shares[true, decided]), len(names))


def _entry(axes: Axes, true: int, decided: int, count: float, share: float, classes: int) -> None:
    if math.isnan(share):
        if decided == 0:
            axes.text((classes - 1) / 2, true, "no images", ha="center", va="center", fontsize=7, color=SOFT)
        return
    color = "white" if share > 0.6 else INK
    large = classes <= 4
    axes.text(decided, true - (0.12 if large else 0), f"{100 * share:.0f} %" if large else f"{100 * share:.0f}",
              ha="center", va="center", fontsize=8.5 if large else 6, color=color)  # fmt: skip
    if large:
        axes.text(decided, true + 0.22, _amount(count), ha="center", va="center", fontsize=6.5, color=color)


def _amount(value: float) -> str:
    """A count as it is, a sum of weights with three digits."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
