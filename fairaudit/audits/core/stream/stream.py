"""The one loop: decode a chunk, predict once, let every audit map it, store it; reduce in order at the end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Audit, Context, Predictions, Total
from fairaudit.audits.core.stream.columns import column
from fairaudit.audits.core.stream.stored import ATTRIBUTE, DECIDED, LAYOUT, ROWS, TARGET
from fairaudit.audits.core.stream.watch import watched
from fairaudit.audits.core.study.device import autocast
from fairaudit.audits.core.study.methods import named_class
from fairaudit.audits.core.study.recall import Recall
from fairaudit.audits.core.study.study import Study
from fairaudit.counted import counted
from fairaudit.data.batch import Batch
from fairaudit.engine.local import compute_chunks, run_chunks
from fairaudit.engine.memory import Halving
from fairaudit.engine.part import Array, Part, merge
from fairaudit.engine.plan import Chunk, Plan
from fairaudit.engine.store import RunStore
from fairaudit.errors import DataError, StoreError
from fairaudit.models.trouble import NanOutputError
from fairaudit.results.provenance import library_versions

if TYPE_CHECKING:
    from fairaudit.audits.core.stream.progress import Progress
    from fairaudit.models.classifier import Classifier

CHUNK_ROWS = 128
"""Rows of a chunk: the unit of decoding, storing and resuming. Fixed, so that the plan depends on the data alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamResult:
    """The result of the loop."""

    totals: Mapping[str, Total]
    """Audit name → its reduced state."""
    rows: NDArray[np.int64]
    """Manifest rows that were scored, in order."""
    decisions: NDArray[np.int32]
    """The candidate's decision about every scored row, as a code of the target."""
    excluded: Sequence[tuple[int, str]]
    """(manifest row, reason) of every row that was not."""
    notes: Sequence[str]
    """What happened to rows that were scored all the same, such as animations."""
    resumed_chunks: int
    """Chunks taken from an earlier run."""
    computed_rows: int
    """Rows computed in this run."""


def stream(study: Study, audits: Sequence[Audit], store: RunStore, progress: Progress) -> StreamResult:
    """Run the audits over all rows, continuing what the store already holds.

    Raises:
        DataError: no row could be scored.
    """
    plan = plan_of(study)
    load, compute = _work(study, audits)
    with progress.task(f"Auditing {study.candidate.name}", total=plan.rows) as advance:
        outcome = run_chunks(plan, load, compute, store, progress=advance, begin=study.options.begin)
    rows, excluded = _accounted(outcome.parts, plan, store)
    if rows.size == 0:
        raise _nothing_scored(study, excluded)
    totals = {audit.name: Total(part=outcome.parts[audit.name], rows=rows, study=study) for audit in audits}
    return StreamResult(
        totals=totals,
        rows=rows,
        decisions=outcome.parts[DECIDED].columns["decision"].astype(np.int32),
        excluded=excluded,
        notes=_notes(outcome.parts[ROWS]),
        resumed_chunks=outcome.resumed_chunks,
        computed_rows=outcome.computed_rows,
    )


def stream_part(study: Study, audits: Sequence[Audit], store: RunStore, chunks: range) -> None:
    """Run the audits over some chunks and leave what they found in the store; `stream` goes on from there."""
    plan = plan_of(study)
    load, compute = _work(study, audits)
    compute_chunks(plan.chunks()[chunks.start : chunks.stop], plan, load, compute, store)


def plan_of(study: Study) -> Plan:
    """How the rows are cut into chunks."""
    return Plan(rows=len(study.manifest.ids), chunk_rows=CHUNK_ROWS)


def _work(
    study: Study, audits: Sequence[Audit]
) -> tuple[Callable[[Chunk], Batch], Callable[[Chunk, Batch], Mapping[str, Part]]]:
    """How a chunk is loaded, and what is found about it."""
    slices = Halving[dict[str, Part]](study.options.batch_size or CHUNK_ROWS)
    recall = None if study.recall is None else study.recall.of_run(run_key(study, {}))

    def load(chunk: Chunk) -> Batch:
        return study.material.loader.load(range(chunk.start, chunk.stop))

    def mapped(batch: Batch) -> list[dict[str, Part]]:
        def one(start: int, stop: int) -> dict[str, Part]:
            with watched(study.options.timeout_per_batch, study.candidate.name):
                return map_batch(study, audits, sliced(batch, start, stop), recall)

        return slices.run(one, len(batch.rows))

    def compute(_chunk: Chunk, batch: Batch) -> Mapping[str, Part]:
        try:
            results = mapped(batch)
        except NanOutputError:  # rare, so found only when it happens: the images are excluded like broken ones
            batch = without_nan(study, batch, slices.batch_size)
            results = mapped(batch)
        parts = {name: merge(result[name] for result in results) for name in results[0]} if results else {}
        return {**parts, ROWS: _rows_part(batch)}

    return load, compute


def map_batch(study: Study, audits: Sequence[Audit], batch: Batch, recall: Recall | None = None) -> dict[str, Part]:
    """Every audit's part for one batch and what was decided, from one forward pass per model.

    Args:
        study: models and data.
        audits: what is found out.
        batch: the images.
        recall: answers that are kept for audits of other models.
    """
    with autocast(str(study.candidate.device), study.options.precision):
        images = batch.images.to(study.candidate.device)
        candidate = _predicted(study.candidate, images, batch, recall)
        context = Context(
            batch=batch,
            images=images,
            candidate=candidate,
            baseline=None if study.baseline is None else _predicted(study.baseline, images, batch, recall),
            explained=explained_classes(study, batch, candidate),
            recall=recall,
        )
        parts = {audit.name: audit.map(context) for audit in audits}
    return {**parts, DECIDED: Part(columns={"decision": context.candidate.decisions})}


def without_nan(study: Study, batch: Batch, batch_size: int) -> Batch:
    """The batch without the images for which a model returns NaN, each excluded with that reason."""
    reasons: dict[int, str] = {}
    for model in (study.candidate, *([study.baseline] if study.baseline is not None else [])):
        for start in range(0, len(batch.rows), batch_size):
            with torch.no_grad(), autocast(str(model.device), study.options.precision):
                try:
                    model.logits(batch.images[start : start + batch_size].to(model.device))
                except NanOutputError as error:
                    places = (np.flatnonzero(error.bad.numpy()) + start).tolist()
                    reasons |= dict.fromkeys(places, f"{model.name} returns NaN for this image.")
    kept = [place for place in range(len(batch.rows)) if place not in reasons]
    excluded = [*batch.excluded, *((int(batch.rows[place]), reason) for place, reason in sorted(reasons.items()))]
    chosen = replace(picked(batch, kept), excluded=tuple(sorted(excluded)))
    rows = set(chosen.rows.tolist())
    return replace(chosen, notes=tuple(note for note in batch.notes if note[0] in rows))


def predict(model: Classifier, images: torch.Tensor) -> Predictions:
    """One forward pass, its scores and its decisions."""
    with torch.no_grad():
        return _read(model, model.logits(images))


def _predicted(model: Classifier, images: torch.Tensor, batch: Batch, recall: Recall | None) -> Predictions:
    """The same, without the pass where it was made for another model's audit."""
    if recall is None or not recall.keeps(model.sha256):
        return predict(model, images)

    def compute() -> dict[str, Array]:
        with torch.no_grad():
            logits = model.logits(images)
        wide = logits.float() if logits.dtype == torch.bfloat16 else logits  # NumPy has no bfloat16
        return {"logits": wide.cpu().numpy()}

    logits = recall.recalled({"predictions": None}, (batch.rows,), compute)["logits"]
    return _read(model, torch.from_numpy(logits).to(images.device))


def _read(model: Classifier, logits: torch.Tensor) -> Predictions:
    with torch.no_grad():
        scores = model.scores(logits)
    decisions = model.decide(scores)
    return Predictions(
        model=model,
        logits=logits,
        scores=scores.cpu().numpy().astype(np.float64),
        decisions=decisions.cpu().numpy().astype(np.int32),
    )


def explained_classes(study: Study, batch: Batch, candidate: Predictions) -> NDArray[np.int64]:
    """The class whose evidence is explained, per image: the true target, the prediction, or a named class."""
    named = named_class(study)
    if named is not None:
        return np.full(len(batch.rows), named, dtype=np.int64)
    explained = batch.target if study.config.audit.explain == "target" else candidate.decisions
    return explained.astype(np.int64)


def run_key(study: Study, work: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Everything that changes a chunk's state; the same key continues an earlier run.

    Args:
        study: models, data and settings.
        work: name of every audit → its settings.
    """
    config = study.config
    facts: dict[str, Any] = {
        "candidate": study.candidate.sha256,
        "baseline": study.baseline.sha256 if study.baseline else None,
        "data": study.material.digest,
        "preprocess": config.preprocess.model_dump(mode="json"),
        "model": config.model.model_dump(mode="json"),
        "regions": {
            name: region.model_dump(mode="json", exclude={"forbidden"}) for name, region in config.regions.items()
        },
        "explain": config.audit.explain,
        "audits": {name: dict(settings) for name, settings in work.items()},
        "seed": study.options.seed,
        "chunk_rows": CHUNK_ROWS,
        "stream": [ROWS, TARGET, DECIDED, LAYOUT],
        "device": str(study.candidate.device).split(":")[0],
        "precision": study.options.precision,
        "batch_size": study.options.batch_size,  # kernels round differently for other numbers of images
        "versions": library_versions(),
    }
    return {name: json.dumps(value, sort_keys=True) for name, value in facts.items()}


def picked(batch: Batch, places: Sequence[int]) -> Batch:
    """Some rows of a batch, by place."""
    index = np.asarray(places, dtype=np.int64)
    return replace(
        batch,
        rows=batch.rows[index],
        ids=tuple(batch.ids[place] for place in places),
        images=batch.images[torch.from_numpy(index)],
        target=batch.target[index],
        attributes={name: codes[index] for name, codes in batch.attributes.items()},
        regions={name: masks[torch.from_numpy(index)] for name, masks in batch.regions.items()},
    )


def sliced(batch: Batch, start: int, stop: int) -> Batch:
    """The rows start … stop of a batch, without what was excluded."""
    part = slice(start, stop)
    return replace(
        batch,
        rows=batch.rows[part],
        ids=batch.ids[part],
        images=batch.images[part],
        target=batch.target[part],
        attributes={name: codes[part] for name, codes in batch.attributes.items()},
        regions={name: masks[part] for name, masks in batch.regions.items()},
        excluded=(),
    )


def _rows_part(batch: Batch) -> Part:
    return Part(
        columns={
            "row": batch.rows.astype(np.int64),
            TARGET: batch.target.astype(np.int64),
            **{column(ATTRIBUTE, name): codes.astype(np.int64) for name, codes in batch.attributes.items()},
            "excluded": np.array([row for row, _ in batch.excluded], dtype=np.int64),
            "reason": np.array([reason for _, reason in batch.excluded], dtype=np.str_),
            "note": np.array([note for _, note in batch.notes], dtype=np.str_),
        }
    )


def _accounted(
    parts: Mapping[str, Part], plan: Plan, store: RunStore
) -> tuple[NDArray[np.int64], list[tuple[int, str]]]:
    """The rows scored and excluded, which together are all rows, each once, and the scored ones in order.

    Raises:
        StoreError: they are not, so that what the store holds is not what an audit wrote.
    """
    try:
        rows = parts[ROWS].columns["row"].astype(np.int64)
        excluded = _excluded(parts[ROWS])
        every = np.sort(np.concatenate([rows, np.array([row for row, _ in excluded], dtype=np.int64)]))
        whole = np.array_equal(every, np.arange(plan.rows)) and bool((np.diff(rows) > 0).all())
    except (KeyError, ValueError, TypeError):
        whole = False
    if not whole:
        raise StoreError(
            "The run store does not hold every row once",
            wanted=f"rows 0 to {plan.rows - 1}, each scored or excluded",
            where=str(store.path),
            advice="Start over with --fresh.",
        )
    return rows, excluded


def _excluded(part: Part) -> list[tuple[int, str]]:
    rows, reasons = part.columns["excluded"], part.columns["reason"]
    return [(int(row), str(reason)) for row, reason in zip(rows.tolist(), reasons.tolist(), strict=True)]


def _notes(part: Part) -> list[str]:
    counts = Counter(str(note) for note in part.columns["note"].tolist())
    return [f"{count} of the images scored: {note}." for note, count in sorted(counts.items())]


def _nothing_scored(study: Study, excluded: Sequence[tuple[int, str]]) -> DataError:
    first = excluded[0][1] if excluded else "none"
    return DataError(
        "Not one row could be scored",
        found=f"{counted(len(excluded), 'row')}, all excluded; the first: {first}",
        where=study.manifest.name,
        advice=None if "region" in first else "Check data.root and data.image in fairaudit.yaml.",
    )
