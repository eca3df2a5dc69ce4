"""Ends of means of values with a long tail: Hall's cubic written out, symmetry, and how often they miss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from fairaudit.measures.intervals.skewness import reaches, skewed, transformed, unbiased


@given(st.floats(-1.5, 1.5), st.integers(3, 400))
def test_the_interval_is_where_halls_cubic_meets_students_quantile(skew, units):
    """g(T) = T + a T²/3 + a² T³/27 + a/6, solved by a root finder."""
    reach = stats.t.isf(0.025, units - 1)

    def cubic(t):
        return t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6

    low, high = transformed(2.0, 0.5, skew, units=units, level=0.95)
    for end, wanted in ((low, reach), (high, -reach)):
        root = optimize.brentq(lambda t, w=wanted: cubic(t) - w, -1e4, 1e4, xtol=1e-12)
        assert (2.0 - end) / 0.5 == pytest.approx(root, rel=1e-4, abs=1e-4)


@given(st.floats(-1.5, 1.5))
def test_a_tail_on_the_other_side_mirrors_the_interval(skew):
    one, other = (transformed(0.0, 1.0, sign * skew, units=12, level=0.9) for sign in (1, -1))
    assert one == pytest.approx((-other[1], -other[0]))


def test_sample_skewness_is_scipys():
    values = np.random.default_rng(0).exponential(1, 15)
    assert unbiased(stats.skew(values), 15) == pytest.approx(stats.skew(values, bias=False))


def test_ends_move_outwards_only_and_not_at_all_where_nothing_varies():
    draws = np.random.default_rng(1).exponential(1, 500)
    low, high = skewed(0.9, 1.1, draws, value=1.0, units=40, level=0.95)
    assert low <= 0.9
    assert high > 1.1
    assert skewed(0.9, 1.1, np.ones(50), value=1.0, units=40, level=0.95) == (0.9, 1.1)
    assert skewed(0.9, 1.1, np.full(50, np.nan), value=1.0, units=40, level=0.95) == (0.9, 1.1)


@pytest.mark.parametrize(("units", "most"), [(20, 24), (60, 19)])
def test_the_end_that_clears_misses_less_than_that_of_percentiles(units, most):
    """400 samples of shares of which a third are there at all: percentiles end below the mean in 58 and 29 of them."""
    draws, missed, before = np.random.default_rng(2), 0, 0
    for _ in range(400):
        values = np.where(draws.random(units) < 0.3, draws.exponential(1.0, units), 0.0)
        means = draws.choice(values, (400, units)).mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        before += high < 0.3
        missed += skewed(low, high, means, value=values.mean(), units=units, level=0.95)[1] < 0.3
    assert missed <= most
    assert before > 1.3 * missed


def test_from_moments_it_is_what_the_bootstraps_percentiles_give():
    """Gamma values: 40,000 resampled means, expanded percentiles moved out, against the series of the moments."""
    draws, n = np.random.default_rng(3), 120
    values = draws.gamma(1.0, 1.0, n)
    means = draws.choice(values, (40_000, n)).mean(axis=1)
    ends = np.quantile(means, stats.norm.cdf(np.sqrt(n / (n - 1)) * stats.t.isf(0.025, n - 1) * np.array([-1, 1])))
    low, high = skewed(*ends.tolist(), means, value=values.mean(), units=n, level=0.95)
    below, above = reaches(values.std() / n**0.5, stats.skew(values) / n**0.5, units=n, level=0.95)
    assert (values.mean() - low, high - values.mean()) == pytest.approx((float(below), float(above)), rel=0.02)
    assert above > 1.1 * below


def test_of_few_values_the_end_is_that_of_halls_interval_with_the_samples_standard_error():
    values = np.array([0.1, 0.2, 0.2, 0.3, 0.4, 2.0])
    means = np.random.default_rng(4).choice(values, (40_000, 6)).mean(axis=1)
    _, high = skewed(*np.quantile(means, [0.025, 0.975]), means, value=values.mean(), units=6, level=0.95)
    skew = stats.skew(values, bias=False) / 6**0.5
    assert high == pytest.approx(transformed(values.mean(), stats.sem(values), skew, units=6, level=0.95)[1], rel=0.03)
