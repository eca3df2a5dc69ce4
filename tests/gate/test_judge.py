import itertools
import re

import pytest

from fairaudit.config.schema import GateRule
from fairaudit.errors import ExitCode
from fairaudit.gate.alike import Alike
from fairaudit.gate.evidence import wilson, z
from fairaudit.gate.judge import exit_code, judge
from fairaudit.results.measurement import Measurement

INTERVALS = {"pass": (0.03, 0.01, 0.05), "fail": (0.3, 0.25, 0.35), "inconclusive": (0.08, 0.03, 0.13)}


def measurement(metric, state="pass", **fields):
    value, low, high = INTERVALS[state]
    return Measurement(
        audit="fairness", metric=metric, **{"value": value, "low": low, "high": high, "level": 0.95, "n": 100, **fields}
    )


def rule(metric, on="interval"):
    return GateRule(metric=metric, max=0.1, on=on)


@pytest.mark.parametrize("state", ["pass", "fail", "inconclusive"])
def test_one_rule_by_interval(state):
    gate = judge([rule("m")], [measurement("m", state)])
    assert (gate.state, gate.rules[0].state) == (state, state)
    assert (gate.rules[0].low, gate.rules[0].high) == pytest.approx(INTERVALS[state][1:])
    assert (gate.rules[0].needed is not None) == (state == "inconclusive")


@pytest.mark.parametrize(("state", "expected"), [("pass", "pass"), ("fail", "fail"), ("inconclusive", "pass")])
def test_one_rule_by_value(state, expected):
    gate = judge([rule("m", on="value")], [measurement("m", state)])
    assert gate.state == expected
    assert gate.rules[0].low is None
    assert "uncertainty does not count" in gate.rules[0].why


def test_a_model_that_was_probably_misread_never_passes_and_may_still_fail():
    told = "The model was probably misread."
    open_gate = judge([rule("m")], [measurement("m", "pass")], misread=told)
    assert (open_gate.state, open_gate.rules[0].why) == ("inconclusive", told)
    assert judge([], [], misread=told).exit_code == ExitCode.INCONCLUSIVE
    assert judge([rule("m")], [measurement("m", "fail")], misread=told).state == "fail"


NO_SOUND_NUMBER = [
    ({"value": None, "status": "undefined", "reason": "no positives"}, "no such number: no positives"),
    ({"status": "unusable", "reason": "the method failed its check"}, "cannot pass: the method failed"),
    ({"value": None, "status": "suppressed", "reason": "fewer than 5"}, "too few images to be printed.*fewer than 5"),
]


@pytest.mark.parametrize("on", ["interval", "value"])
@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize(("fields", "why"), NO_SOUND_NUMBER)
def test_what_is_no_sound_number_never_passes(on, bare, fields, why):
    ends = {"low": None, "high": None, "level": None} if bare else {}
    gate = judge([rule("m", on)], [measurement("m", "pass", **{**fields, **ends})])
    assert gate.state == "inconclusive"
    assert re.search(why, gate.rules[0].why)


@pytest.mark.parametrize(("fields", "why"), NO_SOUND_NUMBER)
def test_only_an_undefined_disparity_may_fail_by_what_the_other_groups_prove(fields, why):
    gate = judge([rule("m")], [measurement("m", "fail", **fields)])
    assert gate.state == ("fail" if fields["status"] == "undefined" else "inconclusive")
    if gate.state == "fail":
        assert gate.rules[0].low == pytest.approx(0.25)


def test_without_an_interval_only_the_point_can_be_judged():
    bare = measurement("m", low=None, high=None, level=None)
    assert judge([rule("m")], [bare]).state == "inconclusive"
    assert judge([rule("m", "value")], [bare]).state == "pass"


STATES = ("pass", "inconclusive", "incomplete", "fail")


@pytest.mark.parametrize("states", [s for n in range(5) for s in itertools.combinations(STATES, n)])
@pytest.mark.parametrize("fail_on", ["fail", "incomplete", "inconclusive", "never"])
def test_the_worst_state_decides_and_fail_on_says_which_states_count(states, fail_on):
    metrics = [state for state in states if state != "incomplete"]
    gate = judge(
        [rule(state) for state in metrics],
        [measurement(state, state) for state in metrics],
        excluded=int("incomplete" in states),
        fail_on=fail_on,
        correction="none",
    )
    worst = states[-1] if states else "none"
    codes = {"fail": 3, "incomplete": 5, "inconclusive": 4}
    counted = {
        "fail": {"fail"},
        "incomplete": {"fail", "incomplete"},
        "inconclusive": {"fail", "incomplete", "inconclusive"},
        "never": set(),
    }
    assert gate.state == worst
    assert gate.exit_code == (codes[worst] if worst in counted[fail_on] else 0)
    assert [result.state for result in gate.rules] == list(reversed(states))
    assert gate.fail_on == fail_on


@pytest.mark.parametrize(("excluded", "allowed", "expected"), [(0, 0, "none"), (1, 0, "incomplete"), (3, 3, "none")])
def test_too_many_excluded_rows_are_incomplete_even_without_rules(excluded, allowed, expected):
    gate = judge([], [], excluded=excluded, max_excluded=allowed)
    assert gate.state == expected
    assert gate.exit_code == (5 if expected == "incomplete" else 0)


def test_a_rule_judges_every_measurement_it_is_about():
    found = [measurement("tpr", "pass", group="0"), measurement("tpr", "fail", group="1")]
    gate = judge([rule("tpr")], found)
    assert [(result.measurement, result.state) for result in gate.rules] == [
        ("fairness/tpr/group=1", "fail"),
        ("fairness/tpr/group=0", "pass"),
    ]


def test_several_rules_are_corrected_and_the_family_is_stated():
    # 0.055 ± 0.04 is inside 0.1 alone, but not at the level of one of two.
    found = [measurement(name, value=0.055, low=0.015, high=0.095) for name in "ab"]
    gate = judge([rule("a"), rule("b")], found)
    assert gate.state == "inconclusive"
    assert "Holm over the 2 intervals" in gate.correction
    assert "2.5 %" in gate.correction
    assert gate.rules[0].high > 0.1
    assert judge([rule("a")], found).state == "pass"
    gap = [m.model_copy(update={"interval": "max-t"}) for m in found]
    assert "wrong pass is at most 2.5 %, of any wrong fail 5 %" in judge([rule("a"), rule("b")], gap).correction
    free = judge([rule("a"), rule("b")], found, correction="none")
    assert (free.state, free.rules[0].high) == ("pass", pytest.approx(0.095))


def test_rules_by_value_are_no_members_of_the_family():
    found = [measurement(name, value=0.055, low=0.015, high=0.095) for name in "ab"]
    gate = judge([rule("a"), rule("b", "value")], found)
    assert gate.state == "pass"
    assert gate.correction.startswith("none: one interval")


def test_the_strictest_level_is_everyones():
    wide = measurement("a", value=0.055, low=0.015, high=0.095, level=0.95)
    strict = measurement("b", level=0.99)
    gate = judge([rule("a"), rule("b")], [wide, strict])
    assert "0.5 %" in gate.correction
    assert gate.state == "inconclusive"


def test_a_rule_about_nothing_is_not_judged_and_never_passes():
    gate = judge([rule("m"), rule("other")], [measurement("other")])
    assert (gate.state, gate.exit_code) == ("inconclusive", 4)
    assert [result.state for result in gate.rules] == ["not judged", "pass"]
    assert gate.rules[0].why == "This command does not measure m."
    assert judge([rule("m")], [], fail_on="fail").exit_code == 0


ALL_ALIKE = Alike(decision="smiling", n=240)


@pytest.mark.parametrize("on", ["interval", "value"])
def test_decisions_that_are_all_alike_never_pass(on):
    gate = judge([rule("m", on)], [measurement("m")], alike=[ALL_ALIKE])
    assert gate.state == "inconclusive"
    assert all(ALL_ALIKE.sentence() in result.why for result in gate.rules)
    assert judge([], [], alike=[ALL_ALIKE]).exit_code == 4  # without any rule, too


def test_a_changed_model_whose_decisions_are_all_alike_fails():
    gate = judge([rule("m")], [measurement("m")], alike=[ALL_ALIKE], collapse="fail")
    assert (gate.state, gate.exit_code, gate.rules[0].why) == ("fail", 3, ALL_ALIKE.sentence())


def test_a_failure_stays_one_whatever_does_not_vary():
    assert judge([rule("m")], [measurement("m", "fail")], alike=[ALL_ALIKE]).state == "fail"


@pytest.mark.parametrize(
    ("about", "varies", "expected"),
    [
        ({"attribute": "hat", "group": "1"}, False, "inconclusive"),
        ({"attribute": "hat", "group": "0"}, True, "pass"),
        ({"attribute": "hat"}, True, "inconclusive"),
        ({"attribute": "hat"}, False, "pass"),  # deciding alike about images of one class may be right
        ({"attribute": "sex"}, True, "pass"),
        ({}, True, "pass"),
    ],
)
def test_a_group_that_is_decided_alike_speaks_against_what_is_about_it(about, varies, expected):
    fact = Alike(decision="0", n=40, attribute="hat", group="1", truth_varies=varies)
    assert judge([rule("m")], [measurement("m", **about)], alike=[fact]).state == expected


@pytest.mark.parametrize(("n", "expected"), [(3, "inconclusive"), (9, "inconclusive"), (10, "pass"), (None, "pass")])
def test_a_handful_of_images_never_passes(n, expected):
    narrow = measurement("m", value=0.0, low=-1.3e-4, high=1.4e-4, n=n)
    assert judge([rule("m")], [narrow]).state == expected
    assert judge([rule("m", "value")], [narrow]).state == expected
    assert judge([rule("m")], [measurement("m", "fail", n=n)]).state == "fail"


@pytest.mark.parametrize(
    ("better", "change", "expected"),
    [
        ("lower", (0.03, 0.01, 0.05), "fail"),
        ("lower", (-0.03, -0.05, -0.01), "pass"),
        ("higher", (-0.03, -0.05, -0.01), "fail"),
        ("higher", (0.03, 0.01, 0.05), "pass"),
        ("higher", (0.0, -0.02, 0.02), "inconclusive"),
        ("none", (0.0, 0.0, 0.001), "inconclusive"),
    ],
)
def test_a_regression_is_a_change_to_the_worse_side(better, change, expected):
    value, low, high = change
    found = measurement("m_change", value=value, low=low, high=high, better=better, baseline="before")
    assert judge([GateRule(regression="m", max=0.005)], [found]).state == expected


def test_a_regression_without_a_baseline_is_not_judged():
    gate = judge([GateRule(regression="m", max=0)], [measurement("m")])
    assert (gate.state, gate.rules[0].state) == ("inconclusive", "not judged")
    assert "no baseline was given" in gate.rules[0].why


@pytest.mark.parametrize("state", ["pass", "none"])
@pytest.mark.parametrize("fail_on", ["fail", "incomplete", "inconclusive", "never"])
def test_a_pass_is_never_a_failure(state, fail_on):
    assert exit_code(state, fail_on) is ExitCode.PASS


@pytest.mark.parametrize(
    ("k", "limits", "state"),
    [
        (0, {"max": 0.0}, "inconclusive"),
        (10, {"min": 1.0}, "inconclusive"),
        (1, {"max": 0.0}, "fail"),
        (9, {"min": 1.0}, "fail"),
        (10, {"max": 1.0}, "pass"),
        (0, {"min": 0.0}, "pass"),
        (0, {"max": 0.001}, "inconclusive"),
    ],
)
def test_no_count_shows_a_rate_of_exactly_0_or_1(k, limits, state):
    low, high = wilson(k, 10, z(0.025))
    counted = measurement("m", value=k / 10, low=low, high=high, interval="wilson", numerator=k, denominator=10)
    result = judge([GateRule(metric="m", **limits)], [counted]).rules[0]
    assert result.state == state
    if state == "inconclusive" and k in (0, 10) and limits != {"max": 0.001}:
        assert "Only a part of the interval" in result.why
        assert "No number of images can show" in result.needed


def test_an_interval_of_no_width_proves_nothing():
    result = judge([rule("m")], [measurement("m", value=0.0, low=0.0, high=0.0, interval="bootstrap")]).rules[0]
    assert (result.state, "has no width" in result.why) == ("inconclusive", True)
