"""Figures of the fairness audit: disparities with intervals, confusion, reliability and ROC per group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Drawing, slug
from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView, views
from fairaudit.audits.fairness.theory import theory_drawings
from fairaudit.audits.fairness.threshold_figures import threshold_drawings
from fairaudit.audits.fairness.thresholds import has_curve, has_thresholds, histogram, present, printable, scored_rows
from fairaudit.measures.scores.calibration import reliability, reliability_curve
from fairaudit.measures.scores.sampled_scores import bin_sizes, recall_sizes
from fairaudit.measures.scores.thresholds import roc
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement
from fairaudit.tables.rows import listed

MOST_GROUPS = 12
"""Attributes with more groups get no figure per group: nobody could read it."""
MOST_CLASSES = 12
GAPS = (
    "equalized_odds_difference",
    "equal_opportunity_difference",
    "demographic_parity_difference",
    "predictive_parity_difference",
    "accuracy_difference",
    "auc_difference",
)


def fairness_drawings(inputs: FairnessInputs, measurements: Sequence[Measurement]) -> Iterator[Drawing]:
    """The figures of every grouping that can be drawn legibly."""
    gaps = [m for name in GAPS for m in measurements if m.metric == name and not (m.group or m.class_ or m.baseline)]
    if gaps:
        yield Drawing(
            name="disparities.png",
            caption="Largest gaps between groups with their intervals; diamonds are the values by chance alone.",
            draw=partial(_gaps, gaps),
        )
    for view in views(inputs):
        grouping = view.grouping
        if not _legible(view) or not printable(view):
            continue
        name = slug(grouping.name)
        yield Drawing(
            name=f"confusion-{name}.png",
            caption=f"Predictions against labels for every {grouping.name}, as shares of each label.",
            draw=partial(_confusion, view),
        )
        if inputs.is_single(grouping):
            yield from theory_drawings(view, name)
        if has_thresholds(inputs):
            yield Drawing(
                name=f"reliability-{name}.png",
                caption=f"Share of positives against score for every {grouping.name}; the diagonal is perfect.",
                draw=partial(_reliability, view),
            )
            if has_curve(view):
                yield Drawing(
                    name=f"roc-{name}.png",
                    caption=f"True against false positive rate for every {grouping.name}; bands are intervals "
                    "of the true positive rate, the mark is the decision.",
                    draw=partial(_roc, view),
                )
            yield from threshold_drawings(view, name)


def undrawn(inputs: FairnessInputs) -> Iterator[str]:
    """Groupings without figures per group, because they would be illegible or a cell is too small to be printed."""
    classes, least = len(inputs.target.values), inputs.audit.min_cell
    for view in views(inputs):
        grouping = view.grouping
        if not _legible(view):
            yield (
                f"No figures per group of {grouping.name}: {len(grouping.values)} groups × {classes} target values are "
                f"too many to read (at most {MOST_GROUPS} × {MOST_CLASSES}); the numbers are all in the report."
            )
            continue
        small = sorted(set(present(view)) - set(printable(view)))
        if small:
            names = listed([grouping.values[g] for g in small])
            yield f"Not in the figures per {grouping.name}: {names}, with fewer than {least} images of a target value."


def _legible(view: FairnessView) -> bool:
    return len(view.grouping.values) <= MOST_GROUPS and len(view.inputs.target.values) <= MOST_CLASSES


def _gaps(gaps: Sequence[Measurement]) -> bytes:
    from fairaudit.report.figures.forest import forest
    from fairaudit.report.rows import measured_row

    return forest([measured_row(gap) for gap in gaps], heading="Disparities", x_label="largest gap between groups")


def _confusion(view: FairnessView) -> bytes:
    from fairaudit.report.figures.confusion import confusion

    shown = printable(view)
    return confusion(
        view.inputs.counts[view.grouping.name][shown],
        groups=[f"{view.grouping.name}={view.grouping.values[g]}" for g in shown],
        classes=view.inputs.target.values,
        heading=f"{view.inputs.target.name} by {view.grouping.name}",
        target=view.inputs.target.name,
    )


def _reliability(view: FairnessView) -> bytes:
    from fairaudit.report.figures import curves

    rows, level, sizes = scored_rows(view), view.inputs.audit.level, None
    if not rows.plain:
        sizes = bin_sizes(
            *rows[:3], groups=len(view.grouping.values), weights=rows.weights, units=rows.units, level=level
        )
    found = reliability(*rows[:3], groups=len(view.grouping.values), weights=rows.weights)
    images = reliability(*rows[:3], groups=len(view.grouping.values)).images
    mean, rate, ends = reliability_curve(found, sizes=sizes, level=level)
    shown = printable(view)
    groups = [
        curves.ReliabilityCurve(
            name=f"{view.grouping.name}={value}",
            score=mean[g],
            rate=rate[g],
            count=images[g].astype(np.int64),
            low=np.asarray(ends.low)[g],
            high=np.asarray(ends.high)[g],
        )
        for g, value in enumerate(view.grouping.values)
        if g in shown
    ]
    return curves.reliability(groups, heading=f"Reliability by {view.grouping.name}")


def _roc(view: FairnessView) -> bytes:
    from fairaudit.measures.scores.ranking import auc
    from fairaudit.report.figures import curves
    from fairaudit.results.measurement import finite

    rows, level, sizes = scored_rows(view), view.inputs.audit.level, None
    if not rows.plain:
        sizes = recall_sizes(
            *rows[:3], groups=len(view.grouping.values), weights=rows.weights, units=rows.units, level=level
        )
    decided = view.inputs.decisions[view.inputs.target.codes >= 0] == 1
    weight = np.ones(len(rows.scores)) if rows.weights is None else rows.weights
    bands = roc(histogram(view), sizes=sizes, level=level)
    low, high = np.asarray(bands.y_ends.low), np.asarray(bands.y_ends.high)
    groups, shown = [], printable(view)
    for g, value in enumerate(view.grouping.values):
        high_side, low_side = (rows.group == g) & rows.positive, (rows.group == g) & ~rows.positive
        above, below = weight[high_side], weight[low_side]
        if g not in shown or not (above.any() and below.any()):
            continue
        own = high_side | low_side
        fpr, tpr = roc_curve(rows.scores[own], rows.positive[own], weights=weight[own])
        area = auc(rows.scores[high_side], rows.scores[low_side], positive_weights=above, negative_weights=below)
        groups.append(
            curves.Roc(
                name=f"{view.grouping.name}={value}",
                fpr=fpr,
                tpr=tpr,
                auc=finite(area),
                point=(
                    float(np.average(decided[low_side], weights=below)),
                    float(np.average(decided[high_side], weights=above)),
                ),
                band=(bands.x[g], low[g], high[g]),
            )
        )
    return curves.roc(groups, heading=f"ROC by {view.grouping.name}")


def roc_curve(
    scores: NDArray[np.float64], positive: NDArray[np.bool_], *, weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rate at every threshold, from (0, 0) to (1, 1); equal scores move together.

    >>> fpr, tpr = roc_curve(np.array([0.9, 0.4, 0.4]), np.array([True, False, True]))
    >>> fpr.tolist(), tpr.tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.5, 1.0])
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    weight = np.ones(len(scores)) if weights is None else weights
    hits, misses = ((weight * chosen)[order].cumsum() for chosen in (positive, ~positive))
    start = np.zeros(1)
    return (
        np.concatenate([start, ratio(misses[last], misses[-1])]),
        np.concatenate([start, ratio(hits[last], hits[-1])]),
    )
