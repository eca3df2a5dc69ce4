"""CycloneDX 1.6: a bill of material of one model, with its model card (ML-BOM).

`performanceMetrics` holds a number per slice with its interval, `fairnessAssessments` a joint verdict per attribute.
The serial number follows from the model, the data and the numbers, so the same audit gives the same document outside
its time. Specification: https://cyclonedx.org/docs/1.6/json/, component → modelCard.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from fairaudit.counted import counted
from fairaudit.report.escape import clip, plain
from fairaudit.report.formats.card import results
from fairaudit.report.page import page
from fairaudit.report.rows import about, candidate, gate_line, name_of
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report, Verdict
from fairaudit.results.strict_json import dumps
from fairaudit.tables.terms import TERMS

_SPACE: Final = uuid.UUID("6f6d0b6e-5d4b-5c59-9c8c-3f1c1a3a0d11")
"""Name space of the serial numbers."""
_MODEL: Final = "model"
_DATA: Final = "data"


def render(report: Report) -> str:
    """The document as strict JSON."""
    return dumps(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{_serial(report)}",
            "version": 1,
            "metadata": {
                "timestamp": report.run.started,
                "tools": {"components": [_tool(report)]},
                "component": _component(report),
            },
        }
    )


def _serial(report: Report) -> uuid.UUID:
    model = candidate(report)
    numbers = [f"{m.id} {m.value} {m.low} {m.high}" for m in report.measurements]
    parts = [model.sha256 if model else "", report.data.digest, gate_line(report.gate), *numbers]
    return uuid.uuid5(_SPACE, plain("\n".join(parts)))


def _tool(report: Report) -> dict[str, Any]:
    version = report.run.versions.get("fairaudit")
    return {"type": "application", "name": "fairaudit", **({"version": _text(version)} if version else {})}


def _component(report: Report) -> dict[str, Any]:
    model = candidate(report)
    facts: dict[str, Any] = {"type": "machine-learning-model", "bom-ref": _MODEL, "name": _text(name_of(report))}
    if model is not None and _is_sha256(model.sha256):
        facts["hashes"] = [{"alg": "SHA-256", "content": model.sha256}]
    return {**facts, "modelCard": _card(report)}


def _card(report: Report) -> dict[str, Any]:
    data, model = report.data, candidate(report)
    parameters: dict[str, Any] = {
        "task": "image classification",
        "datasets": [
            {"type": "dataset", "bom-ref": _DATA, "name": _text(data.name), "description": _described(report)}
        ],
        "inputs": [{"format": "image"}],
        "outputs": [{"format": f"{model.output} of {_text(data.target)}" if model else "decisions"}],
    }
    return {
        "modelParameters": parameters,
        "quantitativeAnalysis": {"performanceMetrics": [_metric(m) for m in results(report)]},
        "considerations": {
            "technicalLimitations": _limits(report),
            "fairnessAssessments": [_assessment(report, verdict) for verdict in report.verdicts],
        },
    }


def _described(report: Report) -> str:
    data = report.data
    told = f"{data.scored} of {data.rows} rows scored, target {data.target}, attributes {', '.join(data.attributes)}"
    return _text(f"{told or 'none'}; digest {data.digest}")


def _metric(measurement: Measurement) -> dict[str, Any]:
    found: dict[str, Any] = {"type": measurement.metric, "value": repr(measurement.value)}
    if about(measurement):
        found["slice"] = _text(about(measurement))
    if measurement.low is not None and measurement.high is not None:
        ends = {"lowerBound": repr(measurement.low), "upperBound": repr(measurement.high)}
        found["confidenceInterval"] = ends
    return found


def _assessment(report: Report, verdict: Verdict) -> dict[str, Any]:
    """One joint verdict: who is worst off, where one group is known to be, what was found, and what to do."""
    worst = [
        row.group
        for groups in page(report).groups
        if groups.attribute == verdict.attribute
        for row in groups.rows
        if any(row.worst)
    ]
    region = f", region {verdict.region}" if verdict.region else ""
    who = f"groups of {verdict.attribute}{region}" + (f"; worst off: {', '.join(worst)}" if worst else "")
    return {
        "groupAtRisk": _text(who),
        "harms": _text(f"{verdict.verdict}. {verdict.why}"),
        "mitigationStrategy": TERMS[verdict.verdict].advice,
    }


def _limits(report: Report) -> list[str]:
    left = sum(m.status != "ok" for m in report.measurements)
    told = [f"{gate_line(report.gate)} {page(report).decision}."]
    told += [f"{left} of {len(report.measurements)} numbers are undefined, suppressed or unusable."] if left else []
    told += [f"{counted(len(report.excluded), 'row')} could not be scored."] if report.excluded else []
    told += ["The findings hold for data like those audited and say nothing about other data, groups or uses."]
    return [_text(text) for text in (*told, *report.notes)]


def _is_sha256(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdef" for character in text)


def _text(value: str) -> str:
    return plain(clip(value, 2000))
