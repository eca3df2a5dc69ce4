"""Which measurements a gate rule is about, and the rule in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError, suggestion
from fairaudit.results.measurement import Measurement
from fairaudit.results.text import limit

FILTERS = ("attribute", "group", "class_", "region", "method")
"""Fields that a rule and a measurement share."""


def select(rule: GateRule, measurements: Iterable[Measurement]) -> list[Measurement]:
    """Every measurement that the rule is about.

    A filter that is left out means the figure over all groups, classes, …, where there is one, and every value where
    there is not: `rrf_lift` of a region is judged once, over all images; `tpr` of an attribute is judged in each group.

    Raises:
        UsageError: there is none; a gate over nothing never passes. Names the first filter that leaves nothing.
    """
    measurements = list(measurements)
    chosen = [measurement for measurement in measurements if measurement.metric == rule.metric]
    if not chosen:
        raise _nothing(rule, "metric", rule.metric, {measurement.metric for measurement in measurements})
    for name in FILTERS:
        asked = getattr(rule, name)
        if asked is None:
            chosen = [measurement for measurement in chosen if getattr(measurement, name) is None] or chosen
            continue
        known = {value for value in (getattr(measurement, name) for measurement in chosen) if value is not None}
        chosen = [measurement for measurement in chosen if getattr(measurement, name) == asked]
        if not chosen:
            raise _nothing(rule, name.rstrip("_"), asked, known)
    if rule.against is None:
        return chosen
    known = {measurement.baseline for measurement in chosen if measurement.baseline is not None}
    chosen = [measurement for measurement in chosen if measurement.baseline == rule.against]
    if not chosen:
        raise _nothing(rule, "baseline", rule.against, known)
    return chosen


def check_metrics(rules: Sequence[GateRule], known: Iterable[str]) -> None:
    """Refuse a rule over a metric that no audit of this run makes, before anything is computed.

    Raises:
        UsageError: a rule names an unknown metric.
    """
    names = set(known)
    for rule in rules:
        if rule.metric not in names:
            raise _nothing(rule, "metric", rule.metric, names)


def in_words(rule: GateRule) -> str:
    """The rule as one phrase.

    >>> in_words(GateRule(metric="rrf_lift", region="necktie", method="lrp", max=1.5))
    'rrf_lift (region necktie, method lrp) at most 1.5'
    """
    given = [(name.rstrip("_"), getattr(rule, name)) for name in FILTERS if getattr(rule, name) is not None]
    given += [] if rule.against is None else [("against", rule.against)]
    filters = f" ({', '.join(f'{name} {value}' for name, value in given)})" if given else ""
    return f"{rule.metric}{filters} {limits_in_words(rule.min, rule.max)}"


def limits_in_words(minimum: float | None, maximum: float | None) -> str:
    """The limits as one phrase.

    >>> limits_in_words(None, 0.1), limits_in_words(0.8, None), limits_in_words(0.8, 1.25)
    ('at most 0.1', 'at least 0.8', 'between 0.8 and 1.25')
    """
    if minimum is not None and maximum is not None:
        return f"between {limit(minimum)} and {limit(maximum)}"
    if maximum is not None:
        return f"at most {limit(maximum)}"
    return "" if minimum is None else f"at least {limit(minimum)}"


def _nothing(rule: GateRule, name: str, value: str, known: Iterable[str]) -> UsageError:
    return UsageError(
        f'The gate rule "{in_words(rule)}" is about no measurement of this report: no {name} "{value}"',
        advice=suggestion(value, known),
    )
