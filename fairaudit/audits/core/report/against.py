"""Regression against an earlier report of the same data: what two reports can say about a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fairaudit.audits.core.stream.audit import Findings
from fairaudit.errors import UsageError
from fairaudit.report.comparison import apart
from fairaudit.report.rows import name_of
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Report
from fairaudit.results.store import read_report
from fairaudit.tables.changes.counts import CHANGES, LEVELS
from fairaudit.tables.row import Estimate, Subject, row

COMPARED = frozenset([*CHANGES, *LEVELS])
"""Disparities between groups and levels whose change is reported."""


def earlier_report(path: Path, *, digest: str) -> Report:
    """The report to compare with.

    Raises:
        DataError: it cannot be read.
        UsageError: it is about other data.
    """
    report = read_report(path)
    if report.data.digest != digest:
        raise UsageError(
            "The earlier report is about other data, so its numbers cannot be compared",
            wanted=f"the same rows, labels and attributes (digest {digest[:12]}…)",
            found=f"{report.data.name} with digest {report.data.digest[:12]}…",
            where=str(path),
            advice="Audit both models on the same data.",
        )
    return report


def against(findings: Findings, path: Path | None, *, digest: str) -> Findings:
    """The findings with their changes against an earlier report, where one is given.

    Raises:
        DataError: the report cannot be read.
        UsageError: it is about other data, or shares no number.
    """
    if path is None:
        return findings
    earlier = earlier_report(path, digest=digest)
    found = changes(findings.measurements, earlier)
    if not found:
        raise UsageError(
            "The earlier report has no disparity that this audit measures",
            where=str(path),
            advice="Give a report of the fairness audit with the same attributes.",
        )
    level = min((change.level for change in found if change.level is not None), default=None)
    certain = f", at a level of {100 * level:g} %" if level is not None else ""
    note = (
        f"Changes against the report of {name_of(earlier)} compare two reports, which hold no decisions per image: "
        f"their intervals hold whatever the two models have in common{certain}, and are wider than a paired test's. "
        "`fairaudit fairness --baseline MODEL` (`--baseline-prediction COLUMN` for a table) gives the paired test."
    )
    return replace(findings, measurements=[*findings.measurements, *found], notes=[*findings.notes, note])


def changes(now: Sequence[Measurement], earlier: Report) -> list[Measurement]:
    """Now − earlier for every disparity and level that both have, as `…_change`; intervals as in `apart`."""
    before = {measurement.id: measurement for measurement in earlier.measurements if _is_compared(measurement)}
    name = f"report of {name_of(earlier)}"
    pairs = [(new, before[new.id]) for new in now if _is_compared(new) and new.id in before]
    return [_change(new, old, name) for new, old in pairs]


def _is_compared(measurement: Measurement) -> bool:
    single = measurement.group or measurement.class_ or measurement.baseline
    return measurement.audit == "fairness" and measurement.metric in COMPARED and not single


def _change(new: Measurement, old: Measurement, baseline: str) -> Measurement:
    missing = "this model" if new.value is None else "the earlier one"
    found = apart(new, old)
    estimate = Estimate(
        value=found.value,
        low=found.low,
        high=found.high,
        interval="two-reports",
        counted=new.unit,
        n=new.n,
        missing=f"it does not exist for {missing}: {(new.reason or old.reason or '').rstrip('.')}",
        extra={"now": new.value, "before": old.value},
    )
    subject = Subject(audit="fairness", metric=f"{new.metric}_change", attribute=new.attribute, baseline=baseline)
    return row(subject, estimate, level=found.level)
