import pytest

from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.gate.rules import check_metrics, in_words, select, why_none
from fairaudit.results.measurement import Measurement


def measurement(metric="tpr", **fields):
    return Measurement(audit="fairness", metric=metric, value=0.5, **fields)


ALL = [
    measurement(attribute="sex", group="0"),
    measurement(attribute="sex", group="1"),
    measurement(attribute="age", group="1"),
    measurement(attribute="sex"),
    measurement(attribute="sex", **{"class": "smiling"}),
    measurement("rrf", region="necktie", method="lrp"),
    measurement("rrf", region="necktie", method="integrated_gradients"),
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"metric": "tpr"}, [3]),
        ({"metric": "tpr", "attribute": "sex"}, [3]),
        ({"metric": "tpr", "attribute": "age"}, [2]),
        ({"metric": "tpr", "group": "1"}, [1, 2]),
        ({"metric": "tpr", "attribute": "age", "group": "1"}, [2]),
        ({"metric": "tpr", "class": "smiling"}, [4]),
        ({"metric": "rrf", "method": "lrp"}, [5]),
        ({"metric": "rrf", "region": "necktie"}, [5, 6]),
    ],
)
def test_a_rule_is_about_what_its_filters_let_through(rule, expected):
    chosen = select(GateRule.model_validate({**rule, "max": 1}), ALL)
    assert chosen == [ALL[index] for index in expected]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"metric": "rddt"}, "This command does not measure rddt."),
        ({"metric": "tpr", "attribute": "sexx"}, 'tpr was measured for no attribute "sexx". Did you mean "sex"?'),
        ({"metric": "tpr", "attribute": "age", "group": "0"}, 'tpr was measured for no group "0". Known: 1.'),
        ({"metric": "rrf", "region": "mouth"}, 'rrf was measured for no region "mouth". Known: necktie.'),
        ({"metric": "tpr", "method": "lrp"}, 'tpr was measured for no method "lrp". None are known.'),
        ({"metric": "tpr", "class": "smile"}, 'tpr was measured for no class "smile". Did you mean "smiling"?'),
    ],
)
def test_a_rule_about_nothing_says_which_of_its_words_nothing_has(rule, reason):
    rule = GateRule.model_validate({**rule, "max": 1})
    assert select(rule, ALL) == []
    assert why_none(rule, ALL) == reason


def test_metrics_can_be_checked_before_anything_is_computed():
    check_metrics([GateRule(metric="tpr", max=1)], ["tpr", "fpr"])
    with pytest.raises(UsageError, match='Did you mean "fpr"'):
        check_metrics([GateRule(metric="fprr", max=1)], ["tpr", "fpr"])


def test_the_rule_in_words():
    rule = GateRule.model_validate({"metric": "tpr", "class": "smiling", "attribute": "sex", "min": 0.8, "max": 1.25})
    assert in_words(rule) == "tpr (attribute sex, class smiling) between 0.8 and 1.25"
