"""Figures of a comparison of mitigation methods: outcome against reason, and every metric by method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairaudit.report.figures.style import SOFT, colors, dress, literal, markers, new_figure, png, title

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPlace:
    """One variant."""

    name: str
    outcome: float
    """Gap of the outcome, in [0, 1]."""
    reason: float
    """Relevance of the region over its area, from 0."""
    degenerate: bool = False
    """Drawn hollow: it is equal because it decides nothing."""


def outcome_and_reason(places: Sequence[VariantPlace], *, heading: str) -> bytes:
    """A PNG: the gap of the outcome against the lift of the region, a line from the unchanged model to each method.

    The corner at the lower left, no gap and a lift of 1, is equal for the right reasons. The first place is the
    unchanged model.

    Raises:
        ValueError: there is no place.
    """
    if not places:
        raise ValueError("the figure needs at least the unchanged model")
    figure = new_figure(7.2, 4.4)
    title(figure, heading)
    axes = figure.subplots()
    first = places[0]
    axes.axhline(1.0, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    for number, (place, color, marker) in enumerate(
        zip(places, colors(len(places)), markers(len(places)), strict=True)
    ):
        if number:
            way = [first.outcome, place.outcome], [first.reason, place.reason]
            axes.plot(*way, color=SOFT, linewidth=0.5, alpha=0.45)
        face = "none" if place.degenerate else color
        axes.plot(
            place.outcome, place.reason, marker, markersize=6, color=color, markerfacecolor=face, linestyle="none",
            label=literal(place.name + (" (degenerate)" if place.degenerate else "")),
        )  # fmt: skip
    axes.set_xlim(left=min(0.0, *(place.outcome for place in places)) - 0.02)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=6.5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    dress(axes, x_label="outcome: equalized odds difference", y_label="reason: relevance of the region over its area")
    return png(figure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One variant's numbers along λ or φ."""

    name: str
    x: Sequence[float]
    """Values of λ or φ, ascending."""
    y: Sequence[Sequence[float | None]]
    """[panel][x]."""
    level: bool = False
    """A variant without λ: a dashed line across, at its first value."""


def along(
    series: Sequence[Series], *, panels: Sequence[str], x_label: str, heading: str, logarithmic: bool = False
) -> bytes:
    """A PNG: a panel per metric, in it a line per variant along λ or φ; dashed lines for what has no λ.

    Args:
        series: the variants.
        panels: what every panel shows.
        x_label: name of the axis.
        heading: title of the figure.
        logarithmic: whether the axis is logarithmic, values of 0 left out.

    Raises:
        ValueError: there is no series or no panel.
    """
    if not series or not panels:
        raise ValueError("the figure needs a series and a panel")
    across = min(3, len(panels))
    down = -(-len(panels) // across)
    figure = new_figure(1.6 + 2.7 * across, 0.9 + 2.3 * down)
    title(figure, heading)
    grid = figure.subplots(down, across, squeeze=False)
    handles: dict[str, Artist] = {}
    for place, axes in enumerate(grid.flat):
        if place >= len(panels):
            axes.axis("off")
            continue
        axes.set_title(literal(panels[place]), fontsize=8, loc="left")
        if logarithmic:
            axes.set_xscale("log")
        for one, color, marker in zip(series, colors(len(series)), markers(len(series)), strict=True):
            _line(axes, one, place, color, marker, logarithmic=logarithmic)
        dress(axes, x_label=x_label)
        found, labels = axes.get_legend_handles_labels()
        handles |= dict(zip(labels, found, strict=True))
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower left", fontsize=6.5, frameon=False,
        ncols=max(1, min(6, len(handles))),
    )  # fmt: skip
    return png(figure)


def _line(axes: Axes, one: Series, place: int, color: str, marker: str, *, logarithmic: bool) -> None:
    values = one.y[place]
    points = [(x, y) for x, y in zip(one.x, values, strict=True) if y is not None and (x > 0 or not logarithmic)]
    if not points:
        return
    name = literal(one.name)
    if one.level:
        axes.axhline(points[0][1], color=color, linestyle=(0, (4, 3)), linewidth=1.1, label=name)
        return
    xs, ys = zip(*points, strict=True)
    axes.plot(xs, ys, marker, linestyle="-", color=color, markersize=4, linewidth=1.2, label=name)


def changes(points: Sequence[VariantPlace], *, heading: str, note: str) -> bytes:
    """A PNG: every method's change of the gap against its change of the lift, both to the unchanged model.

    Down and left is better on both. The note is the rank correlation with its interval.

    Raises:
        ValueError: there is no method.
    """
    if not points:
        raise ValueError("the figure needs a method")
    figure = new_figure(7.2, 4.2)
    title(figure, heading)
    axes = figure.subplots()
    axes.axhline(0.0, color=SOFT, linewidth=0.8)
    axes.axvline(0.0, color=SOFT, linewidth=0.8)
    for point, color, marker in zip(points, colors(len(points)), markers(len(points)), strict=True):
        face = "none" if point.degenerate else color
        axes.plot(
            point.outcome, point.reason, marker, markersize=6, color=color, markerfacecolor=face, linestyle="none",
            label=literal(point.name),
        )  # fmt: skip
    axes.legend(fontsize=6.5, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.set_title(literal(note), fontsize=8, loc="left", color=SOFT)
    dress(axes, x_label="change of the equalized odds difference", y_label="change of the relevance lift")
    return png(figure)
