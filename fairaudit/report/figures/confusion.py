"""Confusion matrices of all groups side by side, on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.ratio import ratio
from fairaudit.report.figures.style import INK, SOFT, literal, new_figure, png, title

Counts = NDArray[np.int64] | NDArray[np.float64]

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ACROSS = 4
_MOST_WITH_TEXT = 12


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
    side = 1.55 if len(classes) <= 4 else 2.1
    figure = new_figure(0.7 + columns * side, 0.75 + lines * (side + 0.12))
    title(figure, heading)
    grid = figure.subplots(lines, columns, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place < len(groups):
            _matrix(axes, counts[place], classes, name=groups[place])
        else:
            axes.axis("off")
    figure.supxlabel("decided", fontsize=8.5, color=INK)
    figure.supylabel(literal(f"true {target}"), fontsize=8.5, color=INK)
    return png(figure)


def _matrix(axes: Axes, counts: Counts, classes: Sequence[str], *, name: str) -> None:
    shares = ratio(counts, counts.sum(axis=1, keepdims=True))
    axes.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0.0, vmax=1.15, aspect="equal")
    what = "n" if np.issubdtype(counts.dtype, np.integer) else "weight"
    axes.set_title(literal(f"{name}  ({what} {_amount(counts.sum())})"), fontsize=8.5, color=INK)
    places = range(len(classes))
    names = [literal(text if len(text) <= 12 else text[:11] + "…") for text in classes]
    axes.set_xticks(places, names, fontsize=7.5, rotation=0 if max(map(len, names)) <= 6 else 35)
    axes.set_yticks(places, names, fontsize=7.5)
    axes.tick_params(length=0, colors=INK)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(classes) > _MOST_WITH_TEXT:
        return
    for true in places:
        for decided in places:
            _entry(axes, true, decided, float(counts[true, decided]), float(shares[true, decided]), len(classes))


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
