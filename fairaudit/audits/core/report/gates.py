"""Checks of the gate before anything is computed: metrics, groups and classes that its rules name."""

from __future__ import annotations

from collections.abc import Sequence

from fairaudit.audits.core.report.gate_limits import check_limits
from fairaudit.config.gate import OF_CLASSIFIERS
from fairaudit.config.schema import GateRule
from fairaudit.data.categorical import Categorical
from fairaudit.errors import UsageError, suggestion
from fairaudit.gate.rules import check_metrics, in_words
from fairaudit.tables.metrics import METRICS, RENAMED


def check_gates(rules: Sequence[GateRule]) -> None:
    """Refuse rules over metrics that no command makes; one that another command makes is shown as not judged.

    Raises:
        UsageError: a rule names an unknown metric, or one whose name has changed, or its limit says nothing.
    """
    for rule in rules:
        old = rule.regression or rule.metric
        if old in RENAMED:
            raise UsageError(
                f'The gate rule "{in_words(rule)}" names the metric "{old}", which means two things',
                advice=RENAMED[old],
            )
    check_metrics(rules, METRICS)
    check_limits(rules)


def check_names(rules: Sequence[GateRule], groupings: Sequence[Categorical], target: Categorical | None) -> None:
    """Refuse groups and classes that the data does not have.

    Args:
        rules: the configuration's.
        groupings: audited attributes and intersections; a rule about another attribute is left to its command.
        target: the label that the model predicts.

    Raises:
        UsageError: a rule names a group or a class that does not exist.
    """
    for rule in rules:
        places = [grouping for grouping in groupings if rule.attribute in (None, grouping.name)]
        if rule.group is not None and places:
            _check(rule, "group", rule.group, [value for place in places for value in place.values])
        if rule.class_ is not None and target is not None and rule.measured not in OF_CLASSIFIERS:
            _check(rule, "class", rule.class_, target.values)


def _check(rule: GateRule, kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UsageError(
            f'The gate rule "{in_words(rule)}" names the {kind} "{name}", which the data does not have',
            advice=suggestion(name, known),
        )
