"""The measurements that a gate rule is about, and the rule in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError, suggestion
from fairaudit.results.measurement import Measurement
from fairaudit.results.text import limit

FILTERS = ("attribute", "group", "class_", "region", "method")
"""Fields that a rule and a measurement share."""


def select(rule: GateRule, measurements: Iterable[Measurement]) -> list[Measurement]:
    """Every measurement that the rule is about; without any, the rule is not judged.

    A filter that is left out means the figure over all groups, classes, …, where there is one, and every value where
    there is not: `rrf_lift` of a region is judged once, over all images; `tpr` of an attribute is judged in each group.
    """
    chosen = [measurement for measurement in measurements if measurement.metric == rule.measured]
    for name in FILTERS:
        wanted = getattr(rule, name)
        if wanted is None:
            chosen = [measurement for measurement in chosen if getattr(measurement, name) is None] or chosen
        else:
            chosen = [measurement for measurement in chosen if getattr(measurement, name) == wanted]
    if rule.against is not None:
        chosen = [measurement for measurement in chosen if measurement.baseline == rule.against]
    return chosen


def why_none(rule: GateRule, measurements: Iterable[Measurement]) -> str:
    """Why a rule is about no measurement: the first of its words that nothing in the report has.

    >>> why_none(GateRule(metric="rrf", max=1), [])
    'This command does not measure rrf.'
    """
    chosen = [measurement for measurement in measurements if measurement.metric == rule.measured]
    if not chosen and rule.regression is not None:
        return f"There is no change of {rule.regression}: no baseline was given, or it is not compared."
    if not chosen:
        return f"This command does not measure {rule.measured}."
    for name in FILTERS:
        wanted = getattr(rule, name)
        if wanted is None:
            continue
        known = {value for value in (getattr(measurement, name) for measurement in chosen) if value is not None}
        chosen = [measurement for measurement in chosen if getattr(measurement, name) == wanted]
        if not chosen:
            return f'{rule.measured} was measured for no {name.rstrip("_")} "{wanted}". {suggestion(wanted, known)}'
    if rule.against is not None:
        known = {measurement.baseline for measurement in chosen if measurement.baseline is not None}
        return f'{rule.measured} was not compared with "{rule.against}". {suggestion(rule.against, known)}'
    return f"This command does not measure {rule.measured} in this form."


def check_metrics(rules: Sequence[GateRule], known: Iterable[str]) -> None:
    """Refuse a rule over a metric that no audit makes, before anything is computed.

    Raises:
        UsageError: a rule names an unknown metric.
    """
    names = set(known)
    for rule in rules:
        if rule.measured is not None and rule.measured not in names:
            changes = {name.removesuffix("_change") for name in names if name.endswith("_change")}
            raise _unknown(rule, changes if rule.regression is not None else names)


def in_words(rule: GateRule) -> str:
    """The rule as one phrase.

    >>> in_words(GateRule(metric="rrf_lift", region="necktie", method="lrp", max=1.5))
    'rrf_lift (region necktie, method lrp) at most 1.5'
    >>> in_words(GateRule(verdict=["no evidence", "unequal outcome"], attribute="sex"))
    'verdict (attribute sex) no evidence or unequal outcome'
    >>> in_words(GateRule(regression="accuracy_difference", max=0.02))
    'accuracy_difference worse than the baseline by at most 0.02'
    """
    given = [(name.rstrip("_"), getattr(rule, name)) for name in FILTERS if getattr(rule, name) is not None]
    given += [] if rule.against is None else [("against", rule.against)]
    filters = f" ({', '.join(f'{name} {value}' for name, value in given)})" if given else ""
    if rule.verdicts:
        return f"verdict{filters} {' or '.join(rule.verdicts)}"
    if rule.regression is not None:
        return f"{rule.regression}{filters} worse than the baseline by {limits_in_words(None, rule.max)}"
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


def beyond_in_words(minimum: float | None, maximum: float | None) -> str:
    """What lies beyond the limits, as one phrase.

    >>> beyond_in_words(None, 0.1), beyond_in_words(0.8, None), beyond_in_words(0.8, 1.25)
    ('above 0.1', 'below 0.8', 'outside 0.8 to 1.25')
    """
    if minimum is not None and maximum is not None:
        return f"outside {limit(minimum)} to {limit(maximum)}"
    if maximum is not None:
        return f"above {limit(maximum)}"
    return "" if minimum is None else f"below {limit(minimum)}"


def _unknown(rule: GateRule, known: Iterable[str]) -> UsageError:
    name = rule.regression or rule.metric or ""
    return UsageError(
        f'The gate rule "{in_words(rule)}" is about no measurement of any report: no metric "{name}"',
        advice=suggestion(name, known),
    )
