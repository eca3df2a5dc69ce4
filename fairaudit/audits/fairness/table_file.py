"""Reads a table of predictions: truth, decisions, scores, attributes, weights and clusters, row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.study.study import check_roles, require_attributes
from fairaudit.audits.fairness.table_notes import contradicted, table_notes
from fairaudit.config.schema import Aligned, DataConfig, Split
from fairaudit.data.categorical import Categorical, encode, encode_as
from fairaudit.data.chosen_rows import Rows, limited_rows, split_rows
from fairaudit.data.columns import candidate_attributes
from fairaudit.data.tables import Table, read_table
from fairaudit.data.training import Training, training_rows
from fairaudit.errors import DataError, UsageError
from fairaudit.results.report import Excluded

Floats = NDArray[np.float64]
UNKNOWN = DataConfig(manifest="table").unknown
SUM = 1e-3
"""How far a row's scores may be from summing to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumns:
    """The meaning of the table's columns."""

    truth: str
    """True label."""
    prediction: str | None = None
    """Predicted label; needed unless there is a score."""
    scores: tuple[str, ...] = ()
    """One column: probability of the positive class of a binary target. Several: one per target value, in order."""
    classes: tuple[str, ...] | None = None
    """Target values in the order of the score columns; sorted when left out."""
    attributes: tuple[str, ...]
    """Protected attributes."""
    controls: tuple[str, ...] = ()
    """Attributes to compare within."""
    baseline: str | None = None
    """Label that another model predicted for the same row."""
    id: str | None = None
    """Row id; the row's place in the file when left out."""
    weight: str | None = None
    """Weight of the row."""
    cluster: str | None = None
    """Resampling unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """The table as codes, rows that cannot be used left out."""

    target: Categorical
    decisions: NDArray[np.int32]
    scores: Floats | None
    """[row, class]."""
    baseline: NDArray[np.int32] | None
    attributes: Mapping[str, Categorical]
    controls: Mapping[str, Categorical]
    weights: Floats | None
    cluster: Categorical | None
    excluded: tuple[Excluded, ...]
    training: Training | None
    """The training rows, where `aligned` names their split."""
    rows: int
    digest: str
    """Of ids, truths and attributes of all rows: equal for two models' predictions on the same data."""
    notes: tuple[str, ...]


def read_predictions(
    path: Path,
    columns: TableColumns,
    *,
    threshold: float,
    split: Split | None = None,
    limit: int | None = None,
    seed: int = 0,
    aligned: Aligned | None = None,
) -> Predicted:
    """The table's columns as codes and scores; codes and their values come from all rows of the file.

    Args:
        path: CSV, JSON Lines or Parquet file.
        columns: what they mean.
        threshold: smallest score of the positive class that decides for it, where there is no decision.
        split: rows to use; all of them when left out.
        limit: largest number of rows, a seeded random part.
        seed: seed of that part.
        aligned: names the split of the training rows.

    Raises:
        DataError: a column is missing, a score is no probability, or no row can be used.
        UsageError: neither prediction nor score is named, or no attribute.
    """
    _check(columns)
    table = read_table(path, what="The table of predictions", asked="--predictions")
    require_attributes(columns.attributes, candidate_attributes(table, but=_other(columns)), where=table.file)
    check_roles(columns.truth, columns.attributes, columns.controls, where=table.file)
    target = _target(table, columns)
    scores = _scores(table, columns, target)
    decisions = _labels(table, columns.prediction, "--prediction", target)
    if decisions is None:
        decisions = decided(scores, threshold)
    baseline = _labels(table, columns.baseline, "--baseline-prediction", target)
    attributes = _attributes(table, columns.attributes, "--attribute")
    ids = _ids(table, columns.id)
    rows, notes = _chosen(table, split, limit, seed)
    weights, cluster = _weights(table, columns.weight), _cluster(table, columns.cluster)
    controls = _attributes(table, columns.controls, "--control")
    rows = _ordered(
        rows,
        None if columns.id is None else ids,
        [target, *attributes.values(), *controls.values(), *([] if cluster is None else [cluster])],
        [decisions, baseline, scores, weights],
    )
    lost = _lost(target, decisions, scores, baseline)[rows]
    keep = rows[lost == ""]
    if keep.size == 0:
        raise DataError("No row of the table has both a true label and a prediction", where=table.file)
    return Predicted(
        target=target.take(keep),
        decisions=decisions[keep],
        scores=None if scores is None else scores[keep],
        baseline=None if baseline is None else baseline[keep],
        attributes={name: column.take(keep) for name, column in attributes.items()},
        controls={name: column.take(keep) for name, column in controls.items()},
        weights=None if weights is None else weights[keep],
        cluster=None if cluster is None else cluster.take(keep),
        excluded=_excluded(rows, ids, lost),
        training=training_rows(table, target, attributes, aligned=aligned, split=split, optional=True),
        rows=len(rows),
        digest=_digest(rows, ids if columns.id else [""] * len(ids), target, attributes),
        notes=(
            *notes,
            *_notes(columns, target),
            *([] if scores is None else contradicted(decisions[keep], decided(scores, threshold)[keep])),
            *table_notes(table, [columns.truth, *columns.attributes], unknown=UNKNOWN, ids=columns.id is not None),
        ),
    )


def _excluded(rows: Rows, ids: Sequence[str], lost: NDArray[np.str_]) -> tuple[Excluded, ...]:
    """The rows that are lost, with the reason."""
    places = np.flatnonzero(lost != "")
    return tuple(Excluded(row=int(rows[at]), id=ids[rows[at]], reason=str(lost[at])) for at in places)


def _other(columns: TableColumns) -> list[str | None]:
    """Columns that mean something else than an attribute."""
    single = (columns.truth, columns.prediction, columns.baseline, columns.id, columns.weight, columns.cluster)
    return [*single, *columns.scores]


def _chosen(table: Table, split: Split | None, limit: int | None, seed: int) -> tuple[Rows, tuple[str, ...]]:
    rows, notes = split_rows(table, split)
    part, more = limited_rows(len(rows), limit, seed=seed)
    return rows[part], (*notes, *more)


def decided(scores: Floats | None, threshold: float) -> NDArray[np.int32]:
    """Decisions from scores: the positive class from the threshold on, or the class with the highest; -1 for NaN.

    >>> decided(np.array([[0.4, 0.6], [0.5, 0.5], [np.nan, np.nan]]), 0.5).tolist()
    [1, 1, -1]
    """
    if scores is None:
        raise ValueError("neither prediction nor score")
    chosen = scores[:, 1] >= threshold if scores.shape[1] == 2 else np.nan_to_num(scores).argmax(1)
    return np.where(np.isnan(scores).any(1), -1, chosen).astype(np.int32)


def _check(columns: TableColumns) -> None:
    if columns.prediction is None and not columns.scores:
        raise UsageError("The table's predictions are not named", wanted="--prediction COLUMN, --score COLUMN, or both")
    if columns.weight is not None and columns.baseline is not None:
        raise UsageError(
            "--weight cannot be combined with --baseline-prediction",
            advice="Leave one of them out: the paired tests need images, not weights.",
        )


def _target(table: Table, columns: TableColumns) -> Categorical:
    texts = table.column(columns.truth, asked="--truth")
    if columns.classes is not None:
        return encode_as(
            columns.truth, texts, classes=columns.classes, unknown=UNKNOWN, where=table.file, places=table.places
        )
    return encode(columns.truth, texts, unknown=UNKNOWN, where=table.file).column


def _labels(table: Table, name: str | None, asked: str, target: Categorical) -> NDArray[np.int32] | None:
    if name is None:
        return None
    texts = table.column(name, asked=asked)
    return encode_as(
        name, texts, classes=target.values, unknown=UNKNOWN, where=table.file, places=table.places
    ).codes  # fmt: skip


def _scores(table: Table, columns: TableColumns, target: Categorical) -> Floats | None:
    names, classes = columns.scores, target.values
    if not names:
        return None
    if len(names) != len(classes) and not (len(names) == 1 and len(classes) == 2):
        raise DataError(
            "One score cannot stand for a target with several values"
            if len(names) == 1
            else "There are more or fewer score columns than target values",
            wanted=f"one --score for each of {', '.join(classes[:8])}" + (" and so on" if len(classes) > 8 else ""),
            found=f"{len(names)} for {len(classes)} values",
            where=f'{table.file}, column "{columns.truth}"',
            advice="Leave --score out where --prediction is given, or name a column for every value.",
        )
    found = np.stack([_numbers(table, name, "--score", "A score is not a probability", 0, 1) for name in names], axis=1)
    if len(names) == 1:
        return np.concatenate([1 - found, found], axis=1)
    sums = found.sum(1)
    wrong = np.flatnonzero(np.abs(sums - 1) > SUM)
    if wrong.size:
        raise DataError(
            "The scores of a row do not sum to 1",
            wanted="probabilities of all target values",
            found=f"a sum of {sums[wrong[0]]:.4g}",
            where=f"{table.file}, {table.places[wrong[0]]}",
        )
    return np.asarray(found / sums[:, None], np.float64)


def _numbers(table: Table, name: str, asked: str, problem: str, least: float, most: float) -> Floats:
    texts = table.column(name, asked=asked)
    values = np.full(len(texts), np.nan)
    for row, text in enumerate(texts):
        if text.lower() in UNKNOWN:
            continue
        try:
            values[row] = float(text)
        except ValueError:
            values[row] = np.nan
        if not (least <= values[row] <= most and np.isfinite(values[row])):
            wanted = f"a number from {least:g} to {most:g}" if np.isfinite(most) else f"a number from {least:g} on"
            where = f'{table.file}, column "{name}", {table.places[row]}'
            raise DataError(problem, wanted=wanted, found=text, where=where)
    return values


def _weights(table: Table, name: str | None) -> Floats | None:
    if name is None:
        return None
    values = _numbers(table, name, "--weight", "A weight is not a number of 0 or more", 0, np.inf)
    missing = np.flatnonzero(np.isnan(values))
    if missing.size:
        where = f'{table.file}, column "{name}", {table.places[missing[0]]}'
        raise DataError("A row has no weight", where=where, advice="Write 0 for rows that must not count.")
    if not values.any():
        raise DataError("Every weight is 0", where=f'{table.file}, column "{name}"')
    return values


def _cluster(table: Table, name: str | None) -> Categorical | None:
    """Cluster codes in the order of their names; −1 unknown."""
    if name is None:
        return None
    texts = [text if text.lower() not in UNKNOWN else "" for text in table.column(name, asked="--cluster")]
    values, codes = np.unique(np.asarray(["", *texts], dtype=np.str_), return_inverse=True)
    return Categorical(name=name, values=tuple(values[1:].tolist()), codes=(codes[1:] - 1).astype(np.int32))


def _attributes(table: Table, names: Sequence[str], asked: str) -> dict[str, Categorical]:
    texts = {name: table.column(name, asked=asked) for name in names}
    return {name: encode(name, column, unknown=UNKNOWN, where=table.file).column for name, column in texts.items()}


def _ids(table: Table, name: str | None) -> Sequence[str]:
    if name is None:
        return table.places
    ids = table.column(name, asked="--id")
    seen: dict[str, int] = {}
    for row, text in enumerate(ids):
        if not text:
            raise DataError("A row has no id", where=f'{table.file}, column "{name}", {table.places[row]}')
        if text in seen:
            where = f'{table.file}, column "{name}", {table.places[seen[text]]} and {table.places[row]}'
            raise DataError("Two rows have the same id", found=f'"{text}"', where=where)
        seen[text] = row
    return ids


def _lost(
    target: Categorical, decisions: NDArray[np.int32], scores: Floats | None, baseline: NDArray[np.int32] | None
) -> NDArray[np.str_]:
    """Why a row cannot be used, "" where it can."""
    reasons: list[tuple[NDArray[np.bool_], str]] = [
        (np.asarray(target.codes < 0), "the true label is missing"),
        (np.asarray(decisions < 0), "the prediction is missing"),
    ]
    if scores is not None:
        reasons.append((np.asarray(np.isnan(scores).any(1)), "a score is missing"))
    if baseline is not None:
        reasons.append((np.asarray(baseline < 0), "the baseline's prediction is missing"))
    return np.select([rows for rows, _ in reasons], [reason for _, reason in reasons], default="").astype(np.str_)


def _ordered(
    rows: Rows,
    ids: Sequence[str] | None,
    labels: Sequence[Categorical],
    numbers: Sequence[NDArray[np.integer] | NDArray[np.floating] | None],
) -> Rows:
    """The rows by id, then by content: whatever their order in the file, sums add up in the same one."""
    texts = [[column.label(row) for row in rows.tolist()] for column in reversed(labels)]
    if ids is not None:
        texts.append([ids[row] for row in rows.tolist()])
    keys: list[NDArray[np.generic]] = []
    for part in numbers:
        if part is not None:
            keys += list(np.asarray(part)[rows].reshape(len(rows), -1).T)
    keys += [np.unique(np.asarray([str(text) for text in column]), return_inverse=True)[1] for column in texts]
    return rows[np.lexsort(keys)] if keys else rows


def _digest(rows: Rows, ids: Sequence[str], target: Categorical, attributes: Mapping[str, Categorical]) -> str:
    # Labels as texts, not codes: another model's table may lack a value or list them in another order.
    columns, places = [target, *(attributes[name] for name in sorted(attributes))], rows.tolist()
    texts = [[column.name, [column.label(row) for row in places]] for column in columns]
    return hashlib.sha256(json.dumps([[ids[row] for row in places], texts]).encode()).hexdigest()


def _notes(columns: TableColumns, target: Categorical) -> tuple[str, ...]:
    notes = []
    if len(columns.scores) > 1:
        pairs = ", ".join(f"{v} = {name}" for v, name in zip(target.values, columns.scores, strict=True))
        notes.append(f"Score columns in the order of the target values: {pairs}; --classes sets another order.")
    if columns.weight is not None:
        notes.append(
            f"Rows are weighted by {columns.weight}: intervals use Kish's effective sizes, and p values by permutation "
            "do not exist."
        )
    return tuple(notes)
