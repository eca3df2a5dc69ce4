"""Reports of two models on the same data: what changed, paired where both run stores still hold the decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairaudit.audits.core.report.against import earlier_report
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.audits.core.stream.stored import StoredRows, stored_rows
from fairaudit.config.options import FailOn
from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.gate.judge import judge
from fairaudit.measures.intervals.mcnemar import paired_counts
from fairaudit.report.comparison import Comparison, apart, between
from fairaudit.report.rows import name_of
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Gate, Report
from fairaudit.results.store import read_report
from fairaudit.tables.changes.counts import paired_measurements
from fairaudit.tables.metrics import METRICS
from fairaudit.tables.row import Estimate, Subject, row
from fairaudit.tables.row import unusable as as_unusable
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

MOST_CLASSES = 50
"""Two models are paired for at most so many classes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A candidate against the baseline."""

    comparison: Comparison
    gate: Gate
    """The rules over regressions, judged on the changes."""


def compare_reports(paths: Sequence[Path], *, rules: Sequence[GateRule], fail_on: FailOn) -> list[Compared]:
    """The first report's model against each of the others.

    Args:
        paths: reports or their folders, the baseline first.
        rules: rules over regressions; others belong to the reports themselves.
        fail_on: from which state of the gate on the exit code is not 0.

    Raises:
        DataError: a report cannot be read.
        UsageError: two reports are about other data, or a rule is over an unknown metric.
    """
    check_gates(rules)
    first, *others = paths
    baseline = read_report(first)
    candidates = [earlier_report(path, digest=baseline.data.digest) for path in others]
    before = stored_rows(baseline, _folder(first))
    return [
        _compared(baseline, candidate, before, stored_rows(candidate, _folder(path)), rules, fail_on)
        for candidate, path in zip(candidates, others, strict=True)
    ]


def regression(text: str) -> GateRule:
    """`METRIC=MAX` as a rule.

    Raises:
        UsageError: it is not of that form.

    >>> rule = regression("equalized_odds_difference=0.02")
    >>> rule.regression, rule.max
    ('equalized_odds_difference', 0.02)
    """
    metric, _, most = text.partition("=")
    try:
        return GateRule(regression=metric.strip(), max=float(most))
    except ValueError as error:
        raise UsageError("--regression cannot be read", wanted="METRIC=MAX", found=text) from error


def paired_changes(baseline: Report, candidate: Report, before: StoredRows, now: StoredRows) -> Iterator[Measurement]:
    """Changes of the fairness audit from both models' decisions about the same rows; none if the rows cannot be paired.

    Images count as sampled, so data with clusters is left to the intervals of the reports.
    """
    classes = tuple(candidate.data.classes)
    same = before.rows.shape == now.rows.shape and (before.rows == now.rows).all()
    if not same or (before.target != now.target).any() or len(classes) > MOST_CLASSES or _clustered(candidate):
        return
    for attribute, codes in now.attributes.items():
        groups = tuple(candidate.data.attributes.get(attribute, ()))
        if not groups or (codes != before.attributes.get(attribute, codes - 1)).any():
            continue
        counts = paired_counts(
            codes, now.target, now.decisions, before.decisions, groups=len(groups), classes=len(classes)
        )
        statistics = Statistics(level=_level(candidate), replicates=_replicates(candidate), seed=candidate.data.seed)
        asked = FairnessSpec(attribute=attribute, groups=groups, classes=classes, statistics=statistics)
        yield from paired_measurements(counts, asked, baseline=name_of(baseline))


def _compared(
    baseline: Report,
    candidate: Report,
    before: StoredRows | None,
    now: StoredRows | None,
    rules: Sequence[GateRule],
    fail_on: FailOn,
) -> Compared:
    paired = [] if before is None or now is None else list(paired_changes(baseline, candidate, before, now))
    changes = list(_measurements(baseline, candidate, paired))
    return Compared(comparison=between(baseline, candidate, paired=paired), gate=judge(rules, changes, fail_on=fail_on))


def _measurements(baseline: Report, candidate: Report, paired: Sequence[Measurement]) -> Iterator[Measurement]:
    """What rules over regressions are held against: every change that has a name of its own in the registry."""
    measured = {(m.metric, m.attribute, m.group, m.class_): m for m in paired}
    before = {m.id: m for m in baseline.measurements if m.baseline is None}
    for new in candidate.measurements:
        name, old = f"{new.metric}_change", before.get(new.id)
        if old is None or new.baseline is not None or name not in METRICS:
            continue
        found = measured.get((name, new.attribute, new.group, new.class_)) if new.audit == "fairness" else None
        suppressed = "suppressed" in (new.status, old.status)
        yield _from_reports(new, old, baseline, name) if found is None or suppressed else found


def _from_reports(new: Measurement, old: Measurement, baseline: Report, name: str) -> Measurement:
    subject = Subject(
        audit=new.audit,
        metric=name,
        attribute=new.attribute,
        group=new.group,
        class_=new.class_,
        region=new.region,
        method=new.method,
        baseline=name_of(baseline),
    )
    worse = next((m for m in (new, old) if m.status != "ok"), None)
    reason = (worse.reason if worse else None) or "it does not exist for one of the two models"
    hidden = reason if "suppressed" in (new.status, old.status) else None
    found = apart(new, old)
    estimate = Estimate(
        value=found.value,
        low=found.low,
        high=found.high,
        interval="two-reports",
        counted=new.unit,
        n=new.n,
        missing=reason,
        hidden=hidden,
    )
    told = row(subject, estimate, level=found.level)
    return as_unusable(told, reason) if worse is not None and worse.status == "unusable" else told


def _clustered(report: Report) -> bool:
    return any(m.unit == "cluster" for m in report.measurements)


def _level(report: Report) -> float:
    return next((m.level for m in report.measurements if m.audit == "fairness" and m.level is not None), 0.95)


def _replicates(report: Report) -> int:
    """As many as the report's own bootstraps had."""
    known = [m.extra.get("replicates") for m in report.measurements if m.audit == "fairness"]
    return max((number for number in known if isinstance(number, int)), default=10_000)


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent
