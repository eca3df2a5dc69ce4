"""One table over several models: the worst first, and a model that could not be audited as a row with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairaudit.audits.core.outcome import Outcome
from fairaudit.report.escape import markdown
from fairaudit.results.report import Report, Verdict
from fairaudit.results.strict_json import dumps, write_text

ORDER = ("not audited", "fail", "incomplete", "inconclusive", "pass", "none")
"""Worst first."""


def write_summary(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Write summary.json and summary.md over the models of a run.

    Raises:
        OutputError: a file cannot be written.
    """
    rows = summary_rows(outcomes)
    write_text(folder / "summary.json", dumps({"schema_version": 1, "models": rows}))
    write_text(folder / "summary.md", _markdown(rows))


def summary_rows(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """A row per model, worst first, then by name."""
    rows = [_row(outcome) for outcome in outcomes]
    return sorted(rows, key=lambda row: (ORDER.index(row["gate"]), row["model"]))


def _row(outcome: Outcome) -> dict[str, Any]:
    if outcome.report is None:
        reason = outcome.error.paragraph() if outcome.error else "no report"
        return {"model": outcome.name, "gate": "not audited", "verdicts": [], "worst_rule": reason, "report": None}
    report = outcome.report
    return {
        "model": outcome.name,
        "gate": report.gate.state,
        "verdicts": [_verdict(v) for v in report.verdicts],
        "worst_rule": _worst_rule(report),
        "report": f"{outcome.folder.name}/report.json",
    }


def _verdict(verdict: Verdict) -> str:
    about = f"{verdict.attribute} × {verdict.region}" if verdict.region else verdict.attribute
    return f"{about}: {verdict.verdict}"


def _worst_rule(report: Report) -> str:
    return report.gate.rules[0].why if report.gate.rules else "nothing is gated"


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
    lines = ["# Summary", "", "| model | gate | joint verdicts | worst rule |", "| --- | --- | --- | --- |"]
    for row in rows:
        cells = (row["model"], row["gate"], "; ".join(row["verdicts"]), row["worst_rule"])
        lines.append("| " + " | ".join(markdown(str(text)) for text in cells) + " |")
    return "\n".join(lines) + "\n"
