"""Curves per group: reliability of the scores, receiver operating characteristics, precision against recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.style import (
    INK,
    SOFT,
    Margins,
    colors,
    dress,
    literal,
    markers,
    new_figure,
    png,
    title,
    widest,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Values = NDArray[np.float64]
_MOST_BANDS = 6
"""With more groups, bands would hide each other and are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityCurve:
    """One group's scores in bins; NaN where a bin is empty."""

    name: str
    score: Values
    """Mean score of every bin."""
    rate: Values
    """Share of positives in every bin."""
    count: NDArray[np.int64]
    """Images in every bin."""
    low: Values | None = None
    """Lower ends of the rates' intervals."""
    high: Values | None = None
    """Upper ends of the rates' intervals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roc:
    """One group's curve, from (0, 0) to (1, 1)."""

    name: str
    fpr: Values
    tpr: Values
    auc: float | None = None
    """Area below; None where undefined."""
    point: tuple[float, float] | None = None
    """False and true positive rate of the model's decisions."""
    band: tuple[Values, Values, Values] | None = None
    """False positive rates, and at each the lower and the upper end of the true positive rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionRecall:
    """One group's precision at every recall that a threshold gives."""

    name: str
    recall: Values
    precision: Values
    low: Values
    """Lower ends of the precision's intervals."""
    high: Values
    """Upper ends."""


def reliability(groups: Sequence[ReliabilityCurve], *, heading: str) -> bytes:
    """A PNG: share of positives against score, the diagonal is perfect; below, how many images every bin holds.

    Raises:
        ValueError: there is no group.
    """
    if not groups:
        raise ValueError("a reliability diagram needs at least one group")
    figure = new_figure(4.8, 5.2, layout=None)
    title(figure, heading)
    most = str(max(int(group.count.max(initial=0)) for group in groups))
    room = Margins(left=max(0.56, 0.38 + widest([most], 8)), down=0.14).of(figure, rows=2)
    axes, below = figure.subplots(2, 1, height_ratios=(3.4, 1), sharex=True, gridspec_kw=room)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)), label="perfect")
    styles = zip(groups, colors(len(groups)), markers(len(groups)), strict=True)
    for place, (group, color, marker) in enumerate(styles):
        filled = group.count > 0
        label = literal(f"{group.name}  (n {int(group.count.sum()):,})")
        axes.plot(group.score[filled], group.rate[filled], color=color, marker=marker, markersize=5, linewidth=1.4,
                  label=label)  # fmt: skip
        if group.low is not None and group.high is not None:
            aside = 0.006 * (place - (len(groups) - 1) / 2)  # so that intervals of two groups do not hide each other
            places = group.score[filled] + aside
            axes.vlines(places, group.low[filled], group.high[filled], color=color, linewidth=1.2, alpha=0.7)
        _histogram(below, group, place, len(groups), color)
    _unit(axes)
    axes.legend(fontsize=7.5, frameon=False, loc="upper left")
    dress(axes, y_label="share of positives")
    dress(below, x_label="score", y_label="images", grid="y")
    return png(figure)


def roc(groups: Sequence[Roc], *, heading: str) -> bytes:
    """A PNG: true against false positive rate of every group; a large mark is where the model decides.

    Raises:
        ValueError: there is no group.
    """
    if not groups:
        raise ValueError("a ROC figure needs at least one group")
    figure = new_figure(4.8, 4.9, layout=None)
    title(figure, heading)
    axes = figure.subplots(gridspec_kw=Margins(left=0.56).of(figure))
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)), label="chance")
    for group, color, marker in zip(groups, colors(len(groups)), markers(len(groups)), strict=True):
        area = f"AUC {group.auc:.3f}" if group.auc is not None else "AUC not defined"
        axes.plot(group.fpr, group.tpr, color=color, linewidth=1.6, label=literal(f"{group.name}  ({area})"))
        if group.band is not None and len(groups) <= _MOST_BANDS:
            axes.fill_between(*group.band, color=color, alpha=0.13, linewidth=0)
        if group.point is not None:
            axes.plot(*group.point, marker=marker, markersize=8, color=color, markeredgecolor="white", zorder=5)
    _unit(axes)
    axes.set_aspect("equal")
    axes.legend(fontsize=7.5, frameon=False, loc="lower right")
    dress(axes, x_label="false positive rate", y_label="true positive rate")
    return png(figure)


def precision_recall(groups: Sequence[PrecisionRecall], *, heading: str) -> bytes:
    """A PNG: precision against recall of every group, with the intervals of precision as bands.

    Raises:
        ValueError: there is no group.
    """
    if not groups:
        raise ValueError("a precision-recall figure needs at least one group")
    figure = new_figure(4.8, 4.9, layout=None)
    title(figure, heading)
    axes = figure.subplots(gridspec_kw=Margins(left=0.56).of(figure))
    for group, color in zip(groups, colors(len(groups)), strict=True):
        axes.plot(group.recall, group.precision, color=color, linewidth=1.6, label=literal(group.name))
        if len(groups) <= _MOST_BANDS:
            axes.fill_between(group.recall, group.low, group.high, color=color, alpha=0.13, linewidth=0)
    _unit(axes)
    axes.legend(fontsize=7.5, frameon=False, loc="lower left")
    dress(axes, x_label="recall", y_label="precision")
    return png(figure)


def _histogram(axes: Axes, group: ReliabilityCurve, place: int, groups: int, color: str) -> None:
    bins = len(group.count)
    width = 0.84 / (bins * groups)
    lefts = (np.arange(bins) + 0.08) / bins + place * width
    axes.bar(lefts, group.count, width=width, align="edge", color=color, edgecolor=INK, linewidth=0.3)


def _unit(axes: Axes) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
