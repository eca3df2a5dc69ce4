"""A rule that nothing can break is refused before anything is computed, or the report says so."""

import pytest

from fairaudit.audits.core.report.gate_limits import check_limits, toothless
from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.tables.metrics import METRICS


def rule(**fields):
    return GateRule.model_validate(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "equalized_odds_difference", "max": 10},
        {"metric": "accuracy", "min": -1, "max": 1.5},
        {"metric": "swap_effect", "max": 5},
        {"metric": "rrf", "min": -0.5},
        {"metric": "accuracy_change", "min": -2},
        {"regression": "accuracy", "max": 2},
    ],
    ids=str,
)
def test_a_limit_beyond_all_values_is_refused(fields):
    with pytest.raises(UsageError, match=r"can never fail.*lies between.*Where: key gates\[0\]"):
        check_limits([rule(**fields)])


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"metric": "accuracy", "max": 0.99}, "Write min instead of max"),
        ({"metric": "accuracy", "max": 1.0}, "Write min instead of max"),
        ({"metric": "equalized_odds_difference", "min": 0}, "Write max instead of min"),
        ({"metric": "equalized_odds_difference", "min": 0.01}, "Write max instead of min"),
        ({"metric": "fpr", "min": 0.1}, "Write max instead of min"),
        ({"metric": "demographic_parity_ratio", "max": 0.8}, "Write min instead of max"),
        ({"metric": "dp_l2", "min": 0.1}, "lies between 0 and infinity"),
        ({"metric": "ece_change", "min": -0.1}, "Write max instead of min"),
    ],
    ids=str,
)
def test_a_single_limit_on_the_side_that_is_better_is_refused(fields, advice):
    with pytest.raises(UsageError, match="limits the side that is better") as error:
        check_limits([rule(**fields)])
    assert advice in str(error.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "accuracy", "min": 0.5, "max": 0.99},  # both sides are meant
        {"metric": "selection_rate", "max": 0.9},  # neither side is better
        {"metric": "rrf_lift", "region": "lesion", "min": 2},  # a region that the model should use
        {"metric": "dp_l2", "max": 3},  # its range depends on the number of groups
        {"metric": "conservation_ratio", "min": 0.9},
        {"metric": "deletion_auc", "max": 1},  # about 0 to 1
        {"metric": "false_alarm_rate", "min": 0.9},  # a test of the selftest
        {"metric": "accuracy", "min": 2},  # always fails, which is no false comfort
        {"metric": "equalized_odds_difference", "min": 2},
        {"regression": "accuracy", "max": 0},
        {"verdict": ["no evidence"]},
    ],
    ids=str,
)
def test_a_rule_that_can_decide_is_taken_without_a_note(fields):
    check_limits([rule(**fields)])
    assert toothless([rule(**fields)]) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "equalized_odds_difference", "max": 1},
        {"metric": "accuracy", "min": 0},
        {"metric": "rrf", "min": 0.0},
        {"metric": "phi", "min": -1, "max": 1},
        {"regression": "equalized_odds_difference", "max": 1},
    ],
    ids=str,
)
def test_the_end_of_the_range_is_taken_with_a_note(fields):
    check_limits([rule(**fields)])
    (note,) = toothless([rule(**fields)])
    assert "no value breaks it" in note


def test_a_percentage_is_told_to_be_a_share():
    with pytest.raises(UsageError, match=r"Shares are written as 0\.05, not as 5 %"):
        check_limits([rule(metric="tpr", min=0.5), rule(metric="equalized_odds_difference", max=5)])


def test_the_place_of_the_rule_is_named():
    with pytest.raises(UsageError, match=r"Where: key gates\[1\]"):
        check_limits([rule(metric="tpr", min=0.5), rule(metric="tpr", max=1)])


def test_every_metric_has_a_range_whose_ends_are_in_order():
    for name in METRICS:
        assert METRICS[name].range.low < METRICS[name].range.high, name
