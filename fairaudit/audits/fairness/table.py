"""Group fairness of a table of predictions, with no model and no images."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.against import against
from fairaudit.audits.core.alike import alike
from fairaudit.audits.core.cells import cells
from fairaudit.audits.core.drawn import drawn, with_gate_figure
from fairaudit.audits.core.gates import check_gates, check_names
from fairaudit.audits.core.groups import all_groupings
from fairaudit.audits.core.write import write_report_folder
from fairaudit.audits.fairness.inputs import FairnessInputs
from fairaudit.audits.fairness.read import read_fairness
from fairaudit.audits.fairness.table_file import Predicted, TableColumns, read_predictions
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig, GateRule, Split
from fairaudit.data.categorical import Categorical
from fairaudit.gate.judge import judge
from fairaudit.measures.clusters.partition import partition
from fairaudit.measures.counts.confusion import Counts, confusion
from fairaudit.results.provenance import library_versions
from fairaudit.results.report import Data, Report, Run


def audit_table(
    path: Path,
    columns: TableColumns,
    *,
    audit: AuditConfig,
    gates: list[GateRule],
    options: RunOptions,
    split: Split | None = None,
    threshold: float = 0.5,
) -> Report:
    """Measure the fairness of a predictions table and write the report folder.

    Raises:
        DataError: a column is missing or cannot be read.
        UsageError: neither prediction nor score is named, or no attribute.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
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
    inputs = _inputs(predicted, groupings, audit, seed=options.seed, name=path.stem, baseline=columns.baseline)
    findings = against(read_fairness(inputs), options.against, digest=predicted.digest)
    figures = drawn(findings.drawings, options.output)
    report = Report(
        run=Run(
            started=started.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - clock, 3),
            command=list(options.command),
            device="cpu",
            resumed_chunks=0,
            versions=library_versions(),
        ),
        data=_data(path, predicted, groupings, audit, options.seed),
        models=[],
        measurements=list(findings.measurements),
        verdicts=[],
        gate=judge(
            gates,
            findings.measurements,
            alike=alike(predicted.decisions, predicted.target, groupings),
            excluded=len(predicted.excluded),
            max_excluded=options.max_excluded,
            fail_on=options.fail_on,
        ),
        excluded=list(predicted.excluded),
        notes=[*predicted.notes, *findings.notes],
        figures=figures,
    )
    report = with_gate_figure(report, options.output)
    write_report_folder(report, options.output, options.formats)
    return report


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
    squared = None
    if predicted.weights is not None:
        squared = {g.name: np.asarray(_count(predicted, g, predicted.weights**2), np.float64) for g in groupings}
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
