"""The figure of a self-test: how often every audit finds a planted bias, by its strength."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from fairaudit.report.figures.style import BLUE, SERIES, SOFT, dress, literal, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 4
_NOMINAL = 0.05
_TITLE = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPoint:
    """The models of one strength."""

    rho: float
    """Share of training images whose bias goes with their class."""
    share: float
    """Share of models that were flagged, in [0, 1]."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""
    control: bool
    """Whether nothing was planted, so that the share is one of false alarms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPanel:
    """One audit."""

    audit: str
    points: Sequence[PowerPoint]
    """In the order of strength."""


def detection_power(panels: Sequence[PowerPanel], *, heading: str) -> bytes:
    """A PNG: a small panel per audit, share flagged against strength; controls are open circles.

    Raises:
        ValueError: there is no panel.
    """
    if not panels:
        raise ValueError("a figure of detection power needs at least one audit")
    rows, columns = ceil(len(panels) / _COLUMNS), min(len(panels), _COLUMNS)
    figure = new_figure(max(4.2, 2.1 * columns), 0.7 + 2.0 * rows)
    title(figure, heading)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    places = grid.flatten().tolist()
    for axes, panel in zip(places, panels, strict=False):
        _panel(axes, panel)
    for place, axes in enumerate(places):
        axes.set_visible(place < len(panels))
        last = place + columns >= len(panels)
        axes.tick_params(labelbottom=last)
        dress(axes, x_label="ρ in training" if last else "", y_label="models flagged" if place % columns == 0 else "")
    return png(figure)


def _panel(axes: Axes, panel: PowerPanel) -> None:
    planted = [point for point in panel.points if not point.control]
    axes.plot([p.rho for p in planted], [p.share for p in planted], color=BLUE, linewidth=1.4)
    for point in panel.points:
        colour = SERIES[1] if point.control else BLUE
        axes.plot([point.rho, point.rho], [point.low, point.high], color=colour, linewidth=1.2)
        face = "white" if point.control else colour
        axes.plot([point.rho], [point.share], "o", markersize=5, color=colour, markerfacecolor=face)
    axes.axhline(_NOMINAL, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([0, 0.5, 1])
    name = literal(panel.audit)
    axes.set_title(name if len(name) <= _TITLE else name.replace(" ", "\n", 1), fontsize=8.5, loc="left")
