"""Figures of the fairness audit: disparities with intervals, confusion, reliability and ROC per group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Drawing
from fairaudit.audits.fairness_inputs import FairnessInputs
from fairaudit.audits.fairness_threshold_figures import threshold_drawings
from fairaudit.audits.fairness_thresholds import has_curve, has_thresholds, histogram
from fairaudit.data.categorical import Categorical
from fairaudit.measures.calibration import reliability, reliability_curve
from fairaudit.measures.thresholds import roc
from fairaudit.ratio import ratio
from fairaudit.results.measurement import Measurement

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
            caption="Largest gaps between groups with their intervals; diamonds are what chance gives.",
            draw=partial(_gaps, gaps),
        )
    for grouping in inputs.groupings:
        if not _legible(inputs, grouping):
            continue
        slug = "".join(c if c.isalnum() else "-" for c in grouping.name)
        yield Drawing(
            name=f"confusion-{slug}.png",
            caption=f"Decisions against truth for every {grouping.name}, as shares of each true value.",
            draw=partial(_confusion, inputs, grouping),
        )
        if has_thresholds(inputs):
            yield Drawing(
                name=f"reliability-{slug}.png",
                caption=f"Share of positives against score for every {grouping.name}; the diagonal is perfect.",
                draw=partial(_reliability, inputs, grouping),
            )
            if has_curve(inputs, grouping):
                yield Drawing(
                    name=f"roc-{slug}.png",
                    caption=f"True against false positive rate for every {grouping.name}; bands are intervals "
                    "of the true positive rate, the mark is the decision.",
                    draw=partial(_roc, inputs, grouping),
                )
            yield from threshold_drawings(inputs, grouping, slug)


def undrawn(inputs: FairnessInputs) -> Iterator[str]:
    """What has no figures per group because nobody could read them."""
    classes = len(inputs.target.values)
    for grouping in inputs.groupings:
        if not _legible(inputs, grouping):
            yield (
                f"No figures per group of {grouping.name}: {len(grouping.values)} groups × {classes} target values are "
                f"too many to read (at most {MOST_GROUPS} × {MOST_CLASSES}); the numbers are all in the report."
            )


def _legible(inputs: FairnessInputs, grouping: Categorical) -> bool:
    return len(grouping.values) <= MOST_GROUPS and len(inputs.target.values) <= MOST_CLASSES


def _gaps(gaps: Sequence[Measurement]) -> bytes:
    from fairaudit.report.figures.forest import forest
    from fairaudit.report.rows import measured_row

    return forest([measured_row(gap) for gap in gaps], heading="Disparities", x_label="largest gap between groups")


def _confusion(inputs: FairnessInputs, grouping: Categorical) -> bytes:
    from fairaudit.report.figures.confusion import confusion

    return confusion(
        np.rint(inputs.counts[grouping.name]).astype(np.int64),
        groups=[f"{grouping.name}={value}" for value in grouping.values],
        classes=inputs.target.values,
        heading=f"{inputs.target.name} by {grouping.name}",
        target=inputs.target.name,
    )


def _reliability(inputs: FairnessInputs, grouping: Categorical) -> bytes:
    from fairaudit.report.figures import curves

    scores, positive = _binary(inputs)
    found = reliability(scores, positive, grouping.codes, groups=len(grouping.values))
    mean, rate, ends = reliability_curve(found, level=inputs.audit.level)
    groups = [
        curves.Reliability(
            name=f"{grouping.name}={value}",
            score=mean[g],
            rate=rate[g],
            count=found.images[g].astype(np.int64),
            low=np.asarray(ends.low)[g],
            high=np.asarray(ends.high)[g],
        )
        for g, value in enumerate(grouping.values)
        if found.images[g].sum()
    ]
    return curves.reliability(groups, heading=f"Reliability by {grouping.name}")


def _roc(inputs: FairnessInputs, grouping: Categorical) -> bytes:
    from fairaudit.measures.ranking import auc
    from fairaudit.report.figures import curves
    from fairaudit.results.measurement import finite

    scores, positive = _binary(inputs)
    decided = inputs.decisions == 1
    bands = roc(histogram(inputs, grouping), level=inputs.audit.level)
    low, high = np.asarray(bands.y_ends.low), np.asarray(bands.y_ends.high)
    groups = []
    for g, value in enumerate(grouping.values):
        own = grouping.codes == g
        if not (own & positive).any() or not (own & ~positive).any():
            continue
        fpr, tpr = roc_curve(scores[own], positive[own])
        groups.append(
            curves.Roc(
                name=f"{grouping.name}={value}",
                fpr=fpr,
                tpr=tpr,
                auc=finite(auc(scores[own & positive], scores[own & ~positive])),
                point=(float(decided[own & ~positive].mean()), float(decided[own & positive].mean())),
                band=(bands.x[g], low[g], high[g]),
            )
        )
    return curves.roc(groups, heading=f"ROC by {grouping.name}")


def roc_curve(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rate at every threshold, from (0, 0) to (1, 1); equal scores move together.

    >>> fpr, tpr = roc_curve(np.array([0.9, 0.4, 0.4]), np.array([True, False, True]))
    >>> fpr.tolist(), tpr.tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.5, 1.0])
    """
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    hits, misses = np.cumsum(positive[order])[last], np.cumsum(~positive[order])[last]
    start = np.zeros(1)
    return (
        np.concatenate([start, ratio(misses, (~positive).sum())]),
        np.concatenate([start, ratio(hits, positive.sum())]),
    )


def _binary(inputs: FairnessInputs) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if inputs.scores is None:
        raise ValueError("there are no scores")
    return inputs.scores[:, 1], np.asarray(inputs.target.codes == 1, np.bool_)
