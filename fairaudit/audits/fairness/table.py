"""Group fairness of a table of predictions, with no model and no images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.report.against import against
from fairaudit.audits.core.report.alike import alike
from fairaudit.audits.core.report.assemble import Clock, report_of, run_block
from fairaudit.audits.core.report.chance import unlike_labels
from fairaudit.audits.core.report.finish import Tell, finished
from fairaudit.audits.core.report.gates import check_gates, check_names
from fairaudit.audits.core.report.write import ready_folder
from fairaudit.audits.core.study.alignment import check_pairs
from fairaudit.audits.core.study.cells import cells
from fairaudit.audits.core.study.groups import all_groupings
from fairaudit.audits.fairness.inputs import FairnessInputs
from fairaudit.audits.fairness.read import read_fairness
from fairaudit.audits.fairness.table_file import Predicted, TableColumns, read_predictions
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig, GateRule, Split
from fairaudit.data.categorical import Categorical
from fairaudit.gate.rules import in_words
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.counts.association import contingency
from fairaudit.measures.counts.confusion import Counts, confusion
from fairaudit.measures.intervals.power import EXPECTED_RATE, detectable_gaps
from fairaudit.results.measurement import finite
from fairaudit.results.report import Data, Report
from fairaudit.tables.metrics import names_of


def audit_table(
    path: Path,
    columns: TableColumns,
    *,
    audit: AuditConfig,
    gates: list[GateRule],
    options: RunOptions,
    split: Split | None = None,
    threshold: float = 0.5,
    tell: Tell | None = None,
) -> Report:
    """Measure the fairness of a predictions table, print the answer and write the report folder.

    Raises:
        DataError: a column is missing or cannot be read.
        UsageError: neither prediction nor score is named, or no attribute.
        OutputError: the folder cannot be written.
    """
    clock = Clock.start()
    predicted, groupings = _checked(
        path, columns, audit=audit, gates=gates, options=options, split=split, threshold=threshold
    )
    ready_folder(options.output)
    inputs = _inputs(predicted, groupings, audit, seed=options.seed, name=path.stem, baseline=columns.baseline)
    findings = against(read_fairness(inputs), options.against, digest=predicted.digest)
    report = report_of(
        gates,
        findings.measurements,
        options=options,
        run=run_block(options, clock),
        data=_data(path, predicted, groupings, audit, options.seed),
        alike=alike(predicted.decisions, predicted.target, groupings),
        unlike=unlike_labels(predicted.decisions, predicted.target),
        excluded=predicted.excluded,
        notes=[*predicted.notes, *findings.notes],
    )
    return finished(report, findings.drawings, folder=options.output, options=options, tell=tell)


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """What the audit of a table would do."""

    rows: int
    """Rows that would be scored."""
    excluded: int
    """Rows that would be left out."""
    cells: Mapping[str, Mapping[str, Mapping[str, int | None]]]
    """attribute → group → target value → rows."""
    detectable: Mapping[str, Mapping[str, float | None]]
    """attribute → rate → smallest gap that would be found with a power of 80 %; null where none would."""
    not_judged: Sequence[str]
    """Gate rules that this command could not judge, in words."""


def plan_table(
    path: Path,
    columns: TableColumns,
    *,
    audit: AuditConfig,
    gates: list[GateRule],
    options: RunOptions,
    split: Split | None = None,
) -> TablePlan:
    """Read and check everything as `audit_table` does, and write nothing.

    Raises:
        DataError: a column is missing or cannot be read.
        UsageError: neither prediction nor score is named, or no attribute, or a gate rule cannot be meant.
    """
    predicted, groupings = _checked(path, columns, audit=audit, gates=gates, options=options, split=split)
    names = {grouping.name for grouping in groupings}
    made = names_of("fairness")
    left = [rule for rule in gates if rule.measured not in made or rule.region or rule.attribute not in (None, *names)]
    return TablePlan(
        rows=len(predicted.decisions),
        excluded=len(predicted.excluded),
        cells={grouping.name: cells(grouping, predicted.target, audit.min_cell) for grouping in groupings},
        detectable={grouping.name: _detectable(grouping, predicted.target, audit.level) for grouping in groupings},
        not_judged=[in_words(rule) for rule in left],
    )


def _detectable(grouping: Categorical, target: Categorical, level: float) -> dict[str, float | None]:
    sizes = {"rows": len(grouping.values), "columns": len(target.values)}
    table = contingency(grouping.codes, target.codes, **sizes)
    return {rate: finite(gap) for rate, gap in detectable_gaps(table, base=EXPECTED_RATE, level=level).items()}


def _checked(
    path: Path,
    columns: TableColumns,
    *,
    audit: AuditConfig,
    gates: list[GateRule],
    options: RunOptions,
    split: Split | None,
    threshold: float = 0.5,
) -> tuple[Predicted, list[Categorical]]:
    check_gates(gates)
    predicted = read_predictions(
        path,
        columns,
        threshold=threshold,
        split=split,
        limit=options.limit,
        seed=options.seed,
        aligned=audit.aligned,
    )
    groupings = all_groupings(list(predicted.attributes.values()), intersections=audit.intersections)
    check_names(gates, groupings, predicted.target)
    check_pairs(audit.aligned, groupings, predicted.target)
    return predicted, groupings


def _inputs(
    predicted: Predicted,
    groupings: list[Categorical],
    audit: AuditConfig,
    *,
    seed: int,
    name: str,
    baseline: str | None,
) -> FairnessInputs:
    tables = {grouping.name: _count(predicted, grouping, predicted.weights) for grouping in groupings}
    squared = fourth = None
    if predicted.weights is not None:
        squared, fourth = (
            {g.name: np.asarray(_count(predicted, g, predicted.weights**power), np.float64) for g in groupings}
            for power in (2, 4)
        )
    return FairnessInputs(
        groupings=groupings,
        counts=tables,
        target=predicted.target,
        decisions=predicted.decisions,
        scores=predicted.scores,
        baseline_decisions=predicted.baseline,
        clusters=None if predicted.cluster is None else partition(predicted.cluster.codes),
        audit=audit,
        seed=seed,
        name=name,
        baseline_name=baseline,
        controls=list(predicted.controls.values()),
        weights=predicted.weights,
        squared=squared,
        fourth=fourth,
        training=predicted.training,
        single=list(predicted.attributes.values()),
    )


def _count(predicted: Predicted, grouping: Categorical, weights: NDArray[np.float64] | None) -> Counts:
    table = confusion(
        grouping.codes,
        predicted.target.codes,
        predicted.decisions,
        groups=len(grouping.values),
        classes=len(predicted.target.values),
        weights=weights,
    )
    return table.counts


def _data(path: Path, predicted: Predicted, groupings: list[Categorical], audit: AuditConfig, seed: int) -> Data:
    return Data(
        name=path.name,
        digest=predicted.digest,
        rows=predicted.rows,
        scored=len(predicted.decisions),
        target=predicted.target.name,
        classes=list(predicted.target.values),
        attributes={grouping.name: list(grouping.values) for grouping in groupings},
        unknown={grouping.name: int((grouping.codes < 0).sum()) for grouping in groupings},
        cells={grouping.name: cells(grouping, predicted.target, audit.min_cell) for grouping in groupings},
        regions={},
        seed=seed,
    )
