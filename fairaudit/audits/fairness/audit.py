"""The fairness audit: how each group is decided about, from counts[group, true, predicted] and the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fairaudit.audits.core.plan import AuditPlan
from fairaudit.audits.core.report.metrics import FAIRNESS
from fairaudit.audits.core.stream.audit import Audit, Context, Findings, Predictions, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.stream.trial import Trials
from fairaudit.audits.core.study.groups import groupings
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.fairness.inputs import COUNTS, DECISION, SCORES, fairness_inputs
from fairaudit.audits.fairness.read import read_fairness
from fairaudit.audits.fairness.worst import worst_drawings
from fairaudit.engine.part import Columns, Part
from fairaudit.measures.counts.confusion import confusion

MOST_SCORES = 100
"""Scores of every class are kept for models with at most so many classes; beyond, only decisions are."""


class FairnessAudit:
    """Counts per group, and the scores that threshold-free measures need; for the candidate and the baseline."""

    name = "fairness"

    def __init__(self, study: Study) -> None:
        self._groupings = groupings(study)
        self._classes = len(study.target.values)

    def settings(self) -> Mapping[str, Any]:
        """The groupings that are counted."""
        return {"groupings": [grouping.name for grouping in self._groupings]}

    def map(self, context: Context) -> Part:
        """Counts of every grouping as sums; decisions and scores per image as columns."""
        columns = self._columns("candidate", context.candidate)
        if context.baseline is not None:
            columns |= self._columns("baseline", context.baseline)
        return Part(sums=self._counts(context), columns=columns)

    def measure(self, total: Total) -> Findings:
        """Rates, disparities and data facts of every grouping, with their uncertainty."""
        found = read_fairness(fairness_inputs(total, self._groupings))
        return replace(found, drawings=[*found.drawings, *worst_drawings(total)])

    def _counts(self, context: Context) -> Columns:
        sums: Columns = {}
        for grouping in self._groupings:
            table = confusion(
                grouping.codes[context.batch.rows],
                context.batch.target,
                context.candidate.decisions,
                groups=len(grouping.values),
                classes=self._classes,
            )
            sums[column(COUNTS, grouping.name)] = table.counts
            sums[column("unknown", grouping.name)] = table.unknown
        return sums

    def _columns(self, role: str, predictions: Predictions) -> Columns:
        columns: Columns = {column(role, DECISION): predictions.decisions}
        if self._classes <= MOST_SCORES and predictions.model.head.scored:
            columns[column(role, SCORES)] = predictions.scores
        return columns


def _audits(study: Study, _trials: Trials) -> Sequence[Audit]:
    return [FairnessAudit(study)]


PLAN = AuditPlan(audits_for=_audits, metrics=FAIRNESS, needs_attributes=True, with_regions=False)
