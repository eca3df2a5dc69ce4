"""Figures of a comparison of mitigation methods: outcome against reason, and every metric by method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairaudit.report.figures.style import SOFT, colors, dress, literal, markers, new_figure, png, title


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
