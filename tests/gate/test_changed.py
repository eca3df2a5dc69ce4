import pytest

from fairaudit.config.schema import GateRule
from fairaudit.gate.alike import Alike
from fairaudit.gate.changed import KEPT, MOST_LOST, rules_for_changed
from fairaudit.gate.judge import judge
from fairaudit.gate.verdicts import DEFAULT
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import Verdict

EQUAL = Verdict(attribute="hat", region=None, verdict="no evidence", why="Because.")


def lost(value, low, high):
    fields = {"low": low, "high": high, "level": 0.95, "n": 200, "baseline": "before", "better": "higher"}
    return Measurement(audit="fairness", metric="unbiased_accuracy_change", attribute="hat", value=value, **fields)


def test_the_verdicts_and_the_configuration_still_count():
    own = GateRule(metric="tpr", min=0.5)
    assert rules_for_changed([], [EQUAL]) == [DEFAULT, KEPT]
    assert rules_for_changed([own], [EQUAL]) == [own, KEPT]
    wider = GateRule(regression="unbiased_accuracy", max=0.2)
    assert rules_for_changed([wider], []) == [wider]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ((-0.25, -0.3, -0.2), "fail"),
        ((-MOST_LOST, -0.08, -0.02), "inconclusive"),
        ((-0.01, -0.03, 0.01), "pass"),
        ((0.1, 0.05, 0.15), "pass"),
    ],
)
def test_accuracy_lost_beyond_the_floor_fails_though_outcomes_are_equal(change, state):
    gate = judge(rules_for_changed([], [EQUAL]), [lost(*change)], verdicts=[EQUAL])
    assert gate.state == state


def test_a_model_that_answers_one_thing_fails_with_that_sentence():
    fact = Alike(decision="1", n=200)
    gate = judge(
        rules_for_changed([], [EQUAL]), [lost(0, -0.01, 0.01)], verdicts=[EQUAL], alike=[fact], collapse="fail"
    )
    assert (gate.state, gate.exit_code) == ("fail", 3)
    assert gate.rules[0].why == fact.sentence()
