"""What a rule of the gate may say."""

import pytest
from pydantic import ValidationError

from fairaudit.config.gate import GateRule


@pytest.mark.parametrize(
    ("rule", "measured", "verdicts"),
    [
        ({"metric": "tpr", "min": 0.5, "class": "1"}, "tpr", ()),
        ({"metric": "tpr", "min": 0.5, "max": 0.5}, "tpr", ()),
        ({"regression": "accuracy_difference", "max": 0}, "accuracy_difference_change", ()),
        ({"verdict": "no evidence"}, None, ("no evidence",)),
        ({"verdict": ["no evidence", "spurious but equal"], "attribute": "hat", "region": "tie"}, None,
         ("no evidence", "spurious but equal")),
    ],
)  # fmt: skip
def test_the_three_kinds_of_rules(rule, measured, verdicts):
    found = GateRule.model_validate(rule)
    assert (found.measured, found.verdicts, found.on) == (measured, verdicts, "interval")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({}, "exactly one of metric, verdict, regression; found: none"),
        ({"metric": "tpr", "verdict": "no evidence", "max": 1}, "found: metric, verdict"),
        ({"metric": "tpr"}, "a max or a min"),
        ({"metric": "tpr", "min": 0.6, "max": 0.5}, "min is greater than max"),
        ({"regression": "tpr"}, "needs a max"),
        ({"regression": "tpr", "max": -0.1}, "needs a max"),
        ({"regression": "tpr", "max": 0.1, "min": 0}, "needs a max"),
        ({"verdict": []}, "takes a list"),
        ({"verdict": "no evidence", "max": 1}, "nothing else"),
        ({"verdict": "no evidence", "class": "1"}, "nothing else"),
        ({"verdict": "undecided"}, "Input should be"),
        ({"metric": "tpr", "max": 1, "limit": 2}, "Extra inputs"),
    ],
)
def test_a_rule_that_says_nothing_or_too_much_is_refused(rule, problem):
    with pytest.raises(ValidationError, match=problem):
        GateRule.model_validate(rule)
