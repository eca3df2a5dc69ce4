"""Intervals of extremes over groups: quantiles against scipy, pairs against the literature, levels by simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, studentized_range

from fairaudit.measures.intervals.proportion import hybrid_difference, hybrid_ratio, mid_p, wilson
from fairaudit.measures.intervals.simultaneous import (
    difference_interval,
    range_quantile,
    ratio_interval,
    smallest_interval,
)


@pytest.mark.parametrize("groups", [2, 3, 8, 20])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_quantile_is_that_of_the_studentised_range(groups, level):
    expected = studentized_range.ppf(level, groups, np.inf) / np.sqrt(2)
    assert range_quantile(level, groups=groups) == pytest.approx(expected, rel=1e-5)


def test_two_groups_have_the_normal_quantile_and_several_rates_sidaks():
    assert range_quantile(0.95, groups=2) == pytest.approx(norm.isf(0.025), rel=1e-8)
    assert range_quantile(0.95, groups=2, rates=3) == pytest.approx(norm.isf((1 - 0.95 ** (1 / 3)) / 2), rel=1e-8)


@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
    [(56, 70, 48, 80, 0.0524, 0.3339), (9, 10, 3, 10, 0.1705, 0.8090), (10, 10, 0, 20, 0.6791, 1.0)],
)
def test_two_groups_give_newcombes_interval(x1, n1, x2, n2, low, high):
    ends = hybrid_difference(x1 / n1, wilson(x1, n1), x2 / n2, wilson(x2, n2))
    assert ends == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    found = difference_interval([[x2, x1]], [[n2, n1]])  # of mid-P intervals, which are close to Wilson's in between
    assert (found.low, found.high) == (pytest.approx(low, abs=0.05), pytest.approx(high, abs=0.05))


def slow_difference(x, n, level):
    """The definition, pair by pair."""
    strict, plain = range_quantile(level, groups=len(n[0]), rates=len(n)), norm.isf((1 - level) / 2)
    lows, highs = [0.0], [0.0]
    for successes, trials in zip(x, n, strict=True):
        for g in range(len(trials)):
            for h in range(len(trials)):
                if g == h:
                    continue
                p, q = successes[g] / trials[g], successes[h] / trials[h]
                (lg, ug), (lh, uh) = (mid_p(successes[i], trials[i], z=strict) for i in (g, h))
                lows.append(p - q - np.hypot(p - lg, uh - q))
                (lg, ug), (lh, uh) = (mid_p(successes[i], trials[i], z=plain) for i in (g, h))
                highs.append(p - q + np.hypot(ug - p, q - lh))
    return max(lows), min(1.0, max(highs))


@pytest.mark.parametrize("groups", [2, 5, 12])
def test_many_groups_and_rates_equal_the_definition(groups):
    rng = np.random.default_rng(groups)
    n = rng.integers(5, 60, size=(3, groups))
    x = rng.binomial(n, rng.random((3, groups)))
    found = difference_interval(x, n, level=0.9)
    np.testing.assert_allclose((found.low, found.high), slow_difference(x, n, 0.9))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.data())
def test_a_ratio_excludes_one_exactly_where_the_difference_excludes_zero(n, m, data):
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(1, m))
    own, other = mid_p(x, n), mid_p(y, m)
    gap, share = hybrid_difference(x / n, own, y / m, other), hybrid_ratio(x / n, own, y / m, other)
    assert (gap.high < -1e-9) == (share.high < 1 - 1e-9) or abs(gap.high) < 1e-6
    assert (gap.low > 1e-9) == (share.low > 1 + 1e-9) or abs(gap.low) < 1e-6
    assert share.low <= ratio_of(x, n, y, m) <= share.high


def ratio_of(x, n, y, m):
    return (x / n) / (y / m)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_intervals_hold_their_estimate_and_ignore_the_order_of_groups(groups, seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 80, size=(2, groups))
    x = rng.binomial(n, rng.random((2, groups)))
    order = rng.permutation(groups)
    found, renamed = difference_interval(x, n), difference_interval(x[:, order], n[:, order])
    gap = np.ptp(x / n, axis=1).max()
    assert found.low <= gap + 1e-12
    assert found.high >= gap - 1e-12
    assert (found.low, found.high) == (pytest.approx(renamed.low), pytest.approx(renamed.high))
    if (x > 0).all():
        ratios = (x / n).min(1) / (x / n).max(1)
        bounds = ratio_interval(x, n)
        assert bounds.low <= ratios.min() + 1e-9
        assert bounds.high >= ratios.min() - 1e-9


@pytest.mark.parametrize("hits", [0, 20, 90, 100])
def test_the_gap_to_a_group_without_trials_reaches_as_far_as_the_known_rate_allows(hits):
    """The unknown rate may be 0 or 1: the gap is at most the known rate's upper end, or 1 less its lower end."""
    own = mid_p(hits, 100)
    found = difference_interval([[hits, 0]], [[100, 0]])
    assert found.high == pytest.approx(max(own.high, 1 - own.low))
    assert found.low == 0


def test_a_group_without_trials_may_have_any_rate():
    known, open_ended = (
        difference_interval([[50, 90]], [[100, 100]]),
        difference_interval([[50, 90, 0]], [[100, 100, 0]]),
    )
    assert open_ended.high > 0.9
    assert 0 < open_ended.low <= known.low
    assert open_ended.limiting.low == 2
    assert ratio_interval([[50, 90, 0]], [[100, 100, 0]]).low == 0


def rejections(groups, size, p, *, limit=0.0, simulations=500):
    rng = np.random.default_rng(groups)
    found = []
    for _ in range(simulations):
        x = rng.binomial(size, p, size=(1, groups))
        found.append(difference_interval(x, np.full((1, groups), size)))
    return np.mean([f.low > limit for f in found]), np.mean([f.high <= limit for f in found])


@pytest.mark.parametrize(("groups", "size"), [(2, 200), (8, 50), (16, 50), (16, 200)])
def test_no_disparity_is_called_one_at_most_at_the_nominal_rate(groups, size):
    alarms, _ = rejections(groups, size, np.full(groups, 0.9))
    # 0.05 and three standard errors of 500 simulations; without the correction for pairs it is 0.3 and more.
    assert alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)


def test_the_gap_interval_is_not_so_careful_that_it_finds_nothing():
    alarms, _ = rejections(8, 200, np.array([0.7, *[0.9] * 7]), simulations=300)
    assert alarms > 0.95


@pytest.mark.parametrize("shape", ["one", "half"])
def test_a_gap_at_the_limit_passes_at_most_at_half_the_nominal_rate(shape):
    p = np.full(4, 0.9)
    p[: 1 if shape == "one" else 2] = 0.8
    _, passes = rejections(4, 400, p, limit=0.0999, simulations=1500)
    assert passes <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 1500)


def test_ratios_raise_no_more_false_alarms_than_they_may():
    rng = np.random.default_rng(0)
    n = np.full((1, 6), 150)
    alarms = np.mean([ratio_interval(rng.binomial(150, 0.4, size=(1, 6)), n).high < 1 for _ in range(150)])
    assert alarms <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


def test_the_smallest_rate_is_bounded_on_both_sides():
    rng = np.random.default_rng(1)
    truth, sizes = np.array([0.8, 0.8, 0.85, 0.9]), np.full(4, 120)
    ends = np.array([smallest_interval(rng.binomial(sizes, truth), sizes) for _ in range(2000)])
    assert (ends[:, 0] > 0.8).mean() <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 2000)
    assert (ends[:, 1] < 0.8).mean() <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / 2000)


@pytest.mark.parametrize("table", [[1, 2], [[1]]])
def test_tables_without_two_groups_are_refused(table):
    with pytest.raises(ValueError, match="two groups"):
        difference_interval(table, table)


def test_a_quantile_needs_two_groups():
    with pytest.raises(ValueError, match="two groups"):
        range_quantile(0.95, groups=1)
