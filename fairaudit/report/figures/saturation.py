"""The saturation of path methods: how far the score has come, and how much relevance is gathered, along the path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.report.figures.style import SOFT, colors, dress, literal, markers, new_figure, png, title

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathCurve:
    """One method's curves; all have a value per place on the path."""

    name: str
    t: Values
    """Places on the path, 0 at the reference and 1 at the image."""
    progress: Values
    """Share of the score's change that has happened; NaN where it is undefined."""
    gathered: Values
    """Share of the relevance, in size, that has been gathered; NaN where it is undefined."""


def saturation_curves(curves: Sequence[PathCurve], *, heading: str) -> bytes:
    """A PNG: a panel per method, progress solid and relevance dashed, the settled band in grey.

    Raises:
        ValueError: there is no curve.
    """
    if not curves:
        raise ValueError("a saturation figure needs at least one method")
    figure = new_figure(0.6 + 3.1 * len(curves), 3.2)
    title(figure, heading)
    grid = figure.subplots(1, len(curves), squeeze=False, sharey=True)[0]
    (first, second), (dot, square) = colors(2), markers(2)
    for axes, curve in zip(grid, curves, strict=True):
        axes.axhspan(0.9, 1.1, color=SOFT, alpha=0.12, linewidth=0, label="score settled (within 10 %)")
        if np.isnan(curve.progress).all():
            axes.text(0.5, 0.5, "no image has a score that changes", ha="center", fontsize=8, color=SOFT)
        axes.plot(curve.t, curve.progress, color=first, marker=dot, markersize=3.5, label="change of the score")
        axes.plot(curve.t, curve.gathered, color=second, marker=square, markersize=3.5, linestyle="--",
                  label="relevance gathered")  # fmt: skip
        axes.set_title(literal(curve.name), fontsize=8.5)
        axes.set_xlim(-0.02, 1.02)
        dress(axes, x_label="place on the path (0: reference, 1: image)")
    dress(grid[0], x_label="place on the path (0: reference, 1: image)", y_label="share, median over images")
    grid[0].legend(fontsize=7, frameon=False, loc="best")
    return png(figure)
