"""Reads the fairness audit's counts and scores into measurements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.core.study.groups import JOIN
from fairaudit.audits.core.study.statistics import statistics_of
from fairaudit.audits.fairness.figures import fairness_drawings, undrawn
from fairaudit.audits.fairness.inputs import FairnessInputs, FairnessView, views
from fairaudit.audits.fairness.theory import theory_notes
from fairaudit.audits.fairness.thresholds import equalizing, equalizing_notes
from fairaudit.data.categorical import Categorical
from fairaudit.measures.clusters.partition import check_size, counts_by_cluster
from fairaudit.measures.counts.association import association, contingency, phi
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.intervals.mcnemar import paired_counts
from fairaudit.results.measurement import Measurement
from fairaudit.tables.changes.counts import paired_measurements
from fairaudit.tables.changes.scores import paired_score_measurements
from fairaudit.tables.fairness.scores import score_measurements
from fairaudit.tables.fairness.soft import sampled_joint
from fairaudit.tables.fairness.table import fairness_measurements
from fairaudit.tables.fairness.theory import theory_measurements
from fairaudit.tables.fairness.within import within_measurements
from fairaudit.tables.row import Estimate, Subject, row
from fairaudit.tables.rows import FairnessSpec

MOST_PAIRED = 50
"""Two models are compared cell by cell for at most so many classes."""


def read_fairness(inputs: FairnessInputs) -> Findings:
    """Rates, disparities, score measures, data facts and the comparison with the baseline, of every grouping."""
    measurements: list[Measurement] = list(_between_attributes(inputs))
    for view in views(inputs):
        measurements += _table(view)
        measurements += _scores(view)
        measurements += equalizing(view)
        measurements += _data_facts(view)
        measurements += _against(view)
        measurements += _within(view)
    if inputs.weights is not None:
        measurements = [in_images(measurement, inputs) for measurement in measurements]
    return Findings(
        measurements=measurements,
        notes=[
            *_notes(inputs),
            *levelled_down(measurements),
            *equalizing_notes(measurements),
            *theory_notes(inputs),
            *undrawn(inputs),
        ],
        drawings=list(fairness_drawings(inputs, measurements)),
    )


def in_images(measurement: Measurement, inputs: FairnessInputs) -> Measurement:
    """The measurement with the number of images that it is based on, where its tables held sums of weights.

    A hundred images of weight 1 and one of weight 100 are no evidence of one size; what rests on a handful of images
    never passes, whatever their weights.
    """
    grouping = next((each for each in inputs.groupings if each.name == measurement.attribute), None)
    if grouping is None or measurement.n is None or measurement.metric == "training_phi":
        return measurement
    counts = np.asarray(grouping.codes >= 0)
    if measurement.group is not None:
        counts = counts & (grouping.codes == grouping.values.index(measurement.group))
    if measurement.metric == "cell_accuracy" and measurement.class_ is not None:
        counts = counts & (inputs.target.codes == inputs.target.values.index(measurement.class_))
    return measurement.model_copy(update={"n": int(counts.sum()), "extra": {**measurement.extra, "weighted": True}})


def _asked(view: FairnessView) -> FairnessSpec:
    audit = view.inputs.audit
    return FairnessSpec(
        attribute=view.grouping.name,
        groups=tuple(view.grouping.values),
        classes=tuple(view.inputs.target.values),
        statistics=statistics_of(audit, seed=view.inputs.seed),
    )


def _table(view: FairnessView) -> list[Measurement]:
    groups, classes = len(view.grouping.values), len(view.inputs.target.values)
    soft = None
    if view.inputs.scores is not None:
        soft = sampled_joint(
            view.grouping.codes,
            view.inputs.target.codes,
            view.inputs.scores,
            groups=groups,
            classes=classes,
            weights=view.inputs.weights,
            units=view.inputs.clusters,
        )
    clustered = None
    if view.inputs.clusters is not None:
        clustered = counts_by_cluster(
            view.inputs.clusters,
            view.grouping.codes,
            view.inputs.target.codes,
            view.inputs.decisions,
            groups=groups,
            classes=classes,
            weights=view.inputs.weights,
        )
    asked = replace(
        _asked(view),
        tolerance=view.inputs.audit.tolerance,
        cluster_counts=clustered,
        squared=None if view.inputs.squared is None else view.inputs.squared[view.grouping.name],
        fourth=None if view.inputs.fourth is None else view.inputs.fourth[view.grouping.name],
        images=None if view.inputs.weights is None else _images(view),
    )
    counts, told = view.inputs.counts[view.grouping.name], view.inputs.alignment(view.grouping)
    found = fairness_measurements(counts, asked, aligned=told.cells, unaligned=told.reason, soft=soft)
    if view.inputs.is_single(view.grouping):  # the theory is about one attribute and the target, not intersections
        found += theory_measurements(counts, asked, told.cells, training=told.training, unaligned=told.reason)
        found.append(_training_phi(view.grouping.name, told.training))
    return found


def _training_phi(attribute: str, training: NDArray[np.float64] | None) -> Measurement:
    reason, value = "the training rows are not known: set audit.aligned to their split", np.nan
    if training is not None:
        reason = "it needs two groups and two target values, and rows of each"
        value = float(phi(training)) if training.shape == (2, 2) else np.nan
    images = None if training is None or training.sum() < 2 else float(training.sum())  # shares have no number of rows
    estimate = Estimate(value=value, n=images, missing=reason)
    return row(Subject(audit="fairness", metric="training_phi", attribute=attribute), estimate)


def _images(view: FairnessView) -> NDArray[np.float64]:
    sizes = {"groups": len(view.grouping.values), "classes": len(view.inputs.target.values)}
    counted = confusion(view.grouping.codes, view.inputs.target.codes, view.inputs.decisions, **sizes)
    return np.asarray(counted.counts, np.float64)


def _scores(view: FairnessView) -> list[Measurement]:
    if view.inputs.scores is None:
        return []
    return score_measurements(
        view.inputs.scores,
        view.inputs.target.codes,
        view.grouping.codes,
        _asked(view),
        clusters=view.inputs.clusters,
        weights=view.inputs.weights,
    )


def _against(view: FairnessView) -> list[Measurement]:
    classes = len(view.inputs.target.values)
    if view.inputs.baseline_decisions is None or view.inputs.baseline_name is None or classes > MOST_PAIRED:
        return []
    columns = (view.inputs.target.codes, view.inputs.decisions, view.inputs.baseline_decisions)
    groups = len(view.grouping.values)
    asked = _asked(view)
    if view.inputs.clusters is not None:
        number = int(view.inputs.clusters.max()) + 1
        check_size(number, groups, classes, classes, classes)
        joint = np.where(view.grouping.codes >= 0, view.inputs.clusters * groups + view.grouping.codes, -1)
        each = paired_counts(joint, *columns, groups=number * groups, classes=classes)
        asked = replace(asked, cluster_counts=each.reshape(number, groups, classes, classes, classes))
    counts = paired_counts(view.grouping.codes, *columns, groups=groups, classes=classes)
    return [*paired_measurements(counts, asked, baseline=view.inputs.baseline_name), *_score_changes(view)]


def _score_changes(view: FairnessView) -> list[Measurement]:
    if view.inputs.scores is None or view.inputs.baseline_scores is None or view.inputs.baseline_name is None:
        return []
    return paired_score_measurements(
        view.inputs.scores,
        view.inputs.baseline_scores,
        view.inputs.target.codes,
        view.grouping.codes,
        _asked(view),
        baseline=view.inputs.baseline_name,
        clusters=view.inputs.clusters,
    )


def _within(view: FairnessView) -> list[Measurement]:
    """Disparities within every value of each control attribute."""
    return [
        found
        for control in view.inputs.controls
        if control.name != view.grouping.name
        for found in _within_one(view, control)
    ]


def _within_one(view: FairnessView, control: Categorical) -> list[Measurement]:
    groups, classes, values = len(view.grouping.values), len(view.inputs.target.values), len(control.values)
    known = (control.codes >= 0) & (view.grouping.codes >= 0)
    joint = np.where(known, control.codes.astype(np.int64) * groups + view.grouping.codes, -1)
    columns = (view.inputs.target.codes, view.inputs.decisions)
    sizes = {"groups": values * groups, "classes": classes}
    shape = (values, groups, classes, classes)
    asked = _asked(view)
    if view.inputs.clusters is not None:
        each = counts_by_cluster(view.inputs.clusters, joint, *columns, **sizes, weights=view.inputs.weights)
        asked = replace(asked, cluster_counts=each.reshape(-1, *shape))
    if view.inputs.weights is not None:
        powers = (
            np.asarray(confusion(joint, *columns, **sizes, weights=view.inputs.weights**power).counts, np.float64)
            for power in (0, 2, 4)
        )
        images, squared, fourth = (part.reshape(shape) for part in powers)
        asked = replace(asked, squared=squared, fourth=fourth, images=images)
    counts = confusion(joint, *columns, **sizes, weights=view.inputs.weights).counts
    return within_measurements(counts.reshape(shape), asked, control=control.name, levels=control.values)


def _data_facts(view: FairnessView) -> Iterator[Measurement]:
    # Every scored row has a decision, so summing over decisions leaves attribute and target.
    yield from _associations(view.inputs.counts[view.grouping.name].sum(-1), view.grouping.name)


def _between_attributes(inputs: FairnessInputs) -> Iterator[Measurement]:
    """How strongly every two attributes go together, from their table of counts."""
    for first, second in combinations(inputs.single, 2):
        table = contingency(first.codes, second.codes, rows=len(first.values), columns=len(second.values))
        yield from _associations(table, JOIN.join((first.name, second.name)), prefix="attribute_")


def _associations(table: NDArray[np.generic], attribute: str, *, prefix: str = "") -> Iterator[Measurement]:
    for name, value in association(table).items():
        reason = "a row or a column of the table is empty"
        estimate = Estimate(value=value, n=float(np.asarray(table, np.float64).sum()), missing=reason)
        yield row(Subject(audit="fairness", metric=f"{prefix}{name}", attribute=attribute), estimate)


def levelled_down(measurements: Sequence[Measurement]) -> Iterator[str]:
    """A warning for every attribute with gaps that shrank because the better-off group got worse."""
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for change in measurements:
        if change.extra.get("levelled_down"):
            found.setdefault((change.attribute, change.baseline), []).append(change.metric.removesuffix("_change"))
    for (attribute, baseline), names in found.items():
        yield (
            f"Levelled down against {baseline}: over {attribute}, {', '.join(names)} shrank because the better-off "
            "group got worse while the worse-off group did not get better. That is harm, not progress."
        )


def _notes(inputs: FairnessInputs) -> Iterator[str]:
    for grouping in inputs.groupings:
        unknown = int((grouping.codes < 0).sum())
        if unknown:
            have, they_are = ("has", "it is") if unknown == 1 else ("have", "they are")
            yield (
                f"{unknown} of {len(grouping.codes)} rows {have} an unknown {grouping.name}: "
                f"{they_are} a stratum of its own, in no group."
            )
