"""A report's numbers as table rows, the same for every rendering: judged ones worst first, then the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Gate, GateState, Model, Report, RuleResult, Verdict
from fairaudit.results.text import UNDEFINED, estimate, limit

STATE_WORDS: dict[GateState, str] = {
    "fail": "FAIL",
    "incomplete": "INCOMPLETE",
    "inconclusive": "INCONCLUSIVE",
    "not judged": "NOT JUDGED",
    "pass": "PASS",
    "none": UNDEFINED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One number, judged or only measured."""

    metric: str
    """Metric name, or the rule where there is no measurement."""
    about: str
    """Attribute, group, class, region, method and baseline, as far as they are set."""
    state: GateState
    """What the gate says; none where no rule asks."""
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    minimum: float | None = None
    """Lower limit."""
    maximum: float | None = None
    """Upper limit."""
    why: str
    """Why the gate says so, or why there is no number."""
    measurement: Measurement | None
    """The whole measurement."""
    verdict: str | None = None
    """The joint verdict that was judged, where it is none of a measurement."""
    attribute: str | None = None
    """The verdict's attribute."""

    @property
    def estimate(self) -> str:
        """The value as text, with its status unless that is ok; a count where there is no measurement."""
        if self.measurement is None:
            return "" if self.value is None else limit(self.value)
        status = "" if self.measurement.status == "ok" else self.measurement.status
        if self.value is None:
            return status or UNDEFINED
        shown = estimate(self.value, self.low, self.high)
        return f"{shown} ({status})" if status else shown

    @property
    def refused(self) -> bool:
        """Whether there is a number that must not be relied on, which renderings strike out."""
        return self.measurement is not None and self.measurement.status == "unusable" and self.value is not None

    @property
    def limits(self) -> str:
        """The limit, such as ≤ 0.1; empty if no rule sets one."""
        return limits(self.minimum, self.maximum)

    @property
    def subject(self) -> str:
        """Metric and qualifiers."""
        return f"{self.metric} ({self.about})" if self.about else self.metric


def judged(report: Report) -> list[Row]:
    """A row for every result of the gate, worst first."""
    known = {measurement.id: measurement for measurement in report.measurements}
    return [judged_row(result, known.get(result.measurement or "")) for result in report.gate.rules]


def unjudged(report: Report) -> list[Row]:
    """A row for every number that no rule asks about: figures over all groups first, then those of single groups.

    Pairs of classifiers that move together by construction, such as one with itself, are left to report.json.
    """
    asked = {result.measurement for result in report.gate.rules}
    others = [
        measurement
        for measurement in report.measurements
        if measurement.id not in asked and not measurement.extra.get("trivial")
    ]
    return [measured_row(measurement) for measurement in sorted(others, key=lambda item: not is_headline(item))]


def is_headline(measurement: Measurement) -> bool:
    """Whether the number is over all groups and classes."""
    return measurement.group is None and measurement.class_ is None


def about(measurement: Measurement) -> str:
    """The measurement's qualifiers in words.

    >>> about(Measurement(audit="fairness", metric="tpr", value=1.0, attribute="sex", group="1"))
    'attribute sex, group 1'
    """
    fields = (
        ("attribute", measurement.attribute),
        ("group", measurement.group),
        ("class", measurement.class_),
        ("region", measurement.region),
        ("method", measurement.method),
        ("against", measurement.baseline),
    )
    return ", ".join(f"{name} {value}" for name, value in fields if value is not None)


def limits(minimum: float | None, maximum: float | None) -> str:
    """The limits with signs.

    >>> limits(None, 0.1), limits(0.8, 1.25)
    ('≤ 0.1', '0.8 … 1.25')
    """
    if minimum is not None and maximum is not None:
        return f"{limit(minimum)} … {limit(maximum)}"
    if maximum is not None:
        return f"≤ {limit(maximum)}"
    return "" if minimum is None else f"≥ {limit(minimum)}"


def gate_line(gate: Gate) -> str:
    """The gate's verdict as one line.

    >>> gate_line(Gate(state="none", exit_code=0, fail_on="fail", correction="none", rules=[]))
    'Gate: there is no rule; exit code 0.'
    """
    if gate.state == "none":
        return f"Gate: there is no rule; exit code {gate.exit_code}."
    counted = [
        f"{sum(result.state == state for result in gate.rules)} {state}"
        for state in STATE_WORDS
        if any(result.state == state for result in gate.rules)
    ]
    return f"Gate: {STATE_WORDS[gate.state]} ({', '.join(counted)}); exit code {gate.exit_code}."


def candidate(report: Report) -> Model | None:
    """The audited model."""
    return next((model for model in report.models if model.role == "candidate"), None)


def name_of(report: Report) -> str:
    """Name of the audited model, or of the data where a table of predictions was audited without a model."""
    model = candidate(report)
    return model.name if model else report.data.name


def shown(kept: Sequence[object], total: int, what: str) -> str:
    """The note on a shortened list; empty if nothing is left out.

    >>> shown([1, 2], 5, "rows"), shown([1], 1, "rows")
    ('2 of 5 rows shown; report.json has all.', '')
    """
    return "" if len(kept) >= total else f"{len(kept):,} of {total:,} {what} shown; report.json has all."


def judged_row(result: RuleResult, measurement: Measurement | None) -> Row:
    """The row of one result of the gate; the interval is the one that decided."""
    stored = measurement if result.low is None else None
    return Row(
        metric=measurement.metric
        if measurement
        else result.rule
        if result.verdict is None
        else f"verdict {result.verdict}",
        about=about(measurement) if measurement else _place(result),
        verdict=result.verdict,
        attribute=result.attribute,
        state=result.state,
        value=result.value,
        low=stored.low if stored else result.low,
        high=stored.high if stored else result.high,
        n=measurement.n if measurement else None,
        minimum=result.minimum,
        maximum=result.maximum,
        why=" ".join(part for part in (result.why, result.needed) if part),
        measurement=measurement,
    )


def ungated(report: Report) -> list[Row]:
    """A row for every joint verdict that no rule asks about."""
    asked = {(result.attribute, result.region) for result in report.gate.rules if result.verdict is not None}
    return [_ungated(verdict) for verdict in report.verdicts if (verdict.attribute, verdict.region) not in asked]


def _ungated(verdict: Verdict) -> Row:
    return Row(
        metric=f"verdict {verdict.verdict}",
        about=_place(verdict),
        verdict=verdict.verdict,
        attribute=verdict.attribute,
        state="none",
        value=None,
        low=None,
        high=None,
        n=None,
        why=f"The verdict is {verdict.verdict}; no rule of the gate asks about it. {verdict.why}",
        measurement=None,
    )


def _place(result: RuleResult | Verdict) -> str:
    """What a verdict is about, in words; nothing for other results."""
    fields = (("attribute", result.attribute), ("region", result.region))
    return ", ".join(f"{name} {value}" for name, value in fields if value is not None)


def measured_row(measurement: Measurement) -> Row:
    """The row of a number that no rule asks about."""
    return Row(
        metric=measurement.metric,
        about=about(measurement),
        state="none",
        value=measurement.value,
        low=measurement.low,
        high=measurement.high,
        n=measurement.n,
        why=f"{measurement.status}: {measurement.reason}" if measurement.reason else "",
        measurement=measurement,
    )
