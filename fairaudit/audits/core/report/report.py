"""Puts a report together from what the stream and the audits found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fairaudit.audits.core.report.alike import alike
from fairaudit.audits.core.report.assemble import report_of
from fairaudit.audits.core.report.chance import unlike_labels
from fairaudit.audits.core.stream.audit import Findings
from fairaudit.audits.core.stream.stream import StreamResult
from fairaudit.audits.core.study.cells import cells
from fairaudit.audits.core.study.device import describe_device
from fairaudit.audits.core.study.groups import groupings
from fairaudit.audits.core.study.study import Study
from fairaudit.config.schema import GateRule
from fairaudit.gate.alike import Alike
from fairaudit.gate.changed import rules_for_changed
from fairaudit.models.classifier import Classifier
from fairaudit.results.provenance import library_versions
from fairaudit.results.report import Data, Excluded, Model, Report, Run, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When the run began and how long it took."""

    started: datetime
    seconds: float
    map_seconds: float
    """Time of the map over chunks alone."""


def assemble(
    study: Study,
    streamed: StreamResult,
    findings: Findings,
    verdicts: Sequence[Verdict],
    timing: Timing,
    *,
    changed: Sequence[GateRule] | None = None,
    misread: str | None = None,
) -> Report:
    """The report without figures: what was audited, every number, the verdicts and the gate's decision.

    `changed` holds the rules of a candidate that was made here, which must not have collapsed either; None where it is
    as it came. `misread` says why it was probably given other inputs than it was trained on: then nothing passes.
    """
    models = [model_entry(study.candidate, "candidate")]
    if study.baseline is not None:
        models.append(model_entry(study.baseline, "baseline"))
    excluded = [
        Excluded(row=row, id=study.manifest.ids[row], reason=reason) for row, reason in sorted(streamed.excluded)
    ]
    return report_of(
        study.config.gates if changed is None else rules_for_changed(study.config.gates, verdicts, changed),
        findings.measurements,
        options=study.options,
        run=_run(study, streamed, timing),
        data=_data(study, streamed),
        models=models,
        verdicts=verdicts,
        alike=decided_alike(study, streamed),
        misread=misread,
        unlike=unlike_labels(streamed.decisions, study.target.take(streamed.rows)),
        collapse="inconclusive" if changed is None else "fail",
        excluded=excluded,
        notes=[
            *study.manifest.notes,
            *study.candidate.notes,
            *streamed.notes,
            *dict.fromkeys(findings.notes),
        ],
    )


def decided_alike(study: Study, streamed: StreamResult) -> list[Alike]:
    """The scored images, all or those of a group, that the candidate decided alike."""
    groups = [grouping.take(streamed.rows) for grouping in groupings(study)]
    return alike(streamed.decisions, study.target.take(streamed.rows), groups)


def _run(study: Study, streamed: StreamResult, timing: Timing) -> Run:
    computed = streamed.computed_rows
    return Run(
        started=timing.started.isoformat(timespec="seconds"),
        seconds=round(timing.seconds, 3),
        command=list(study.options.command),
        device=describe_device(str(study.candidate.device)),
        resumed_chunks=streamed.resumed_chunks,
        versions=library_versions(),
        images_per_second=round(computed / timing.map_seconds, 1) if computed and timing.map_seconds > 0 else None,
    )


def model_entry(model: Classifier, role: str) -> Model:
    """A model as the report names it."""
    size = model.input_size or (0, 0)
    return Model.model_validate(
        {
            "name": model.name,
            "role": role,
            "file": model.path.name,
            "sha256": model.sha256,
            "format": model.format,
            "output": model.head.link,
            "classes": list(model.head.classes),
            "input_size": list(size),
            "parameters": model.parameters,
        }
    )


def _data(study: Study, streamed: StreamResult) -> Data:
    rows, target = streamed.rows, study.target.take(streamed.rows)
    attributes = {grouping.name: grouping.take(rows) for grouping in groupings(study)}
    return Data(
        name=study.manifest.name,
        digest=study.material.digest,
        rows=len(study.manifest),
        scored=len(rows),
        target=target.name,
        classes=list(target.values),
        attributes={name: list(attribute.values) for name, attribute in attributes.items()},
        unknown={name: int((attribute.codes < 0).sum()) for name, attribute in attributes.items()},
        cells={name: cells(attribute, target, study.config.audit.min_cell) for name, attribute in attributes.items()},
        regions={name: {"given as": study.config.regions[name].kind} for name in _regions(study)},
        seed=study.options.seed,
    )


def _regions(study: Study) -> list[str]:
    return [name for name in study.regions if name in study.material.loader.regions]
