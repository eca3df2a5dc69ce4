"""All measurements of a report as CSV, one per line, for spreadsheets and data frames."""

from __future__ import annotations

import csv
import io
import json

from fairaudit.report.escape import cell
from fairaudit.report.rows import name_of
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report

COLUMNS = ("model", *(field.alias or name for name, field in Measurement.model_fields.items()), "gate")
"""Columns: the audited model, every field of a measurement (`extra` as JSON), the worst verdict of the gate on it."""


def render(report: Report) -> str:
    """The measurements with full digits; missing values are empty cells.

    Text that a spreadsheet would read as a formula gets a leading apostrophe.
    """
    states: dict[str, str] = {}
    for result in report.gate.rules:  # worst first
        states.setdefault(result.measurement or "", result.state)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    model = name_of(report)
    for measurement in report.measurements:
        values = measurement.model_dump(mode="json", by_alias=True)
        extra = values["extra"]
        values["extra"] = json.dumps(extra, ensure_ascii=False, sort_keys=True) if extra else None
        row = (model, *(values[name] for name in COLUMNS[1:-1]), states.get(measurement.id))
        writer.writerow([_text(value) for value in row])
    return text.getvalue()


def _text(value: object) -> str:
    if value is None:
        return ""
    return cell(value) if isinstance(value, str) else json.dumps(value)
