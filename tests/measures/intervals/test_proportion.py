"""Intervals of one proportion and of bootstrap replicates, against scipy and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm

from fairaudit.measures.intervals.proportion import (
    basic,
    calibrated,
    drifting,
    exact,
    mid_p,
    normal_quantile,
    percentile,
    wilson,
)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (3, 7), (7, 7), (50, 1000)])
def test_wilson_equals_scipy(successes, trials, level):
    expected = binomtest(successes, trials).proportion_ci(level, method="wilson")
    low, high = wilson(successes, trials, level=level)
    assert (low, high) == (pytest.approx(expected.low, abs=1e-12), pytest.approx(expected.high, abs=1e-12))


@given(st.integers(1, 500), st.floats(0, 1))
def test_wilson_turns_the_score_test_around(trials, share):
    successes = round(share * trials)
    low, high = wilson(successes, trials)
    for end in (float(low), float(high)):
        if 0 < end < 1:
            z = (successes / trials - end) / np.sqrt(end * (1 - end) / trials)
            assert abs(z) == pytest.approx(normal_quantile(0.95), rel=1e-6)
    assert 0 <= low <= successes / trials <= high <= 1


def test_nothing_is_known_without_trials():
    assert [float(end) for end in wilson(0, 0)] == [0.0, 1.0]


def test_wilson_covers_about_as_often_as_it_says():
    for trials, p in ((20, 0.1), (50, 0.5), (100, 0.95)):
        outcomes = np.arange(trials + 1)
        low, high = wilson(outcomes, trials)
        coverage = binom.pmf(outcomes, trials, p)[(low <= p) & (p <= high)].sum()
        assert 0.92 < coverage < 0.99


def test_percentile_and_basic_mirror_each_other():
    draws = norm.ppf((np.arange(20001) + 0.5) / 20001) * 2 + 3
    low, high = percentile(draws, level=0.9)
    np.testing.assert_allclose([low, high], [3 - 2 * 1.6449, 3 + 2 * 1.6449], atol=2e-3)
    mirrored = basic(4.0, draws, level=0.9)
    np.testing.assert_allclose(mirrored, [8 - high, 8 - low])


def test_undefined_replicates_are_left_out_column_by_column():
    draws = np.stack([np.arange(1001) / 1000, np.full(1001, np.nan)], axis=1)
    draws[::2, 0] = np.nan
    low, high = percentile(draws)
    assert 0.02 < low[0] < 0.03
    assert np.isnan(low[1])
    assert np.isnan(high[1])


def test_a_drifting_interval_takes_the_careful_end_on_either_side():
    draws = np.linspace(0.2, 0.4, 1001)  # replicates lie above the estimate of 0.2
    up = drifting(0.2, draws, drift="up", bounds=(0.0, 1.0))
    assert up.low == pytest.approx(0.005)
    assert up.high == pytest.approx(0.395)
    down = drifting(0.4, draws, drift="down", bounds=(0.0, 1.0))
    assert down.low == pytest.approx(0.205)
    assert down.high == pytest.approx(0.595)
    plain = drifting(0.3, draws, drift="none")
    assert [plain.low, plain.high] == [pytest.approx(0.205), pytest.approx(0.395)]


def test_an_interval_always_holds_its_estimate():
    low, high = drifting(0.9, np.linspace(0.2, 0.4, 11), drift="none", bounds=(0.0, 1.0))
    assert low <= 0.9 <= high


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match="level"):
        wilson(1, 2, level=level)
    with pytest.raises(ValueError, match="level"):
        percentile([0.1, 0.2], level=level)


def test_no_replicate_gives_no_interval():
    with pytest.raises(ValueError, match="at least one replicate"):
        percentile([])


def test_a_calibrated_interval_starts_where_chance_ends():
    draws, nulls = np.linspace(0.2, 0.4, 1001), np.linspace(0.0, 0.1, 1001)
    low, high = calibrated(0.3, draws, nulls, larger=True)
    assert low == pytest.approx(0.3 - 0.095)
    assert high == pytest.approx(0.395)
    low, high = calibrated(0.05, draws, nulls, larger=True)
    assert low == 0
    low, high = calibrated(0.6, np.linspace(0.5, 0.7, 1001), np.linspace(0.8, 1.0, 1001), larger=False)
    assert low == pytest.approx(0.505)
    assert high == pytest.approx(0.6 / 0.81)
    assert calibrated(0.9, [0.9], np.linspace(0.8, 1.0, 1001), larger=False).high == 1
    assert np.isnan(calibrated(np.nan, draws, nulls, larger=True).low)


@given(k=st.integers(0, 80), more=st.integers(0, 80), level=st.floats(0.5, 0.999))
def test_exact_is_scipys(k, more, level):
    found = exact(k, k + more, level=level)
    if k + more == 0:
        assert found == (0, 1)
    else:
        reference = binomtest(k, k + more).proportion_ci(confidence_level=level, method="exact")
        assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=1e-9)


@given(n=st.integers(1, 60), data=st.data())
def test_mid_p_counts_half_of_what_was_observed(n, data):
    k = data.draw(st.integers(0, n))
    low, high = mid_p(k, n)
    if k:
        assert binom.pmf(k, n, low) / 2 + binom.sf(k, n, low) == pytest.approx(0.025, abs=1e-6)
    if k < n:
        assert binom.pmf(k, n, high) / 2 + binom.cdf(k - 1, n, high) == pytest.approx(0.025, abs=1e-6)
    assert exact(k, n).low <= low <= k / n <= high <= exact(k, n).high


def test_the_exact_interval_never_errs_more_than_it_says():
    """Every count of every size and rate of a grid: the tail that each end misses is at most half of 5 %."""
    for n in (3, 10, 40):
        counts = np.arange(n + 1)
        low, high = exact(counts, n)
        for p in np.linspace(0.005, 0.995, 100):
            chance = binom.pmf(counts, n, p)
            assert chance[low > p].sum() <= 0.025 + 1e-12
            assert chance[high < p].sum() <= 0.025 + 1e-12
