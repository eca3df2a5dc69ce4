"""What a row of the gate means and what to do about it, in words that need no knowledge of the papers."""

from __future__ import annotations

from fairaudit.report.rows import Row
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.terms import TERMS


def meaning(row: Row) -> str:
    """What the number or the verdict says, from the registries; empty for a rule about neither."""
    if row.measurement is not None:
        name = row.measurement.metric
        return METRICS[name].sentence if name in METRICS else ""
    return TERMS[row.verdict].sentence if row.verdict is not None else ""


def advice(row: Row) -> str:
    """What to do where it did not pass; empty where it passed, and for a rule about neither number nor verdict."""
    if row.state == "pass":
        return ""
    if row.measurement is not None:
        name = row.measurement.metric
        return METRICS[name].advice if name in METRICS else ""
    return TERMS[row.verdict].advice if row.verdict is not None else ""


def told(row: Row) -> str:
    """The gate's words on a row, what it says and what to do, as one paragraph."""
    return " ".join(part for part in (row.why, meaning(row), advice(row)) if part)
