"""Reads the fairness audit's counts and scores into measurements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.base import Drawing, Findings, Total
from fairaudit.config.schema import AuditConfig
from fairaudit.data.categorical import Categorical
from fairaudit.measures.association import association, contingency
from fairaudit.measures.confusion import confusion, soft_joint
from fairaudit.measures.disparities import aligned_cells
from fairaudit.measures.fairness_table import fairness_measurements
from fairaudit.results.measurement import Measurement, finite

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessInputs:
    """What fairness is measured from; per-image arrays are over the scored rows, in one order."""

    groupings: Sequence[Categorical]
    """Attributes and intersections, at the scored rows."""
    counts: Mapping[str, NDArray[np.int64]]
    """Grouping → counts[group, true, predicted]."""
    target: Categorical
    """True class, at the scored rows."""
    decisions: NDArray[np.int32]
    scores: Floats | None
    """[image, class], None where the model has too many classes or the table has no score."""
    baseline_decisions: NDArray[np.int32] | None
    clusters: NDArray[np.int64] | None
    """Cluster of every scored row; None resamples images."""
    audit: AuditConfig
    seed: int
    name: str
    """The candidate's name."""
    baseline_name: str | None


def fairness_inputs(total: Total, groupings: Sequence[Categorical]) -> FairnessInputs:
    """The audit's reduced state as inputs."""
    study, columns = total.study, total.part.columns
    baseline = columns.get("baseline.decision")
    return FairnessInputs(
        groupings=[grouping.take(total.rows) for grouping in groupings],
        counts={g.name: np.asarray(total.part.sums[f"counts.{g.name}"], np.int64) for g in groupings},
        target=study.target.take(total.rows),
        decisions=np.asarray(columns["candidate.decision"], np.int32),
        scores=np.asarray(columns["candidate.scores"], np.float64) if "candidate.scores" in columns else None,
        baseline_decisions=None if baseline is None else np.asarray(baseline, np.int32),
        clusters=study.clusters(total.rows),
        audit=study.config.audit,
        seed=study.options.seed,
        name=study.candidate.name,
        baseline_name=study.baseline.name if study.baseline else None,
    )


def read_fairness(inputs: FairnessInputs) -> Findings:
    """Rates, disparities and data facts of every grouping."""
    measurements: list[Measurement] = []
    for grouping in inputs.groupings:
        measurements += _table(inputs, grouping)
        measurements += _data_facts(inputs, grouping)
    return Findings(measurements=measurements, notes=list(_notes(inputs)), drawings=list(_drawings(inputs)))


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
        aligned=_aligned(inputs, grouping),
        cluster_counts=_cluster_counts(inputs, grouping),
        soft=soft,
    )


def _aligned(inputs: FairnessInputs, grouping: Categorical) -> NDArray[np.bool_] | None:
    """The group that goes with each class: that of the same name where groups are named like classes."""
    if set(grouping.values) == set(inputs.target.values) and len(grouping.values) > 2:
        return np.array([[group == value for value in inputs.target.values] for group in grouping.values])
    relation = inputs.counts[grouping.name].sum(axis=-1)
    if (relation == relation.flat[0]).all():
        return None  # balanced cells: no group goes with any class
    return aligned_cells(relation)


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
    )
    return table.counts.reshape(-1, groups, classes, classes)


def _data_facts(inputs: FairnessInputs, grouping: Categorical) -> Iterator[Measurement]:
    table = contingency(
        grouping.codes, inputs.target.codes, rows=len(grouping.values), columns=len(inputs.target.values)
    )
    for name, value in association(table).items():
        number = finite(value)
        yield Measurement(
            audit="fairness",
            metric=name,
            attribute=grouping.name,
            value=number,
            status="ok" if number is not None else "undefined",
            reason=None if number is not None else "a row or a column of the table of attribute and target is empty",
            n=int(table.sum()),
        )


def _notes(inputs: FairnessInputs) -> Iterator[str]:
    for grouping in inputs.groupings:
        unknown = int((grouping.codes < 0).sum())
        if unknown:
            yield (
                f"{unknown} of {len(grouping.codes)} rows have an unknown {grouping.name}: "
                "they are their own stratum, in no group."
            )


def _drawings(inputs: FairnessInputs) -> Iterator[Drawing]:
    del inputs
    yield from ()
