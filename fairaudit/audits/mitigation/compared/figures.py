"""Rows of the comparison as pictures."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.mitigation.compared.read import LEGS, VariantComparison, flags
from fairaudit.audits.mitigation.fits.fit import VANILLA
from fairaudit.audits.mitigation.fits.store import Fit
from fairaudit.audits.mitigation.relevance import cell_means, masks_of
from fairaudit.mitigation.registry import CONTROL
from fairaudit.mitigation.samples import DataPart
from fairaudit.report.figures.legs import Panel, Point, legs_figure
from fairaudit.report.figures.mitigation import Series, VariantPlace, along, changes, outcome_and_reason
from fairaudit.report.figures.regions import mean_maps
from fairaudit.results.measurement import finite
from fairaudit.tables.metrics import metric as entry_of

MOST = 8
"""Columns of the figure of mean maps."""
TRADED = ("unbiased_accuracy", "worst_cell_accuracy", "equalized_odds_difference", "iou_std", "relevance_lift", "ece")
"""Panels of the figure of λ."""


def drawings(found: VariantComparison, parts: DataPart, correlation: str = "") -> list[Drawing]:
    """Every leg by method, outcome against reason, changes against each other, mean maps, and what λ trades off.

    Args:
        found: the comparison.
        parts: the reporting part, for mean images and the region.
        correlation: the rank correlation of outcome and reason in words.
    """
    made = [
        Drawing(
            name="mitigation.png",
            caption="Every variant with its interval; the dotted line is the unchanged model.",
            draw=partial(legs_figure, panels(found), heading=f"Mitigation of {found.attribute}"),
        )
    ]
    places = _places(found)
    if len(places) > 1:
        made += [_corner(places), _against(places, correlation)]
    maps = mean_map_drawing(found, parts)
    tried = trade_off(found)
    return [*made, *([maps] if maps else []), *([tried] if tried else [])]


def _corner(places: list[VariantPlace]) -> Drawing:
    return Drawing(
        name="outcome-and-reason.png",
        caption=(
            "Where every method moved the model. Left is a more equal outcome, down to the dashed line less "
            "reliance on the region; hollow marks are degenerate."
        ),
        draw=partial(outcome_and_reason, places, heading="Equal, and for the right reasons?"),
    )


def _against(places: list[VariantPlace], correlation: str) -> Drawing:
    vanilla = places[0]
    moved = [
        replace(place, outcome=place.outcome - vanilla.outcome, reason=place.reason - vanilla.reason)
        for place in places[1:]
    ]
    return Drawing(
        name="changes.png",
        caption="Do methods that lower the gap lower the relevance of the region? Changes to the unchanged model.",
        draw=partial(changes, moved, heading="Change of the outcome and of the reason", note=correlation),
    )


def mean_map_drawing(found: VariantComparison, part: DataPart) -> Drawing | None:
    """Mean maps, a row per cell and a column per variant; None where relevance was not measured."""
    names = [name for name in _most_told(found) if "cell_maps" in _first(found, name).columns]
    if not names or not part.has_masks:
        return None
    maps = np.stack([_first(found, name).columns["cell_maps"].numpy() for name in names], axis=1)
    asked, many = found.question, len(found.values) > MOST
    rows = [f"{asked.attribute} {a}, {asked.target} {t}" for a in asked.values for t in asked.classes]
    every = torch.arange(len(part))
    cover = cell_means(masks_of(part, every).double(), part, every)
    return Drawing(
        name="mean-maps.png",
        caption=(
            f"Mean relevance by {asked.methods[0]} for the image's own class, a row per attribute and target value, "
            f"region outlined{', of the variants with the best worst cells' if many else ''}."
        ),
        draw=partial(mean_maps, maps, rows=rows, columns=names, heading="Mean relevance", region=cover.numpy()),
    )


def trade_off(found: VariantComparison) -> Drawing | None:
    """What every method's λ buys and costs, the control's line across; None where no λ was searched."""
    shown = [metric for metric in TRADED if metric in found.per_seed[VANILLA][0]]
    series = [
        Series(
            name=name,
            x=[fit.unit.strength for fit in found.fits.trials[name] if fit.edit is not None],
            y=[[finite(values.get(metric)) for values in tried] for metric in shown],
        )
        for name, tried in found.trials.items()
        if len(tried) > 1
    ]
    if not series:
        return None
    for name in (VANILLA, CONTROL):
        if name in found.values:
            point = [[finite(found.per_seed[name][0].get(metric))] for metric in shown]
            series.append(Series(name=name, x=[1.0], y=point, level=True))
    return Drawing(
        name="trade-off.png",
        caption="What λ buys and what it costs, under the first seed; dashed: the unchanged model and the control.",
        draw=partial(
            along,
            series,
            panels=[entry_of(m).title for m in shown],
            x_label="λ",
            heading="Trade-off of every method's λ",
            logarithmic=True,
        ),
    )


def _most_told(found: VariantComparison) -> list[str]:
    """Unchanged model, control, and the methods with the best worst cells, as many as a figure has room for."""
    first = [name for name in (VANILLA, CONTROL) if name in found.values]
    others = [name for name in found.values if name not in first]
    others.sort(key=lambda name: -float(np.nan_to_num(found.values[name]["worst_cell_accuracy"][0])))
    return [*first, *others][:MOST]


def _first(found: VariantComparison, name: str) -> Fit:
    return found.fits.vanilla if name == VANILLA else found.fits.by_method[name][0]


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
