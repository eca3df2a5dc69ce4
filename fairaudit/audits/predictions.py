"""Group fairness of a table of predictions, with no model and no images."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.fairness_inputs import FairnessInputs
from fairaudit.audits.fairness_read import read_fairness
from fairaudit.audits.groups import all_groupings
from fairaudit.audits.metrics import FAIRNESS, applicable
from fairaudit.audits.run import drawn
from fairaudit.audits.write import write_report_folder
from fairaudit.config.options import RunOptions
from fairaudit.config.schema import AuditConfig, DataConfig, GateRule
from fairaudit.data.categorical import Categorical, encode, encode_as
from fairaudit.data.tables import Table, read_table
from fairaudit.errors import DataError, UsageError
from fairaudit.gate.judge import judge
from fairaudit.measures.confusion import confusion
from fairaudit.results.provenance import file_sha256, library_versions
from fairaudit.results.report import Data, Excluded, Report, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumns:
    """Which column of the table means what."""

    truth: str
    """True label."""
    prediction: str | None = None
    """Predicted label; needed unless there is a score."""
    score: str | None = None
    """Probability of the positive class of a binary target."""
    attributes: tuple[str, ...]
    """Protected attributes."""
    cluster: str | None = None
    """Resampling unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """The table as codes, rows of unknown truth or prediction left out."""

    target: Categorical
    decisions: NDArray[np.int32]
    scores: NDArray[np.float64] | None
    attributes: Mapping[str, Categorical]
    cluster: Categorical | None
    excluded: tuple[Excluded, ...]
    rows: int
    notes: tuple[str, ...]


def audit_table(
    path: Path,
    columns: TableColumns,
    *,
    audit: AuditConfig,
    gates: list[GateRule],
    options: RunOptions,
    threshold: float = 0.5,
) -> Report:
    """Measure the fairness of a predictions table and write the report folder.

    Raises:
        DataError: a column is missing or cannot be read.
        UsageError: neither prediction nor score is named, or no attribute.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    predicted = read_predictions(path, columns, threshold=threshold)
    groupings = all_groupings(list(predicted.attributes.values()), intersections=audit.intersections)
    findings = read_fairness(_inputs(predicted, groupings, audit, options.seed))
    rules, unjudged = applicable(gates, FAIRNESS)
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
            rules,
            findings.measurements,
            excluded=len(predicted.excluded),
            max_excluded=options.max_excluded,
            fail_on=options.fail_on,
        ),
        excluded=list(predicted.excluded),
        notes=[*predicted.notes, *findings.notes, *unjudged],
        figures=figures,
    )
    write_report_folder(report, options.output, options.formats)
    return report


def read_predictions(path: Path, columns: TableColumns, *, threshold: float) -> Predicted:
    """The table's columns as codes and scores.

    Raises:
        DataError: a column is missing, a score is no probability, or no row can be used.
        UsageError: neither prediction nor score is named, or no attribute.
    """
    if columns.prediction is None and columns.score is None:
        raise UsageError("The table's predictions are not named", wanted="--prediction COLUMN, --score COLUMN, or both")
    if not columns.attributes:
        raise UsageError("No attribute is named", wanted="--attribute COLUMN at least once")
    table = read_table(path)
    unknown = DataConfig(manifest=path.name).unknown
    truth = table.column(columns.truth, asked="--truth")
    target = encode(columns.truth, truth, unknown=unknown, where=table.file).column
    scores = None if columns.score is None else _scores(table, columns.score)
    if scores is not None and len(target.values) != 2:
        raise DataError(
            "One score cannot stand for a target with several values",
            wanted="a target with two values",
            found=f"{len(target.values)} values",
            where=f'{table.file}, column "{columns.truth}"',
            advice="Leave --score out; the other measures need only --prediction.",
        )
    decisions = _decisions(table, columns, target, scores, threshold, unknown)
    attributes = {}
    for name in columns.attributes:
        texts = table.column(name, asked="--attribute")
        attributes[name] = encode(name, texts, unknown=unknown, where=table.file).column
    cluster = None
    if columns.cluster is not None:
        texts = table.column(columns.cluster, asked="data.cluster")
        cluster = _as_labels(columns.cluster, texts)
    return _usable(table, target, decisions, scores, attributes, cluster)


def _usable(
    table: Table,
    target: Categorical,
    decisions: NDArray[np.int32],
    scores: NDArray[np.float64] | None,
    attributes: Mapping[str, Categorical],
    cluster: Categorical | None,
) -> Predicted:
    lost = np.where(target.codes < 0, "the true label is missing", "")
    lost = np.where((decisions < 0) & (lost == ""), "the prediction is missing", lost)
    keep = np.flatnonzero(lost == "")
    if keep.size == 0:
        raise DataError("Not one row of the table has both a truth and a prediction", where=table.file)
    excluded = tuple(
        Excluded(row=row, id=table.places[row], reason=str(lost[row])) for row in np.flatnonzero(lost != "").tolist()
    )
    return Predicted(
        target=target.take(keep),
        decisions=decisions[keep],
        scores=None if scores is None else scores[keep],
        attributes={name: column.take(keep) for name, column in attributes.items()},
        cluster=None if cluster is None else cluster.take(keep),
        excluded=excluded,
        rows=len(table),
        notes=(),
    )


def _scores(table: Table, name: str) -> NDArray[np.float64]:
    texts = table.column(name, asked="--score")
    values = np.empty(len(texts))
    for row, text in enumerate(texts):
        try:
            values[row] = float(text) if text else np.nan
        except ValueError:
            values[row] = np.inf
        if values[row] < 0 or values[row] > 1:
            raise DataError(
                "A score is no probability",
                wanted="a number from 0 to 1",
                found=text,
                where=f'{table.file}, column "{name}", {table.places[row]}',
            )
    return np.stack([1 - values, values], axis=1)


def _decisions(
    table: Table,
    columns: TableColumns,
    target: Categorical,
    scores: NDArray[np.float64] | None,
    threshold: float,
    unknown: list[str],
) -> NDArray[np.int32]:
    if columns.prediction is not None:
        texts = table.column(columns.prediction, asked="--prediction")
        return encode_as(
            columns.prediction, texts, classes=target.values, unknown=unknown, where=table.file, places=table.places
        ).codes
    if scores is None:  # one of the two is there, which the caller has checked
        raise ValueError("neither prediction nor score")
    positive = scores[:, 1]
    return np.where(np.isnan(positive), -1, positive >= threshold).astype(np.int32)


def _as_labels(name: str, texts: object) -> Categorical:
    values, codes = np.unique(np.asarray(texts, dtype=np.str_), return_inverse=True)
    return Categorical(name=name, values=tuple(values.tolist()), codes=codes.astype(np.int32))


def _inputs(predicted: Predicted, groupings: list[Categorical], audit: AuditConfig, seed: int) -> FairnessInputs:
    classes = len(predicted.target.values)
    tables = {
        grouping.name: confusion(
            grouping.codes, predicted.target.codes, predicted.decisions, groups=len(grouping.values), classes=classes
        )
        for grouping in groupings
    }
    return FairnessInputs(
        groupings=groupings,
        counts={name: table.counts.astype(np.int64) for name, table in tables.items()},
        target=predicted.target,
        decisions=predicted.decisions,
        scores=predicted.scores,
        baseline_decisions=None,
        clusters=None if predicted.cluster is None else predicted.cluster.codes.astype(np.int64),
        audit=audit,
        seed=seed,
        name="table",
        baseline_name=None,
    )


def _data(path: Path, predicted: Predicted, groupings: list[Categorical], audit: AuditConfig, seed: int) -> Data:
    from fairaudit.audits.assemble import cells

    return Data(
        name=path.name,
        digest=hashlib.sha256(file_sha256(path).encode()).hexdigest(),
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
