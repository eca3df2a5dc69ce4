"""A rule that nothing can break, or nothing can keep, is refused before anything is computed."""

import pytest

from fairaudit.audits.core.report.gate_limits import check_limits
from fairaudit.audits.core.report.gates import check_gates
from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.tables.metrics import METRICS


def check(**fields):
    check_limits(GateRule.model_validate(fields), "gates[3]")


@pytest.mark.parametrize(
    "rule",
    [
        {"metric": "accuracy", "max": 1.0},
        {"metric": "equalized_odds_difference", "min": 0},
        {"metric": "equalized_odds_difference", "max": 1},
        {"metric": "equalized_odds_difference", "max": 10},
        {"metric": "equalized_odds_difference", "min": 0, "max": 1},
        {"metric": "swap_effect", "max": 5},
        {"metric": "rrf_lift", "min": 0},
        {"metric": "phi", "min": -1, "max": 1},
        {"metric": "accuracy_change", "min": -1},
        {"regression": "accuracy", "max": 2},
        {"regression": "equalized_odds_difference", "max": 1},
    ],
    ids=str,
)
def test_a_rule_that_nothing_can_break_is_refused(rule):
    with pytest.raises(UsageError, match=r"can never fail.*lies between.*Where: gates\[3\]"):
        check(**rule)


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ({"metric": "accuracy", "min": 95}, "Shares are written as 0.95, not as 95 %"),
        ({"metric": "equalized_odds_difference", "max": -0.1}, "can never pass"),
        ({"metric": "worst_cell_accuracy", "min": 1.01}, "can never pass"),
    ],
    ids=str,
)
def test_a_rule_that_nothing_can_keep_is_refused(rule, advice):
    with pytest.raises(UsageError, match="can never pass") as error:
        check(**rule)
    assert advice in str(error.value)


@pytest.mark.parametrize(
    ("rule", "advice"),
    [
        ({"metric": "accuracy", "max": 0.99}, "Write min instead of max"),
        ({"metric": "equalized_odds_difference", "min": 0.01}, "Write max instead of min"),
        ({"metric": "fpr", "min": 0.1}, "Write max instead of min"),
        ({"metric": "demographic_parity_ratio", "max": 0.8}, "Write min instead of max"),
        ({"metric": "detection_power", "max": 0.8}, "Write min instead of max"),
        ({"metric": "ece_change", "min": -0.1}, "Write max instead of min"),
    ],
    ids=str,
)
def test_a_limit_on_the_side_that_is_better_is_refused(rule, advice):
    with pytest.raises(UsageError, match="limits the side that is better") as error:
        check(**rule)
    assert advice in str(error.value)


@pytest.mark.parametrize(
    "rule",
    [
        {"metric": "accuracy", "min": 0.5, "max": 0.99},  # both sides are meant
        {"metric": "selection_rate", "max": 0.9},  # neither side is better
        {"metric": "rrf_lift", "region": "lesion", "min": 2},  # a region that the model should use
        {"metric": "dp_l2", "max": 3},  # its range depends on the number of groups
        {"metric": "conservation_ratio", "min": 0.9},
        {"metric": "deletion_auc", "max": 1},  # about 0 to 1
        {"metric": "rrf_lift", "max": 1.5},
        {"regression": "accuracy", "max": 0},
        {"verdict": ["no evidence"]},
    ],
    ids=str,
)
def test_a_rule_that_can_decide_is_taken(rule):
    check(**rule)


def test_every_metric_has_a_range_whose_ends_are_in_order():
    for name in METRICS:
        low, high = METRICS[name].bounds
        assert low < high, name


def test_the_place_of_the_rule_is_named():
    with pytest.raises(UsageError, match=r"Where: gates\[1\]"):
        check_gates([GateRule(metric="tpr", min=0.5), GateRule(metric="tpr", min=0)])
