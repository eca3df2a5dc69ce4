"""Limits of gate rules against the range of their metric: a rule that nothing can break is no rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.gate.rules import in_words
from fairaudit.results.text import limit
from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.metrics import METRICS

_EITHER_SIDE: Final = frozenset({"roi-metrics", "counterfactual", "swap", "selftest"})
"""Audits whose numbers may be wanted on either side: a model may be meant to use a region, a selftest may be tested."""


def check_limits(rules: Sequence[GateRule]) -> None:
    """Refuse rules that cannot say anything: the limit lies beyond all values, or on the side that is better.

    A limit that is the end of the range is taken, and `toothless` says so in the report.

    Args:
        rules: over known metrics; those over verdicts have no limits.

    Raises:
        UsageError: a rule would pass whatever the model does, or passes the worst models.

    >>> check_limits([GateRule(metric="equalized_odds_difference", max=5)])
    Traceback (most recent call last):
    fairaudit.errors.UsageError: The gate rule "equalized_odds_difference at most 5" can never fail. Wanted: a limit \
that some values break: equalized_odds_difference lies between 0 and 1, and lower is better. Where: key gates[0]. \
Shares are written as 0.05, not as 5 %.
    """
    for number, rule in enumerate(rules):
        name = rule.regression or rule.metric
        if name is None:
            continue
        entry, where = METRICS[name], f"key gates[{number}]"
        if _nothing_breaks(rule, entry, beyond=True):
            raise _refused(rule, "can never fail", entry, where)
        if rule.regression is None and _wrong_side(rule, entry):
            raise _refused(rule, "limits the side that is better", entry, where)


def toothless(rules: Sequence[GateRule]) -> list[str]:
    """A note for every rule whose limit is the end of the metric's range, so that no value breaks it.

    >>> toothless([GateRule(metric="equalized_odds_difference", max=1)])
    ['The gate rule "equalized_odds_difference at most 1" passes whatever the value: no value breaks it.']
    """
    notes = []
    for rule in rules:
        name = rule.regression or rule.metric
        if name is not None and name in METRICS and _nothing_breaks(rule, METRICS[name]):
            notes.append(f'The gate rule "{in_words(rule)}" passes whatever the value: no value breaks it.')
    return notes


def _nothing_breaks(rule: GateRule, entry: MetricEntry, *, beyond: bool = False) -> bool:
    """Whether every value keeps the rule; with `beyond`, whether its limits are no values of the metric either."""
    low, high = entry.range.low, entry.range.high
    if rule.regression is not None:
        low, high = -math.inf, high - low
    if (rule.max is not None and rule.max < high) or (rule.min is not None and rule.min > low):
        return False
    return not beyond or (rule.max is not None and rule.max > high) or (rule.min is not None and rule.min < low)


def _wrong_side(rule: GateRule, entry: MetricEntry) -> bool:
    if entry.audit in _EITHER_SIDE or entry.better == "none":
        return False
    low, high = entry.range.low, entry.range.high
    if entry.better == "lower":
        return rule.max is None and not (rule.min is not None and rule.min > high)  # which always fails: no comfort
    return rule.min is None and not (rule.max is not None and rule.max < low)


def _refused(rule: GateRule, what: str, entry: MetricEntry, where: str) -> UsageError:
    low, high = (limit(end).replace("inf", "infinity") for end in (entry.range.low, entry.range.high))
    better = "" if entry.better == "none" else f", and {entry.better} is better"
    return UsageError(
        f'The gate rule "{in_words(rule)}" {what}',
        wanted=f"a limit that some values break: {entry.name} lies between {low} and {high}{better}",
        where=where,
        advice=_advice(rule, entry),
    )


def _advice(rule: GateRule, entry: MetricEntry) -> str | None:
    """What was probably meant."""
    given = next(number for number in (rule.min, rule.max) if number is not None)
    low, high = entry.range.low, entry.range.high
    if high == 1 and low > -2 and 1 < given <= 100:
        return f"Shares are written as {limit(given / 100)}, not as {limit(given)} %."
    if rule.regression is not None or not _wrong_side(rule, entry):
        return None
    meant, other = ("max", "min") if entry.better == "lower" else ("min", "max")
    return f"Write {meant} instead of {other}; if {other} is meant, give {meant} beside it."
