"""Figures over all thresholds of a binary decision: sweep, score distributions, ROC and precision-recall per group."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from fairaudit.audits.core.stream.audit import Drawing
from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView
from fairaudit.audits.fairness.thresholds import has_curve, histogram, printable, scored_rows
from fairaudit.measures.scores.sampled_scores import precision_sizes
from fairaudit.measures.scores.thresholds import ThresholdCurve, precision_recall, sweep

SWEPT = ("equalized_odds_difference", "equal_opportunity_difference", "demographic_parity_difference")
BINS = 25
"""Bins of the drawn score distributions."""
THRESHOLDS = 100
"""Thresholds of the drawn sweep."""


def threshold_drawings(view: FairnessView, slug: str) -> Iterator[Drawing]:
    """The figures of one grouping; the caller sees to it that there are scores and a binary target."""
    yield Drawing(
        name=f"sweep-{slug}.png",
        caption=f"Disparities over {view.grouping.name} and accuracy at every threshold, one for all groups; marks are "
        "where the decisions are made now. Right: a dot per threshold; the line is the least disparity at an accuracy "
        "or a better one.",
        draw=partial(_sweep, view),
    )
    yield Drawing(
        name=f"scores-{slug}.png",
        caption=f"Scores of every {view.grouping.name}, by label.",
        draw=partial(_scores, view),
    )
    if has_curve(view):
        yield Drawing(
            name=f"precision-recall-{slug}.png",
            caption=f"Precision against recall for every {view.grouping.name}; bands are intervals of precision.",
            draw=partial(_precision_recall, view),
        )


def _sweep(view: FairnessView) -> bytes:
    from fairaudit.report.figures import thresholds as figures

    table = histogram(view)
    found = sweep(table.reshape(*table.shape[:2], THRESHOLDS, -1).sum(-1), SWEPT)
    return figures.sweep(
        found.thresholds,
        found.accuracy,
        {name: found.disparities[name] for name in SWEPT},
        heading=f"Threshold for all, by {view.grouping.name}",
        used=used_threshold(view.inputs),
    )


def used_threshold(inputs: FairnessInputs) -> float | None:
    """The threshold between the highest score decided negative and the lowest decided positive; None without one.

    0.5 where it lies between them.
    """
    if inputs.scores is None:
        return None
    positive, score = inputs.decisions == 1, inputs.scores[:, 1]
    low = float(score[~positive].max()) if (~positive).any() else 0.0
    high = float(score[positive].min()) if positive.any() else 1.0
    if low > high:
        return None
    return 0.5 if low <= 0.5 <= high else (low + high) / 2


def _scores(view: FairnessView) -> bytes:
    from fairaudit.report.figures import thresholds as figures

    table = histogram(view)
    table = table.reshape(*table.shape[:2], BINS, -1).sum(-1)
    shown = printable(view)
    groups = [
        figures.Scores(name=f"{view.grouping.name}={value}", negative=table[g, 0], positive=table[g, 1])
        for g, value in enumerate(view.grouping.values)
        if g in shown
    ]
    first, second = view.inputs.target.values
    return figures.distributions(groups, heading=f"Scores by {view.grouping.name}", names=(first, second))


def _precision_recall(view: FairnessView) -> bytes:
    from fairaudit.report.figures import curves

    rows, level = scored_rows(view), view.inputs.audit.level
    sizes = None
    if not rows.plain:
        sizes = precision_sizes(
            *rows[:3], groups=len(view.grouping.values), weights=rows.weights, units=rows.units, level=level
        )
    found: ThresholdCurve = precision_recall(histogram(view), sizes=sizes, level=level)
    low, high = np.asarray(found.y_ends.low), np.asarray(found.y_ends.high)
    groups, shown = [], printable(view)
    for g, value in enumerate(view.grouping.values):
        drawn = np.isfinite(found.x[g]) & np.isfinite(found.y[g])
        if g in shown and drawn.any():
            groups.append(
                curves.PrecisionRecall(
                    name=f"{view.grouping.name}={value}",
                    recall=found.x[g, drawn],
                    precision=found.y[g, drawn],
                    low=low[g, drawn],
                    high=high[g, drawn],
                )
            )
    return curves.precision_recall(groups, heading=f"Precision and recall by {view.grouping.name}")
