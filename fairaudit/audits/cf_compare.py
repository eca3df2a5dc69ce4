"""One table over several models: alignment with its interval next to AUC, as Tables 1 to 3 of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fairaudit.report.escape import markdown
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report
from fairaudit.results.store import read_report
from fairaudit.results.strict_json import write_text


def compare(folders: Sequence[Path], output: Path) -> str:
    """Write alignment.md over the reports in the folders and return its text; models without a report are left out.

    Raises:
        OutputError: the file cannot be written.
    """
    reports = [read_report(folder / "report.json") for folder in folders if (folder / "report.json").is_file()]
    text = comparison(reports)
    write_text(output / "alignment.md", text)
    return text


def comparison(reports: Sequence[Report]) -> str:
    """A Markdown table: a line per pair of classifiers and model."""
    lines = [
        "| base | downstream | model | relative change | interval | images | AUC of base |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    pairs = dict.fromkeys((m.class_, m.attribute) for report in reports for m in _changes(report))
    for base, downstream in pairs:
        for report in reports:
            lines += [_line(report, m) for m in _changes(report) if (m.class_, m.attribute) == (base, downstream)]
    return "\n".join(lines) + "\n"


def _changes(report: Report) -> list[Measurement]:
    return [m for m in report.measurements if m.metric == "relative_change" and m.attribute != m.class_]


def _line(report: Report, found: Measurement) -> str:
    value = "undefined" if found.value is None else f"{found.value:+.3f}"
    interval = "" if found.low is None or found.high is None else f"{found.low:+.3f} … {found.high:+.3f}"
    if found.status == "unusable":
        value += " (unusable)"
    base = next(m for m in report.measurements if m.metric == "base_change" and m.class_ == found.class_)
    auc = base.extra.get("auc")
    shown = "" if not isinstance(auc, float) else f"{auc:.3f}"
    cells = (found.class_, found.attribute, report.models[0].name, value, interval, found.n, shown)
    return "| " + " | ".join(markdown(str(cell)) for cell in cells) + " |"
