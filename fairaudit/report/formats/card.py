"""A Hugging Face model card: `model-index` for machines, and the first page, limits and provenance for people.

Save it as `README.md` of the model's repository. It says what the audit found and on which data; it cannot know the
model's licence, authors or purpose, and claims nothing about data that were not audited.
Format: https://huggingface.co/docs/hub/model-cards, `EvalResult` of huggingface_hub.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from fairaudit.counted import counted
from fairaudit.report.escape import clip, markdown, plain
from fairaudit.report.markdown import safe, table
from fairaudit.report.page import page
from fairaudit.report.rows import candidate, gate_line, is_headline, name_of
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report
from fairaudit.results.text import estimate, interval
from fairaudit.tables.metrics import METRICS

SLICED = ("accuracy", "selection_rate", "tpr", "fpr")
"""Metrics whose single groups are results of their own."""


def render(report: Report) -> str:
    """The card: YAML between two lines of dashes, then Markdown."""
    front = yaml.safe_dump(_front(report), sort_keys=False, allow_unicode=True, width=1_000_000)
    return f"---\n{front}---\n\n" + "\n".join(_lines(report)).rstrip("\n") + "\n"


def results(report: Report) -> list[Measurement]:
    """The numbers of the card: headlines of the fairness audit, what rules and verdicts rest on, rates of groups.

    Only those that may be relied on: neither undefined, suppressed nor unusable, nor a comparison with another model.
    """
    asked = {name for verdict in report.verdicts for name in verdict.evidence}
    asked |= {rule.measurement for rule in report.gate.rules if rule.measurement}
    return [
        m
        for m in report.measurements
        if m.status == "ok"
        and m.value is not None
        and m.baseline is None
        and (
            m.id in asked
            or (m.audit == "fairness" and (is_headline(m) or (m.metric in SLICED and m.group is not None)))
        )
    ]


def _front(report: Report) -> dict[str, Any]:
    metrics = [_metric(m) for m in results(report)]
    front: dict[str, Any] = {"tags": ["image-classification", "fairaudit"], "pipeline_tag": "image-classification"}
    if metrics:
        front["model-index"] = [
            {
                "name": _text(name_of(report)),
                "results": [
                    {
                        "task": {"type": "image-classification", "name": "Image classification"},
                        "dataset": {
                            "type": _text(report.data.name),
                            "name": _text(report.data.name),
                            "args": {"digest": _text(report.data.digest), "rows": report.data.scored},
                        },
                        "metrics": metrics,
                    }
                ],
            }
        ]
    return front


def _metric(measurement: Measurement) -> dict[str, Any]:
    fields = {
        "attribute": measurement.attribute,
        "group": measurement.group,
        "class": measurement.class_,
        "region": measurement.region,
        "method": measurement.method,
    }
    about = {name: _text(value) for name, value in fields.items() if value is not None}
    ends = {"low": measurement.low, "high": measurement.high, "level": measurement.level, "images": measurement.n}
    name = f"{measurement.metric} ({', '.join(f'{k} {v}' for k, v in about.items())})" if about else measurement.metric
    return {
        "type": measurement.metric,
        "name": name,
        "value": measurement.value,
        "args": {**about, **{key: value for key, value in ends.items() if value is not None}},
    }


def _lines(report: Report) -> Iterator[str]:
    found, data = page(report), report.data
    yield from (f"# {safe(name_of(report))}", "")
    yield from (f"**{found.decision}.** {' '.join(map(safe, found.sentences))}".rstrip(), "")
    yield from (f"{safe(gate_line(report.gate))}", "")
    yield from ("## Audit data", "")
    yield f"{data.scored:,} of {data.rows:,} rows of {safe(data.name)} were scored; the target is {safe(data.target)}."
    for attribute, values in list(data.attributes.items())[:20]:
        unknown = data.unknown.get(attribute, 0)
        more = f"; unknown for {counted(unknown, 'row')}" if unknown else ""
        yield f"- {safe(attribute)}: {safe(', '.join(values[:20]))}{more}"
    yield from ("", "The findings hold for data like these and say nothing about other data, groups or uses.", "")
    for groups in found.groups:
        yield from (f"## Groups of {safe(groups.attribute)}", "")
        rows = [(safe(row.group), row.images, *map(_rate, row.rates, row.worst)) for row in groups.rows]
        headers = ("Group", "Images", *map(safe, groups.columns))
        yield from table(headers, rows, right=range(1, len(headers)))
    yield from _verdicts(report)
    yield from _numbers(report)
    yield from _limits(report)
    yield from _provenance(report)


def _verdicts(report: Report) -> Iterator[str]:
    if report.verdicts:
        yield from ("## Verdicts", "")
        rows = [(safe(v.attribute), safe(v.region or "–"), v.verdict, _long(v.why)) for v in report.verdicts]
        yield from table(("Attribute", "Region", "Verdict", "Why"), rows)


def _numbers(report: Report) -> Iterator[str]:
    known = {m.id: m for m in report.measurements}
    names = [name for verdict in report.verdicts for name in verdict.evidence]
    names += [rule.measurement for rule in report.gate.rules if rule.measurement]
    rows = [
        (
            safe(_metric(m)["name"]),
            estimate(m.value, m.low, m.high),
            interval(m.low, m.high),
            METRICS[m.metric].sentence,
        )
        for m in (known[name] for name in dict.fromkeys(names) if name in known)
        if m.status == "ok" and m.metric in METRICS
    ]
    if rows:
        yield from ("## What that rests on", "", *table(("Number", "Estimate", "Interval", "What it says"), rows))


def _limits(report: Report) -> Iterator[str]:
    yield from ("## Limits", "")
    left = [m for m in report.measurements if m.status != "ok"]
    if left:
        yield f"- {len(left):,} of {len(report.measurements):,} numbers are undefined, suppressed or unusable."
    if report.excluded:
        yield f"- {counted(len(report.excluded), 'row')} could not be scored."
    yield from (f"- {_long(note)}" for note in report.notes[:20])
    yield from ("- An audit finds what it looks for; no finding is not proof of none.", "")


def _provenance(report: Report) -> Iterator[str]:
    model, run, data = candidate(report), report.run, report.data
    yield from ("## Where this comes from", "")
    if model is not None:
        yield f"- Model file {safe(model.file)}, sha256 {safe(model.sha256)}, {model.parameters:,} parameters."
    else:
        yield "- No model was opened: the predictions came as a table."
    yield f"- Data digest {safe(data.digest)}, seed {data.seed}."
    yield f"- fairaudit {safe(run.versions.get('fairaudit', '–'))}, {safe(run.started)}."


def _rate(text: str, worst: bool) -> str:
    return f"**{safe(text)}** (worst)" if worst else safe(text)


def _long(text: str) -> str:
    return markdown(clip(text, 1000))


def _text(value: str) -> str:
    """Text from data for YAML: one line, and never one that closes the front matter."""
    return plain(clip(value, 200))
