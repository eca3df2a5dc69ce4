"""The legs of an audit for several models: a small panel per leg, a line per model, each panel with its own scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairaudit.report.figures.style import INK, SOFT, colors, dress, literal, new_figure, png, title
from fairaudit.results.text import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ACROSS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One model's number with its interval."""

    name: str
    value: float | None
    """None where there is no such number."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One leg."""

    title: str
    points: Sequence[Point]
    """One per model, in the order of the figure."""


def legs_figure(panels: Sequence[Panel], *, heading: str) -> bytes:
    """A PNG: a panel per leg, in it a dot with its interval per model, written out beside it.

    The first model's dot is drawn through as a dotted line, so that what moved is seen.

    Raises:
        ValueError: there is no panel.
    """
    if not panels:
        raise ValueError("a figure of legs needs at least one panel")
    across = min(_ACROSS, len(panels))
    down = math.ceil(len(panels) / across)
    most = max(len(panel.points) for panel in panels)
    figure = new_figure(1.2 + 2.5 * across, 0.5 + down * (0.62 + 0.27 * most))
    title(figure, heading)
    grid = figure.subplots(down, across, squeeze=False)
    for place, axes in enumerate(grid.flat):
        if place < len(panels):
            _panel(axes, panels[place], names=place % across == 0)
        else:
            axes.axis("off")
    return png(figure)


def _panel(axes: Axes, panel: Panel, *, names: bool) -> None:
    axes.set_title(literal(panel.title), fontsize=8, color=INK, loc="left")
    first = panel.points[0].value
    if first is not None:
        axes.axvline(first, color=SOFT, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
    for place, (point, color) in enumerate(zip(panel.points, colors(len(panel.points)), strict=True)):
        if point.low is not None and point.high is not None:
            axes.plot([point.low, point.high], [place, place], color=color, linewidth=2.4, solid_capstyle="butt")
        if point.value is not None:
            axes.plot(point.value, place, "o", color=color, markersize=4.8)
        text = "undefined" if point.value is None else number(point.value)
        axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), fontsize=7, va="center", color=INK)
    labels = [literal(point.name) for point in panel.points] if names else [""] * len(panel.points)
    axes.set_yticks(range(len(panel.points)), labels)
    axes.set_ylim(len(panel.points) - 0.45, -0.55)
    axes.margins(x=0.08)
    dress(axes, grid="x")
