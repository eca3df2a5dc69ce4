"""Two models on the same data, number by number: baseline, candidate, change with its interval, and what that means."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fairaudit.report.rows import about, is_headline, name_of
from fairaudit.results.measurement import Better, Measurement
from fairaudit.results.report import Report

Word = Literal["worse", "better", "differs", "unclear", "no interval", "same", "unusable", "undefined"]
WORDS: Final[Mapping[Word, str]] = {
    "worse": "the whole interval of the change is on the worse side of 0",
    "better": "the whole interval of the change is on the better side of 0",
    "differs": "the interval does not contain 0, and neither direction is better",
    "unclear": "the interval contains 0: chance can explain the change",
    "no interval": "the number has no interval, so chance is not ruled out",
    "same": "the two numbers are equal, and the interval contains 0",
    "unusable": "one of the two numbers cannot be relied on",
    "undefined": "one of the two numbers does not exist",
}
"""What a change is called, in the order of tables, and why."""
SUFFIX: Final = "_change"
OTHERS: Final = ("prune", "mitigate", "selftest")
"""Audits of many models at once, whose reports have tables of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A difference of two numbers with its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One number of two models."""

    metric: str
    about: str
    """Attribute, group, class, region and method, as far as they are set."""
    baseline: float | None
    candidate: float | None
    change: Apart
    """Candidate − baseline."""
    paired: bool
    """Whether the interval comes from both models' decisions about the same images."""
    better: Better
    headline: bool
    """Whether the number is over all groups and classes."""
    word: Word

    def facts(self) -> dict[str, object]:
        """The change by name, for JSON."""
        numbers = {"change": self.change.value, "low": self.change.low, "high": self.change.high}
        return {
            "metric": self.metric,
            "about": self.about,
            "baseline": self.baseline,
            "candidate": self.candidate,
            **numbers,
            "level": self.change.level,
            "paired": self.paired,
            "better": self.better,
            "word": self.word,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every number that two models share."""

    baseline: str
    candidate: str
    data: str
    changes: tuple[Change, ...]
    """Worse ones first, then better ones; in each, what verdicts and rules rest on, then numbers over all groups."""

    def count(self, word: Word) -> int:
        """Number of changes with this name."""
        return sum(change.word == word for change in self.changes)


def apart(new: Measurement, old: Measurement) -> Apart:
    """New − old from two intervals alone, whatever the two estimates have in common.

    Both intervals hold together with probability 1 − (1 − level₁) − (1 − level₂) at least (Bonferroni), and then
    [low₁ − high₂, high₁ − low₂] holds the change. That is the level given; without two intervals there is none.

    >>> half = Measurement(audit="fairness", metric="tpr", value=0.5, low=0.4, high=0.6, level=0.95)
    >>> found = apart(half, half)
    >>> found.value, round(found.low, 3), round(found.high, 3), found.level
    (0.0, -0.2, 0.2, 0.9)
    """
    if new.value is None or old.value is None:
        return Apart(value=None)
    value = new.value - old.value
    ends = (new.low, new.high, new.level, old.low, old.high, old.level)
    if any(end is None for end in ends):
        return Apart(value=value)
    low, high, level, old_low, old_high, old_level = (float(end or 0) for end in ends)
    both = round(1 - (1 - level) - (1 - old_level), 10)
    return Apart(value=value, low=low - old_high, high=high - old_low, level=both) if both > 0 else Apart(value=value)


def between(baseline: Report, candidate: Report, *, paired: Iterable[Measurement] = ()) -> Comparison:
    """Every number that both reports have.

    Args:
        baseline: report of the model compared with.
        candidate: report on the same data.
        paired: changes measured on both models' decisions; they stand in for the difference of two intervals.
    """
    measured = {_key(m, m.metric.removesuffix(SUFFIX)): m for m in paired}
    before = {m.id: m for m in baseline.measurements if m.baseline is None}
    changes = [
        _change(new, before[new.id], measured.get(_key(new, new.metric)))
        for new in candidate.measurements
        if new.id in before and new.baseline is None and "suppressed" not in (new.status, before[new.id].status)
    ]
    first = {*_weighty(candidate), *_weighty(baseline)}
    return _sorted(name_of(baseline), name_of(candidate), candidate.data.name, changes, first=first)


def own(report: Report) -> Comparison | None:
    """The changes against the baseline that a report measured itself, on the same images; None where there are none."""
    now = {_key(m, m.metric): m for m in report.measurements if m.baseline is None}
    changes = []
    for found in report.measurements:
        told = found.baseline is not None and found.status != "suppressed" and found.audit not in OTHERS
        if told and found.metric.endswith(SUFFIX):
            new = now.get(_key(found, found.metric.removesuffix(SUFFIX)))
            if new is not None and new.status != "suppressed":
                changes.append(_measured(new, found))
    if not changes:
        return None
    name = next((model.name for model in report.models if model.role == "baseline"), None)
    name = name or next((m.baseline for m in report.measurements if m.baseline is not None), None)
    return _sorted(name or "baseline", name_of(report), report.data.name, changes, first=set(_weighty(report)))


def _change(new: Measurement, old: Measurement, paired: Measurement | None) -> Change:
    change = apart(new, old)
    if paired is not None and paired.value is not None:
        change = Apart(value=paired.value, low=paired.low, high=paired.high, level=paired.level)
    told = paired is not None and paired.value is not None
    return _told(new, old.value, change, unusable="unusable" in (new.status, old.status), paired=told)


def _measured(new: Measurement, found: Measurement) -> Change:
    change = Apart(value=found.value, low=found.low, high=found.high, level=found.level)
    before = None if new.value is None or found.value is None else new.value - found.value
    unusable = "unusable" in (new.status, found.status)
    return _told(new, before, change, unusable=unusable, paired=found.interval != "two-reports")


def _told(new: Measurement, before: float | None, change: Apart, *, unusable: bool, paired: bool) -> Change:
    return Change(
        metric=new.metric,
        about=about(new),
        baseline=before,
        candidate=new.value,
        change=change,
        paired=paired,
        better=new.better,
        headline=is_headline(new),
        word="unusable" if unusable else word(change, new.better),
    )


def word(change: Apart, better: Better) -> Word:
    """The name of a change.

    >>> word(Apart(value=0.2, low=0.1, high=0.3), "lower"), word(Apart(value=0.2, low=-0.1, high=0.5), "lower")
    ('worse', 'unclear')
    >>> word(Apart(value=0.0, low=0.0, high=0.0), "lower"), word(Apart(value=0.2), "lower")
    ('same', 'no interval')
    """
    if change.value is None:
        return "undefined"
    if change.low is None or change.high is None:
        return "no interval"
    if change.low <= 0 <= change.high:
        return "same" if change.value == 0 else "unclear"
    if better == "none":
        return "differs"
    return "better" if (change.value > 0) == (better == "higher") else "worse"


def _weighty(report: Report) -> Iterator[tuple[str, str]]:
    """Metric and subject of what the report's verdicts and rules rest on; changes of these come first."""
    names = {name for verdict in report.verdicts for name in verdict.evidence}
    names |= {rule.measurement for rule in report.gate.rules if rule.measurement}
    return ((m.metric, about(m)) for m in report.measurements if m.id in names)


def _sorted(
    baseline: str, candidate: str, data: str, changes: Sequence[Change], *, first: Container[tuple[str, str]]
) -> Comparison:
    order = list(WORDS)

    def rank(change: Change) -> tuple[int, bool, bool]:
        return order.index(change.word), (change.metric, change.about) not in first, not change.headline

    return Comparison(baseline=baseline, candidate=candidate, data=data, changes=tuple(sorted(changes, key=rank)))


def _key(measurement: Measurement, metric: str) -> tuple[str | None, ...]:
    subject = (measurement.attribute, measurement.group, measurement.class_, measurement.region, measurement.method)
    return (measurement.audit, metric, *subject)
