"""Limits of gate rules against the range of their metric: a rule that nothing can break is no rule."""

from __future__ import annotations

from typing import Final

from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.gate.rules import in_words
from fairaudit.results.text import limit
from fairaudit.tables.entry import MetricEntry
from fairaudit.tables.metrics import METRICS

_OF_REGIONS: Final = frozenset({"roi-metrics", "counterfactual", "swap"})
"""Audits of regions, which a model may be meant to use: either side of their numbers can be what is asked for."""


def check_limits(rule: GateRule, where: str) -> None:
    """Refuse a rule that its metric always keeps, or never, or whose limit stands on the side that is better.

    Args:
        rule: over a known metric; one over verdicts has no limits.
        where: its place in the configuration.

    Raises:
        UsageError: the rule would pass, or fail, whatever the model does.

    >>> check_limits(GateRule(metric="tpr", min=95), "gates[0]")
    Traceback (most recent call last):
    fairaudit.errors.UsageError: The gate rule "tpr at least 95" can never pass. Wanted: a limit that some values keep \
and others break: tpr lies between 0 and 1, and higher is better. Where: gates[0]. Shares are written as 0.95, not as \
95 %.
    >>> check_limits(GateRule(metric="tpr", min=0.95), "gates[0]")
    """
    if rule.measured is None:
        return
    entry = METRICS[rule.regression or rule.measured]
    low, high = entry.bounds
    maximum, minimum = rule.max, rule.min
    if rule.regression is not None:
        low, high = low - high, high - low
    if (maximum is not None and maximum < low) or (minimum is not None and minimum > high):
        raise _refused(rule, "can never pass", entry, where)
    if (maximum is None or maximum >= high) and (minimum is None or minimum <= low):
        raise _refused(rule, "can never fail", entry, where)
    wrong = {"lower": maximum, "higher": minimum, "none": 0.0}[entry.better] is None
    if wrong and rule.regression is None and entry.audit not in _OF_REGIONS:
        raise _refused(rule, "limits the side that is better", entry, where)


def _refused(rule: GateRule, what: str, entry: MetricEntry, where: str) -> UsageError:
    low, high = (f"{limit(end)}".replace("inf", "infinity") for end in entry.bounds)
    better = "" if entry.better == "none" else f", and {entry.better} is better"
    return UsageError(
        f'The gate rule "{in_words(rule)}" {what}',
        wanted=f"a limit that some values keep and others break: {entry.name} lies between {low} and {high}{better}",
        where=where,
        advice=_advice(rule, entry, what),
    )


def _advice(rule: GateRule, entry: MetricEntry, what: str) -> str | None:
    """What was probably meant."""
    low, high = entry.bounds
    given = next(number for number in (rule.min, rule.max) if number is not None)
    if (low, high) in ((0, 1), (-1, 1)) and 1 < given <= 100:
        return f"Shares are written as {limit(given / 100)}, not as {limit(given)} %."
    if rule.regression is not None or entry.better == "none" or what == "can never pass":
        return None
    meant, other = ("max", "min") if entry.better == "lower" else ("min", "max")
    if getattr(rule, meant) is None:
        return f"Write {meant} instead of {other}; if {other} is meant, give {meant} beside it."
    return None
