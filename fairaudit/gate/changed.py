"""What a pruned, rectified or otherwise changed model must not have lost, whatever the rules are."""

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


def rules_for_changed(
    rules: Sequence[GateRule], verdicts: Sequence[Verdict], added: Sequence[GateRule] = (KEPT,)
) -> list[GateRule]:
    """The rules for a changed model: the configuration's, or the verdicts', and those that any such model must keep.

    A configuration with a rule of its own over the same number sets its own limit.

    Args:
        rules: of the configuration.
        verdicts: joint verdicts of the report.
        added: what the change is held to, such as that accuracy was kept.

    >>> [rule.regression for rule in rules_for_changed([], [])]
    ['unbiased_accuracy']
    """
    given = list(rules) or ([DEFAULT] if verdicts else [])
    own = {rule.measured for rule in given}
    return [*given, *(rule for rule in added if rule.measured not in own)]
