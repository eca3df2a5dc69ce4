import pytest

from fairaudit.config.schema import GateRule
from fairaudit.gate.alike import Alike, doubt, everywhere, handful, nothing_compared
from fairaudit.gate.judge import judge
from fairaudit.results.measurement import Measurement


def number(**fields):
    return Measurement(audit="fairness", metric="m", value=0.0, **fields)


def test_the_fact_about_everything_is_the_one_without_a_group():
    group, every = Alike(decision="1", n=5, attribute="hat", group="0"), Alike(decision="1", n=9)
    assert everywhere([group, every]) is every
    assert everywhere([group]) is None


def test_the_group_is_named():
    fact = Alike(decision="smiling", n=40, attribute="hat", group="1")
    assert fact.sentence().startswith("All 40 images of group 1 of hat got the same decision, smiling")


@pytest.mark.parametrize(("n", "words"), [(1, "1 image;"), (9, "9 images;"), (10, None), (None, None)])
def test_a_handful(n, words):
    found = handful(number(n=n))
    assert found is None if words is None else words in found


def test_nothing_speaks_against_many_images_that_were_decided_differently():
    assert doubt(number(n=100), []) is None


@pytest.mark.parametrize(
    ("fact", "measured", "doubted"),
    [
        ({}, {}, True),
        ({}, {"attribute": "hat", "group": "0"}, True),
        ({"attribute": "hat", "group": "1"}, {"attribute": "hat", "group": "1"}, True),
        ({"attribute": "hat", "group": "1"}, {"attribute": "hat", "group": "0"}, False),
        ({"attribute": "hat", "group": "1"}, {"attribute": "tie", "group": "1"}, False),
        ({"attribute": "hat", "group": "1"}, {}, False),
        ({"attribute": "hat", "group": "1", "truth_varies": True}, {"attribute": "hat"}, True),
        ({"attribute": "hat", "group": "1", "truth_varies": False}, {"attribute": "hat"}, False),
    ],
)
def test_decisions_that_do_not_vary_speak_against_numbers_that_they_are_in(fact, measured, doubted):
    told = doubt(number(n=100, **measured), [Alike(decision="1", n=50, **fact)])
    assert (told is not None) is doubted


def gap(value, attribute="hat", **fields):
    known = {"value": value} if value is not None else {"value": None, "status": "undefined", "reason": "one group"}
    return Measurement(audit="fairness", metric="tpr_difference", attribute=attribute, n=90, **known, **fields)


def test_without_rules_nothing_that_was_compared_is_no_pass():
    rate = Measurement(audit="fairness", metric="tpr", attribute="hat", group="1", value=0.9, n=90)
    gate = judge([], [gap(None), rate])
    assert (gate.state, gate.exit_code) == ("inconclusive", 4)
    assert gate.rules[0].why.endswith("treated alike: one group.")
    assert judge([], [gap(None), gap(0.1, attribute="tie")]).state == "none"
    assert judge([], [rate]).state == "none"
    assert judge([GateRule(metric="tpr", min=0.5, on="value")], [gap(None), rate]).state == "pass"
    assert nothing_compared([gap(None, baseline="b")]) is None
