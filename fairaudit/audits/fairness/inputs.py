"""What fairness is measured from, whether a model or a table brought it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.study.alignment import GroupTargets, alignment
from fairaudit.config.schema import AuditConfig
from fairaudit.data.categorical import Categorical
from fairaudit.data.training import Training
from fairaudit.engine.part import Array, Name
from fairaudit.measures.counts.confusion import Counts

Floats = NDArray[np.float64]
COUNTS, DECISION, SCORES = "counts", "decision", "scores"
"""Parts of the names of what the audit keeps: (counts, grouping), (role, decision), (role, scores)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessInputs:
    """What fairness is measured from; per-image arrays are over the scored rows, in one order."""

    groupings: Sequence[Categorical]
    """Attributes and intersections, at the scored rows."""
    counts: Mapping[str, Counts]
    """Grouping → counts[group, true, predicted]; sums of weights where there are weights."""
    target: Categorical
    """True class, at the scored rows."""
    decisions: NDArray[np.int32]
    scores: Floats | None
    """[image, class], None where the model has too many classes or the table has no score."""
    baseline_decisions: NDArray[np.int32] | None
    clusters: NDArray[np.int64] | None
    """Sampling unit of every scored row (`partition`); None where images are."""
    audit: AuditConfig
    seed: int
    name: str
    """The candidate's name."""
    baseline_name: str | None
    controls: Sequence[Categorical] = ()
    """Control attributes: groups are compared within their values, not across."""
    single: Sequence[Categorical] = ()
    """The attributes without their intersections."""
    weights: Floats | None = None
    """Weight of every scored row; None counts rows."""
    baseline_scores: Floats | None = None
    """[image, class] of the baseline; None without one, or where only its decisions are known."""
    training: Training | None = None
    """Target and attributes of the training rows, where the configuration names them."""
    squared: Mapping[str, Floats] | None = None
    """Grouping → sums of squared weights, where there are weights."""
    fourth: Mapping[str, Floats] | None = None
    """Grouping → sums of their fourth powers."""

    def alignment(self, grouping: Categorical) -> GroupTargets:
        """Which of its groups go with which target values in training."""
        return alignment(grouping, self.target, aligned=self.audit.aligned, training=self.training)

    def is_single(self, grouping: Categorical) -> bool:
        """Whether this is one attribute and no intersection of several."""
        return any(grouping.name == attribute.name for attribute in self.single)


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessView:
    """What one attribute or intersection is read from: the inputs, and which of their groupings."""

    inputs: FairnessInputs
    grouping: Categorical


def views(inputs: FairnessInputs) -> Iterator[FairnessView]:
    """Every grouping of the inputs."""
    for grouping in inputs.groupings:
        yield FairnessView(inputs=inputs, grouping=grouping)


def fairness_inputs(total: Total, groupings: Sequence[Categorical]) -> FairnessInputs:
    """The audit's reduced state as inputs."""
    study, columns = total.study, total.part.columns
    baseline = columns.get(column("baseline", DECISION))
    return FairnessInputs(
        groupings=[grouping.take(total.rows) for grouping in groupings],
        counts={g.name: np.asarray(total.part.sums[column(COUNTS, g.name)], np.int64) for g in groupings},
        target=study.target.take(total.rows),
        decisions=np.asarray(columns[column("candidate", DECISION)], np.int32),
        scores=_scores(columns, "candidate"),
        baseline_decisions=None if baseline is None else np.asarray(baseline, np.int32),
        baseline_scores=_scores(columns, "baseline"),
        clusters=study.clusters(total.rows),
        audit=study.config.audit,
        seed=study.options.seed,
        name=study.candidate.name,
        baseline_name=study.baseline.name if study.baseline else None,
        training=study.manifest.training,
        single=[study.manifest.attributes[name].take(total.rows) for name in study.attributes],
        controls=[study.manifest.attributes[name].take(total.rows) for name in study.controls],
    )


def _scores(columns: Mapping[Name, Array], role: str) -> Floats | None:
    found = columns.get(column(role, SCORES))
    return None if found is None else np.asarray(found, np.float64)
