"""What a model that was pruned, rectified or otherwise changed must not have lost, whatever the rules are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fairaudit.config.schema import GateRule
from fairaudit.gate.verdicts import DEFAULT
from fairaudit.results.report import Verdict

MOST_LOST: Final = 0.05
"""Accuracy that a changed model may lose against the one it came from, averaged over cells of attribute and class."""

KEPT: Final = GateRule(regression="unbiased_accuracy", max=MOST_LOST)
"""A model that no longer does its task treats all groups alike; that is no success."""


def rules_for_changed(rules: Sequence[GateRule], verdicts: Sequence[Verdict]) -> list[GateRule]:
    """The rules for a changed model: the configuration's, or the verdicts', and that its accuracy was kept.

    A configuration with a rule of its own over that regression sets its own limit.

    >>> [rule.regression for rule in rules_for_changed([], [])]
    ['unbiased_accuracy']
    """
    given = list(rules) or ([DEFAULT] if verdicts else [])
    return given if any(rule.regression == KEPT.regression for rule in given) else [*given, KEPT]
