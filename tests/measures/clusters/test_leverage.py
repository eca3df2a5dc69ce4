"""Leverages against hat matrices and simulated variances."""

import numpy as np
import pytest

from fairaudit.measures.clusters.leverage import leverage


def test_equal_units_are_the_factor_of_m_over_m_less_one_and_count_as_m():
    for number in (2, 5, 40):
        found = leverage(np.repeat(np.arange(number), 3))
        assert found.inflation == pytest.approx(np.sqrt(number / (number - 1)))
        assert found.effective == pytest.approx(number)


def test_shares_are_the_diagonal_of_the_hat_matrix_of_a_weighted_mean():
    unit, weight = np.array([0, 0, 0, 1, 2, 2]), np.array([1.0, 2.0, 1.0, 3.0, 0.5, 0.5])
    hat = np.outer(np.ones(6), weight) / weight.sum()
    shares = np.array([hat[unit == u][:, unit == u].trace() for u in range(3)])
    found = leverage(unit, weight)
    assert found.inflation == pytest.approx(1 / np.sqrt(1 - shares[unit]))
    assert found.effective == pytest.approx((shares**2).sum() ** 2 / (shares**4).sum())


def test_inflated_deviations_of_alike_units_have_the_variance_of_the_mean():
    """E Σ (h (x − x̄))² / (1 − h) against Var Σ h x = Σ h², for units of equal variance, in 20,000 draws."""
    shares = np.array([0.25, 0.25, 0.2, 0.15, 0.1, 0.05])
    draws = np.random.default_rng(0).normal(size=(20_000, 6))
    found = leverage(np.arange(6), shares)
    residual = draws - (draws * shares).sum(axis=1, keepdims=True)
    estimate = ((shares * residual * found.inflation) ** 2).sum(axis=1).mean()
    assert estimate == pytest.approx((shares**2).sum(), rel=0.1)
    plain = ((shares * residual) ** 2).sum(axis=1).mean()
    assert plain < 0.9 * (shares**2).sum()


def test_one_unit_that_holds_everything_is_worth_one():
    found = leverage(np.zeros(4, int))
    assert (found.effective, found.inflation.tolist()) == (1.0, [0.0] * 4)
    assert leverage(np.zeros(0, int)).effective == 0.0


def test_more_unequal_units_are_worth_less():
    sizes = [np.repeat(np.arange(10), each) for each in ([3] * 10, [1] * 9 + [9], [1] * 9 + [90])]
    worth = [leverage(unit).effective for unit in sizes]
    assert worth[0] > worth[1] > worth[2] > 1
