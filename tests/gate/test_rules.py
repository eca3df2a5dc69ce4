import pytest

from fairaudit.config.schema import GateRule
from fairaudit.errors import UsageError
from fairaudit.gate.rules import check_metrics, in_words, select
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
    ("rule", "message"),
    [
        ({"metric": "tprr"}, r'no metric "tprr"\. Did you mean "tpr"'),
        ({"metric": "tpr", "attribute": "sexx"}, r'no attribute "sexx"\. Did you mean "sex"'),
        ({"metric": "tpr", "attribute": "age", "group": "0"}, r'no group "0"\. Known: 1\.'),
        ({"metric": "rrf", "region": "neck tie"}, r'no region "neck tie"\. Did you mean "necktie"'),
        ({"metric": "tpr", "method": "lrp"}, r'no method "lrp"\. None are known'),
        ({"metric": "tpr", "class": "smile"}, r'no class "smile"\. Did you mean "smiling"'),
    ],
)
def test_a_rule_about_nothing_is_an_error_that_names_the_filter(rule, message):
    with pytest.raises(UsageError, match=message):
        select(GateRule.model_validate({**rule, "max": 1}), ALL)


def test_a_report_without_measurements_is_an_error():
    with pytest.raises(UsageError, match="None are known"):
        select(GateRule(metric="tpr", max=1), [])


def test_metrics_can_be_checked_before_anything_is_computed():
    check_metrics([GateRule(metric="tpr", max=1)], ["tpr", "fpr"])
    with pytest.raises(UsageError, match='Did you mean "fpr"'):
        check_metrics([GateRule(metric="fprr", max=1)], ["tpr", "fpr"])


def test_the_rule_in_words():
    rule = GateRule.model_validate({"metric": "tpr", "class": "smiling", "attribute": "sex", "min": 0.8, "max": 1.25})
    assert in_words(rule) == "tpr (attribute sex, class smiling) between 0.8 and 1.25"
