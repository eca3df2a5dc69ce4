"""Rows of the comparison as pictures."""

from __future__ import annotations

from functools import partial

import numpy as np

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.mitigation.fit import VANILLA
from fairaudit.audits.mitigation.read import LEGS, VariantComparison, flags
from fairaudit.report.figures.legs import Panel, Point, legs_figure
from fairaudit.report.figures.mitigation import VariantPlace, outcome_and_reason
from fairaudit.tables.metrics import metric as entry_of


def drawings(found: VariantComparison) -> list[Drawing]:
    """Every leg by method with intervals, and outcome against reason where relevance was measured."""
    made = [
        Drawing(
            name="mitigation.png",
            caption="Every variant with its 95 % interval; the dotted line is the unchanged model.",
            draw=partial(legs_figure, panels(found), heading=f"Mitigation of {found.attribute}"),
        )
    ]
    places = _places(found)
    if len(places) > 1:
        made.append(
            Drawing(
                name="outcome-and-reason.png",
                caption=(
                    "Where every method moved the model. Left is a more equal outcome, down to the dashed line less "
                    "reliance on the region; hollow marks are degenerate."
                ),
                draw=partial(outcome_and_reason, places, heading="Equal, and for the right reasons?"),
            )
        )
    return made


def panels(found: VariantComparison) -> list[Panel]:
    """A panel per leg, and the mean cell accuracy first, with a point per variant that has the number."""
    tail, made = (1 - found.level) / 2, []
    for metric in ("unbiased_accuracy", *LEGS):
        points = []
        for name, values in found.values.items():
            if metric not in values or np.isnan(values[metric][0]):
                continue
            low, high = np.nanquantile(values[metric][1:], [tail, 1 - tail])
            points.append(Point(name=name, value=float(values[metric][0]), low=float(low), high=float(high)))
        if len(points) == len(found.values) or (points and points[0].name == VANILLA):
            made.append(Panel(title=entry_of(metric).title, points=_every(found, points)))
    return made


def _every(found: VariantComparison, points: list[Point]) -> list[Point]:
    """A point per variant, without a value where there is none: panels share the names of the first."""
    known = {point.name: point for point in points}
    return [known.get(name, Point(name=name, value=None)) for name in found.values]


def _places(found: VariantComparison) -> list[VariantPlace]:
    gap, lift = "equalized_odds_difference", "relevance_lift"
    return [
        VariantPlace(
            name=name,
            outcome=float(values[gap][0]),
            reason=float(values[lift][0]),
            degenerate="degenerate" in flags(found, name),
        )
        for name, values in found.values.items()
        if lift in values and not np.isnan([values[gap][0], values[lift][0]]).any()
    ]
