"""The largest of several contrasts: against Student's interval, against all at once, and its level."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.intervals.largest import Contrasts, exchanged, largest


def contrasts(values):
    """Means of the columns of `[unit, contrast]` as contrasts."""
    n, number = values.shape
    centred = (values - values.mean(axis=0)) / n * np.sqrt(n / (n - 1))
    full = np.full(number, float(n))
    return Contrasts(
        value=values.mean(axis=0), parts=centred, raw=values / n, units=full, worth=full, room=np.zeros(number)
    )


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
        low += largest(one, level=0.95, generator=draws).low > 0
        p += exchanged(one, generator=draws) <= 0.05
    assert low <= 20
    assert p <= 20


def test_exchange_of_signs_is_exact_for_few_units():
    values = np.array([[0.5], [0.6], [0.7], [0.8]])  # all signs the same way: 2 of 16 outcomes, in size
    assert exchanged(contrasts(values), generator=np.random.default_rng(0)) == pytest.approx(2 / 16, abs=0.03)
