import pytest

from fairaudit.config.schema import AllowedVerdict, GateRule
from fairaudit.gate.alike import Alike
from fairaudit.gate.judge import judge
from fairaudit.gate.verdicts import why_no_verdict
from fairaudit.results.measurement import Measurement
from fairaudit.results.report import JointVerdict, Verdict

ALLOWED = AllowedVerdict.__args__


def verdict(word, *, attribute="necktie", region="necktie", **fields):
    return Verdict(attribute=attribute, region=region, verdict=word, why="Because", **fields)


def test_every_verdict_but_undecided_can_be_allowed():
    assert set(ALLOWED) == set(JointVerdict.__args__) - {"undecided"}


@pytest.mark.parametrize("word", JointVerdict.__args__)
def test_without_rules_the_verdicts_decide(word):
    gate = judge([], [], verdicts=[verdict("no evidence", region="hat"), verdict(word, needed="more images")])
    expected = {"no evidence": ("pass", 0), "undecided": ("inconclusive", 4)}.get(word, ("fail", 3))
    assert (gate.state, gate.exit_code) == expected
    worst = next(result for result in gate.rules if result.region == "necktie")
    assert (worst.attribute, worst.verdict, worst.measurement) == ("necktie", word, None)
    assert worst.needed == ("more images" if word == "undecided" else None)


def test_with_rules_over_numbers_the_verdicts_are_left_alone():
    number = Measurement(audit="fairness", metric="m", value=0.0, low=-0.01, high=0.01, level=0.95, n=100)
    gate = judge([GateRule(metric="m", max=0.1)], [number], verdicts=[verdict("spurious but equal")])
    assert (gate.state, len(gate.rules)) == ("pass", 1)


@pytest.mark.parametrize("word", ALLOWED)
def test_a_rule_says_which_verdicts_pass(word):
    rule = GateRule(verdict=["no evidence", "unequal, not by this cue"], attribute="necktie")
    gate = judge([rule], [], verdicts=[verdict(word), verdict("unequal outcome", attribute="hat")])
    assert gate.state == ("pass" if word in rule.verdicts else "fail")


def test_a_rule_about_a_verdict_that_was_not_given_is_not_judged():
    rule = GateRule(verdict="no evidence", region="hat")
    gate = judge([rule], [], verdicts=[verdict("no evidence")])
    assert (gate.state, gate.rules[0].state) == ("inconclusive", "not judged")
    assert why_no_verdict([verdict("no evidence")]) == "There is a verdict on necktie × necktie only."


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (Alike(decision="1", n=100), "inconclusive"),
        (Alike(decision="1", n=40, attribute="necktie", group="0"), "inconclusive"),
        (Alike(decision="1", n=40, attribute="necktie", group="0", truth_varies=False), "pass"),
        (Alike(decision="1", n=40, attribute="hat", group="0"), "pass"),
    ],
)
def test_no_evidence_is_no_pass_where_decisions_do_not_vary(fact, expected):
    gate = judge([], [], verdicts=[verdict("no evidence")], alike=[fact])
    assert gate.state == expected


def test_no_evidence_from_a_handful_of_images_is_no_pass():
    three = Measurement(audit="roi-metrics", metric="rrf_lift", value=1.0, n=3)
    gate = judge([], [three], verdicts=[verdict("no evidence", evidence=[three.id])])
    assert gate.state == "inconclusive"
    assert "3 images" in gate.rules[0].why
