"""What other thresholds would do, and how scores are distributed: figures per group of a binary decision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.style import INK, SOFT, Margins, colors, dress, literal, markers, new_figure, png, title

Values = NDArray[np.float64]
_ACROSS = 3
"""Entries of a legend beside each other."""
_LEGEND_LINE = 0.16
"""Height of a line of a legend, in inches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """One group's scores in bins of equal width over [0, 1]."""

    name: str
    negative: NDArray[np.int64]
    """Rows per bin whose truth is negative."""
    positive: NDArray[np.int64]
    """Rows per bin whose truth is positive."""


def sweep(
    thresholds: Values, accuracy: Values, gaps: Mapping[str, Values], *, heading: str, used: float | None = None
) -> bytes:
    """A PNG: left, accuracy and disparities at every threshold; right, the least disparity at an accuracy or better.

    On the right every threshold is a dot, and the line joins those that no other beats in both (the Pareto front).

    Args:
        thresholds: [threshold], rising.
        accuracy: [threshold].
        gaps: name → [threshold]; NaN is not drawn.
        heading: title of the figure.
        used: the threshold that decides now; marked.

    Raises:
        ValueError: there is no disparity, or lengths differ.
    """
    if not gaps or any(len(gap) != len(thresholds) for gap in gaps.values()) or len(accuracy) != len(thresholds):
        raise ValueError("a sweep needs a disparity, and everything at every threshold")
    figure = new_figure(8.6, 4.1, layout=None)
    title(figure, heading)
    entries = 1 + len(gaps) + (used is not None)
    room = Margins(left=0.4, bottom=0.55 + _LEGEND_LINE * math.ceil(entries / _ACROSS), across=0.75)
    left, right = figure.subplots(1, 2, gridspec_kw=room.of(figure, columns=2))
    left.plot(thresholds, accuracy, color=INK, linewidth=1.6, linestyle=(0, (4, 2)), label="accuracy")
    place = None if used is None else int(np.abs(thresholds - used).argmin())
    for (name, gap), color, marker in zip(gaps.items(), colors(len(gaps)), markers(len(gaps)), strict=True):
        # Widest first, so that curves that run together stay visible.
        wide = 2.6 if name == next(iter(gaps)) else 1.4
        left.plot(thresholds, gap, color=color, linewidth=wide, label=literal(name))
        right.scatter(accuracy, gap, s=6, color=color, alpha=0.3, linewidths=0)
        right.plot(*front(accuracy, gap), color=color, linewidth=wide, drawstyle="steps-pre")
        if place is not None:
            right.plot(
                accuracy[place], gap[place], marker, color=color, markersize=7, markeredgecolor="white", zorder=5
            )
    if used is not None:
        left.axvline(used, color=SOFT, linewidth=1.0, linestyle=(0, (1, 2)), label="decides now")
    left.set_ylim(-0.02, 1.02)
    dress(left, x_label="threshold for all groups")
    dress(right, x_label="accuracy", y_label="disparity (lower is better)")
    figure.legend(loc="lower center", ncols=_ACROSS, fontsize=7.5, frameon=False)
    return png(figure)


def front(accuracy: Values, gap: Values) -> tuple[Values, Values]:
    """Accuracies, rising, and the least disparity that any threshold has at that accuracy or a better one.

    >>> front(np.array([0.5, 0.9, 0.8, 0.7]), np.array([0.3, 0.4, 0.2, np.nan]))
    (array([0.5, 0.8, 0.9]), array([0.2, 0.2, 0.4]))
    """
    known = np.isfinite(accuracy) & np.isfinite(gap)
    order = np.argsort(accuracy[known], kind="stable")
    return accuracy[known][order], np.minimum.accumulate(gap[known][order][::-1])[::-1]


def distributions(groups: Sequence[Scores], *, heading: str, names: tuple[str, str]) -> bytes:
    """A PNG: the scores of every group, negatives on the left and positives on the right, each as shares of its rows.

    Args:
        groups: scores in bins.
        heading: title of the figure.
        names: the two target values.

    Raises:
        ValueError: there is no group.
    """
    if not groups:
        raise ValueError("score distributions need at least one group")
    figure = new_figure(8.2, 3.7, layout=None)
    title(figure, heading)
    room = Margins(left=0.66, top=0.56, across=0.16).of(figure, columns=2)
    panels = figure.subplots(1, 2, sharey=True, gridspec_kw=room)
    for truth, axes in enumerate(panels):
        for group, color in zip(groups, colors(len(groups)), strict=True):
            counts = group.positive if truth else group.negative
            if counts.sum():
                edges = np.linspace(0, 1, len(counts) + 1)
                label = literal(f"{group.name}  (n {int(counts.sum()):,})")
                axes.stairs(counts / counts.sum(), edges, color=color, linewidth=1.5, label=label)
        axes.set_title(literal(f"true {names[truth]}"), fontsize=8.5, color=INK)
        axes.set_xlim(-0.01, 1.01)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=7, frameon=False)
        dress(axes, x_label="score", y_label="" if truth else "share of rows")
    return png(figure)
