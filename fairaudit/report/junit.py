"""The gate as JUnit XML: a suite per attribute, a case per rule and number, and one per joint verdict."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable

from fairaudit.report.escape import plain
from fairaudit.report.meaning import told
from fairaudit.report.rows import STATE_WORDS, Row, gate_line, judged, name_of, ungated
from fairaudit.results.report import Report

_KINDS = {
    "fail": "failure",
    "inconclusive": "skipped",
    "not judged": "skipped",
    "none": "skipped",
    "incomplete": "error",
}


def render(report: Report) -> str:
    """The XML text; fail is a `failure`, incomplete an `error`, inconclusive is `skipped` with the reason.

    A rule that was not judged, and a joint verdict that no rule asks about, are `skipped` too: neither passed.
    Most CI systems count a skipped case as no failure, so the exit code still decides the job.
    """
    model, rows = name_of(report), [*judged(report), *ungated(report)]
    root = ET.Element("testsuites", _counts(rows, name=f"fairaudit {model}", seconds=report.run.seconds))
    suites: dict[str, list[Row]] = {}
    for row in rows:
        suites.setdefault(_attribute(row) or "all", []).append(row)
    for attribute, members in (suites or {"all": []}).items():
        name = f"{model} / {attribute}"
        suite = ET.SubElement(root, "testsuite", _counts(members, name=name, seconds=0.0))
        suite.set("timestamp", plain(report.run.started))
        for case, row in zip(_names(members), members, strict=True):
            _case(suite, f"fairaudit.{model}.{attribute}", case, row)
        output = ET.SubElement(suite, "system-out")
        output.text = _plain_lines([gate_line(report.gate), *_verdicts(report, attribute)])
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _attribute(row: Row) -> str | None:
    return row.measurement.attribute if row.measurement else row.attribute


def _case(suite: ET.Element, class_name: str, name: str, row: Row) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": plain(class_name), "name": plain(name), "time": "0"})
    numbers = {"value": row.value, "low": row.low, "high": row.high, "images": row.n}
    properties = ET.SubElement(case, "properties")
    for key, value in numbers.items():
        if value is not None:
            ET.SubElement(properties, "property", {"name": key, "value": repr(value)})
    if row.state in _KINDS:
        message = plain(f"{_word(row)}: {row.why}")
        verdict = ET.SubElement(case, _KINDS[row.state], {"message": message, "type": row.state})
        verdict.text = plain(told(row)) or None


def _word(row: Row) -> str:
    return "NOT GATED" if row.state == "none" else STATE_WORDS[row.state]


def _counts(rows: Iterable[Row], *, name: str, seconds: float) -> dict[str, str]:
    states = [row.state for row in rows]
    return {
        "name": plain(name),
        "tests": str(len(states)),
        "failures": str(states.count("fail")),
        "errors": str(states.count("incomplete")),
        "skipped": str(sum(_KINDS.get(state) == "skipped" for state in states)),
        "time": f"{seconds:g}",
    }


def _names(rows: Iterable[Row]) -> list[str]:
    """Names of the cases, each once: readers of JUnit drop a second case of the same name."""
    seen: dict[str, int] = {}
    names = []
    for row in rows:
        name = f"{row.subject} {row.limits}".strip() if row.measurement else row.metric
        if row.verdict is not None:  # the same name whatever the verdict, so that histories line up
            name = f"joint verdict ({row.about})"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _verdicts(report: Report, attribute: str) -> list[str]:
    return [
        f"{verdict.attribute} × {verdict.region or '–'}: {verdict.verdict}. {verdict.why}"
        for verdict in report.verdicts
        if attribute in ("all", verdict.attribute)
    ]


def _plain_lines(lines: Iterable[str]) -> str:
    return "\n".join(plain(line) for line in lines)
