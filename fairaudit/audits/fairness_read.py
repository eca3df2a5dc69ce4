"""Reads the fairness audit's counts and scores into measurements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Findings
from fairaudit.audits.fairness_figures import fairness_drawings, undrawn
from fairaudit.audits.fairness_inputs import FairnessInputs
from fairaudit.audits.fairness_thresholds import equalising, equalising_notes
from fairaudit.audits.groups import JOIN, aligned_groups
from fairaudit.data.categorical import Categorical
from fairaudit.measures.association import association, contingency
from fairaudit.measures.confusion import confusion, soft_joint
from fairaudit.measures.fairness_table import fairness_measurements
from fairaudit.measures.mcnemar import paired_counts
from fairaudit.measures.paired_table import paired_measurements
from fairaudit.measures.score_table import score_measurements
from fairaudit.measures.within import within_measurements
from fairaudit.results.measurement import Measurement, finite

MOST_PAIRED = 50
"""Two models are compared cell by cell for at most so many classes."""


def read_fairness(inputs: FairnessInputs) -> Findings:
    """Rates, disparities, score measures, data facts and the comparison with the baseline, of every grouping."""
    measurements: list[Measurement] = list(_between_attributes(inputs))
    for grouping in inputs.groupings:
        measurements += _table(inputs, grouping)
        measurements += _scores(inputs, grouping)
        measurements += equalising(inputs, grouping)
        measurements += _data_facts(inputs, grouping)
        measurements += _against(inputs, grouping)
        measurements += _within(inputs, grouping)
    return Findings(
        measurements=measurements,
        notes=[*_notes(inputs), *levelled_down(measurements), *equalising_notes(measurements), *undrawn(inputs)],
        drawings=list(fairness_drawings(inputs, measurements)),
    )


def _table(inputs: FairnessInputs, grouping: Categorical) -> list[Measurement]:
    audit, classes = inputs.audit, inputs.target.values
    soft = None
    if inputs.scores is not None:
        soft = soft_joint(
            grouping.codes, inputs.target.codes, inputs.scores, groups=len(grouping.values), classes=len(classes)
        )
    return fairness_measurements(
        inputs.counts[grouping.name],
        attribute=grouping.name,
        groups=grouping.values,
        classes=classes,
        level=audit.level,
        replicates=audit.replicates,
        seed=inputs.seed,
        min_cell=audit.min_cell,
        tolerance=audit.tolerance,
        aligned=aligned_groups(inputs.target, grouping),
        cluster_counts=_cluster_counts(inputs, grouping),
        squared=None if inputs.squared is None else inputs.squared[grouping.name],
        soft=soft,
    )


def _scores(inputs: FairnessInputs, grouping: Categorical) -> list[Measurement]:
    if inputs.scores is None:
        return []
    return score_measurements(
        inputs.scores,
        inputs.target.codes,
        grouping.codes,
        attribute=grouping.name,
        groups=grouping.values,
        classes=inputs.target.values,
        level=inputs.audit.level,
        replicates=inputs.audit.replicates,
        seed=inputs.seed,
        min_cell=inputs.audit.min_cell,
        clusters=inputs.clusters,
    )


def _against(inputs: FairnessInputs, grouping: Categorical) -> list[Measurement]:
    groups, classes = len(grouping.values), len(inputs.target.values)
    if inputs.baseline_decisions is None or inputs.baseline_name is None or classes > MOST_PAIRED:
        return []
    counts = paired_counts(
        grouping.codes,
        inputs.target.codes,
        inputs.decisions,
        inputs.baseline_decisions,
        groups=groups,
        classes=classes,
    )
    return paired_measurements(
        counts,
        attribute=grouping.name,
        groups=grouping.values,
        classes=inputs.target.values,
        baseline=inputs.baseline_name,
        level=inputs.audit.level,
        replicates=inputs.audit.replicates,
        seed=inputs.seed,
        min_cell=inputs.audit.min_cell,
        cluster_counts=_paired_clusters(inputs, grouping),
    )


def _paired_clusters(inputs: FairnessInputs, grouping: Categorical) -> NDArray[np.generic] | None:
    if inputs.clusters is None or inputs.baseline_decisions is None:
        return None
    _, clusters = np.unique(inputs.clusters, return_inverse=True)
    groups, classes = len(grouping.values), len(inputs.target.values)
    known = (grouping.codes >= 0) & (inputs.target.codes >= 0)
    table = paired_counts(
        np.where(known, clusters * groups + grouping.codes, -1),
        inputs.target.codes,
        inputs.decisions,
        inputs.baseline_decisions,
        groups=(int(clusters.max()) + 1) * groups,
        classes=classes,
    )
    return table.reshape(-1, groups, classes, classes, classes)


def _within(inputs: FairnessInputs, grouping: Categorical) -> list[Measurement]:
    """Disparities within every value of each control attribute."""
    found: list[Measurement] = []
    for control in inputs.controls:
        if control.name == grouping.name:
            continue
        groups, classes = len(grouping.values), len(inputs.target.values)
        known = (control.codes >= 0) & (grouping.codes >= 0)
        table = confusion(
            np.where(known, control.codes.astype(np.int64) * groups + grouping.codes, -1),
            inputs.target.codes,
            inputs.decisions,
            groups=len(control.values) * groups,
            classes=classes,
        )
        found += within_measurements(
            table.counts.reshape(len(control.values), groups, classes, classes),
            attribute=grouping.name,
            groups=grouping.values,
            classes=inputs.target.values,
            control=control.name,
            levels=control.values,
            level=inputs.audit.level,
            replicates=inputs.audit.replicates,
            seed=inputs.seed,
            min_cell=inputs.audit.min_cell,
        )
    return found


def _cluster_counts(inputs: FairnessInputs, grouping: Categorical) -> NDArray[np.generic] | None:
    if inputs.clusters is None:
        return None
    _, clusters = np.unique(inputs.clusters, return_inverse=True)
    groups, classes = len(grouping.values), len(inputs.target.values)
    known = (grouping.codes >= 0) & (inputs.target.codes >= 0)
    # Cluster and group as one code, so that one pass counts every cluster.
    table = confusion(
        np.where(known, clusters * groups + grouping.codes, -1),
        inputs.target.codes,
        inputs.decisions,
        groups=(int(clusters.max()) + 1) * groups,
        classes=classes,
        weights=inputs.weights,
    )
    return table.counts.reshape(-1, groups, classes, classes)


def _data_facts(inputs: FairnessInputs, grouping: Categorical) -> Iterator[Measurement]:
    # Every scored row has a decision, so summing over decisions leaves attribute and target.
    yield from _associations(inputs.counts[grouping.name].sum(-1), grouping.name)


def _between_attributes(inputs: FairnessInputs) -> Iterator[Measurement]:
    """How strongly every two attributes go together, from their table of counts."""
    for first, second in combinations(inputs.single, 2):
        table = contingency(first.codes, second.codes, rows=len(first.values), columns=len(second.values))
        yield from _associations(table, JOIN.join((first.name, second.name)), prefix="attribute_")


def _associations(table: NDArray[np.generic], attribute: str, *, prefix: str = "") -> Iterator[Measurement]:
    for name, value in association(table).items():
        number = finite(value)
        yield Measurement(
            audit="fairness",
            metric=f"{prefix}{name}",
            attribute=attribute,
            value=number,
            status="ok" if number is not None else "undefined",
            reason=None if number is not None else "a row or a column of the table is empty",
            n=round(float(np.asarray(table, np.float64).sum())),
        )


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
            yield (
                f"{unknown} of {len(grouping.codes)} rows have an unknown {grouping.name}: "
                "they are their own stratum, in no group."
            )
