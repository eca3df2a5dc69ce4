"""The largest of several contrasts: against Student's interval, against all at once, and its level."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.intervals.largest import Contrasts, largest


def contrasts(values):
    """Means of the columns of `[unit, contrast]` as contrasts."""
    n, number = values.shape
    centred = (values - values.mean(axis=0)) / n * np.sqrt(n / (n - 1))
    full = np.full(number, float(n))
    return Contrasts(value=values.mean(axis=0), parts=centred, units=full, worth=full, room=np.zeros(number))


def test_one_contrast_has_students_interval():
    values = np.random.default_rng(0).normal(0.5, 1, (12, 1))
    found = largest(contrasts(values), level=0.95, generator=np.random.default_rng(0), size=False)
    expected = stats.t.interval(0.95, 11, loc=values.mean(), scale=stats.sem(values[:, 0]))
    assert (found.low, found.high) == pytest.approx(expected)


def test_several_contrasts_take_more_than_one_and_no_more_than_bonferroni():
    values = np.random.default_rng(1).normal(0, 1, (400, 8)) + np.array([1.0, *[0.0] * 7])
    found = largest(contrasts(values), level=0.95, generator=np.random.default_rng(0))
    error = values[:, 0].std(ddof=1) / 20
    reach = (values[:, 0].mean() - found.low) / error
    assert stats.norm.isf(0.025) + 0.3 < reach < stats.norm.isf(0.025 / 8) + 0.1
    same = np.repeat(values[:, :1], 8, axis=1)  # eight times the same is one
    alike = largest(contrasts(same), level=0.95, generator=np.random.default_rng(0))
    assert (values[:, 0].mean() - alike.low) / error == pytest.approx(stats.t.isf(0.025, 399), abs=0.06)


def test_nothing_is_said_of_single_units():
    single = replace(contrasts(np.ones((2, 1))), units=np.ones(1))
    assert largest(single, level=0.95, generator=np.random.default_rng(0)) is None


def test_low_end_is_above_nothing_in_at_most_five_of_a_hundred():
    draws, low, p = np.random.default_rng(2), 0, 0
    for _ in range(200):
        one = contrasts(draws.normal(0, 1, (30, 5)))
        found = largest(one, level=0.95, generator=draws)
        low += found.low > 0
        p += found.p_value <= 0.05
        assert abs((found.low > 0) - (found.p_value <= 0.05)) == 0 or abs(found.p_value - 0.05) < 1e-3
    assert low <= 20
    assert p <= 20


def test_p_value_of_one_contrast_is_students():
    values = np.random.default_rng(3).normal(0.5, 1, (12, 1))
    found = largest(contrasts(values), level=0.95, generator=np.random.default_rng(0))
    assert found.p_value == pytest.approx(stats.ttest_1samp(values[:, 0], 0).pvalue)


def test_p_value_of_several_is_tukeys_where_they_are_pairs_of_groups():
    draws = np.random.default_rng(4)
    groups = [shift + stats.zscore(draws.normal(size=80), ddof=1) for shift in (0.0, 0.1, 0.35)]
    parts, value = np.zeros((240, 3)), np.zeros(3)
    for at, (one, two) in enumerate(((0, 1), (0, 2), (1, 2))):
        value[at] = groups[two].mean() - groups[one].mean()
        for place, sign in ((one, -1), (two, 1)):
            own = groups[place] - groups[place].mean()
            parts[80 * place : 80 * place + 80, at] = sign * own / 80 * np.sqrt(80 / 79)
    full = np.full(3, 238.0)  # degrees of freedom of the pooled variance, and 1
    pairs = Contrasts(value=value, parts=parts, units=full, worth=full, room=np.zeros(3))
    found = largest(pairs, level=0.95, generator=np.random.default_rng(0))
    assert found.p_value == pytest.approx(stats.tukey_hsd(*groups).pvalue.min(), rel=0.15)


def test_p_value_of_nothing_that_varies_is_undefined_and_of_what_is_far_away_small():
    draw = np.random.default_rng(0)
    assert np.isnan(largest(contrasts(np.ones((9, 2))), level=0.95, generator=draw).p_value)
    far = contrasts(np.random.default_rng(5).normal(9, 1, (50, 1)))
    assert 0 < largest(far, level=0.95, generator=draw).p_value < 1e-20


def test_p_value_of_a_signed_contrast_below_0_is_1():
    below = contrasts(np.random.default_rng(6).normal(-2, 1, (50, 1)))
    assert largest(below, level=0.95, generator=np.random.default_rng(0), size=False).p_value == 1
