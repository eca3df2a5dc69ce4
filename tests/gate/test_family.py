import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairaudit.gate.evidence import Evidence, Limits
from fairaudit.gate.family import decide

LIMIT = Limits(minimum=None, maximum=0.1)


def normal(estimate, error):
    side = stats.norm.isf(0.025) * error
    return Evidence(centre=estimate, below=side, above=side, tail=0.025)


def holm_by_the_book(p_values, alpha):
    """Adjusted p values max_{i ≤ j} min(1, (k − i + 1) p_(i)), compared with α."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.empty(len(p_values))
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted <= alpha


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-0.2, 0.4), st.floats(0.005, 0.1)), min_size=1, max_size=8))
def test_passes_and_fails_are_holms(pairs):
    decisions = decide([(normal(*pair), LIMIT) for pair in pairs], tail=0.025)
    estimates, errors = np.array(pairs).T
    inside = stats.norm.cdf((estimates - 0.1) / errors)
    np.testing.assert_array_equal([d.state == "pass" for d in decisions], holm_by_the_book(inside, 0.025))
    np.testing.assert_array_equal([d.state == "fail" for d in decisions], holm_by_the_book(1 - inside, 0.025))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(-0.2, 0.4), st.floats(0.005, 0.1)), min_size=1, max_size=8))
def test_the_interval_that_is_shown_says_the_same_as_the_verdict(pairs):
    for decision in decide([(normal(*pair), LIMIT) for pair in pairs], tail=0.025):
        expected = "pass" if decision.high <= 0.1 else "fail" if decision.low > 0.1 else "inconclusive"
        assert decision.state == expected


def test_one_rule_is_not_corrected():
    (decision,) = decide([(normal(0.05, 0.02), LIMIT)], tail=0.025)
    assert (decision.low, decision.high) == pytest.approx((0.05 - 1.959964 * 0.02, 0.05 + 1.959964 * 0.02))


def test_an_interval_that_ends_at_the_limit_is_inside():
    item = Evidence(centre=0.05, below=0.05, above=0.05, tail=0.025)
    assert decide([(item, LIMIT)], tail=0.025)[0].state == "pass"
    assert decide([(item, Limits(minimum=0.0, maximum=0.1))], tail=0.025)[0].state == "pass"
    above = Evidence(centre=0.15, below=0.05, above=0.05, tail=0.025)
    assert decide([(above, LIMIT)], tail=0.025)[0].state == "inconclusive"


def test_a_second_rule_costs_certainty():
    weak, sure = (normal(0.058, 0.02), LIMIT), (normal(-0.5, 0.02), LIMIT)
    assert decide([weak], tail=0.025)[0].state == "pass"
    assert [d.state for d in decide([weak, weak], tail=0.025)] == ["inconclusive", "inconclusive"]
    assert [d.state for d in decide([weak, weak], tail=0.025, correction="none")] == ["pass", "pass"]
    # Holm, not Bonferroni: what is sure leaves the family.
    assert [d.state for d in decide([sure, weak], tail=0.025)] == ["pass", "pass"]


@pytest.mark.parametrize(("truth", "wrong"), [(0.1000001, "pass"), (0.1, "fail")])
def test_a_wrong_verdict_among_several_is_as_rare_as_promised(truth, wrong):
    draw, runs, members = np.random.default_rng(1), 1500, 6
    shared = draw.normal(size=(runs, 1))
    noise = 0.6 * shared + 0.8 * draw.normal(size=(runs, members))  # the rules depend on each other
    hits = sum(
        any(d.state == wrong for d in decide([(normal(truth + 0.02 * e, 0.02), LIMIT) for e in row], tail=0.025))
        for row in noise
    )
    # Six standard errors above 2.5 %; uncorrected it would be about 11 %.
    assert hits / runs < 0.025 + 6 * np.sqrt(0.025 * 0.975 / runs)
