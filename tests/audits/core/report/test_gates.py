import numpy as np
import pytest

from fairaudit.audits.core.report.gates import check_gates, check_names
from fairaudit.config.gate import OF_CLASSIFIERS
from fairaudit.config.schema import GateRule
from fairaudit.data.categorical import Categorical
from fairaudit.errors import UsageError
from fairaudit.tables.metrics import names_of


def column(name, values):
    return Categorical(name=name, values=values, codes=np.arange(len(values), dtype=np.int32))


SEX, SMILE = column("sex", ("man", "woman")), column("smile", ("no", "yes"))


def rule(**fields):
    return GateRule.model_validate({"metric": "tpr", "max": 1, **fields})


@pytest.mark.parametrize(
    "kind", [{"metric": "worst_group_accuracy", "min": 0.7}, {"regression": "worst_group_accuracy", "max": 0.02}]
)
def test_a_name_that_means_two_things_is_refused_with_both_new_ones(kind):
    with pytest.raises(UsageError, match=r"worst_cell_accuracy.*worst_attribute_group_accuracy"):
        check_gates([GateRule.model_validate(kind)])


def test_metrics_of_any_command_are_known():
    check_gates([rule(metric=name, min=0.5) for name in ("tpr", "rrf_lift", "relative_change", "detection_power")])
    check_gates([GateRule(regression="equalized_odds_difference", max=0), GateRule(verdict="no evidence")])
    with pytest.raises(UsageError, match=r'no metric "tprr"\. Did you mean "tpr"'):
        check_gates([rule(metric="tprr")])
    with pytest.raises(
        UsageError, match=r'no metric "equalized_odd_difference"\. Did you mean "equalized_odds_difference"'
    ):
        check_gates([GateRule(regression="equalized_odd_difference", max=0)])


def test_groups_and_classes_have_to_exist():
    check_names([rule(group="woman", **{"class": "yes"})], [SEX], SMILE)
    check_names([rule(group="old", attribute="age")], [SEX], SMILE)  # another command's attribute
    with pytest.raises(UsageError, match=r'the group "women".*Did you mean "woman"'):
        check_names([rule(group="women")], [SEX], SMILE)
    with pytest.raises(UsageError, match=r'the class "maybe".*Known: no, yes'):
        check_names([rule(**{"class": "maybe"})], [SEX], SMILE)


def test_the_class_of_an_alignment_is_a_classifier():
    """Which there are, the command that opens them knows; a rule about none of them is not judged there."""
    check_names([rule(metric="relative_change", attribute="tie", **{"class": "smile + 0.3*tie"})], [SEX], SMILE)
    check_names([rule(metric="map_similarity", **{"class": "smile"})], [SEX], SMILE)


def test_the_metrics_whose_attributes_are_classifiers_are_those_of_their_commands():
    assert names_of("cf-align", "cf-rectify") == OF_CLASSIFIERS
