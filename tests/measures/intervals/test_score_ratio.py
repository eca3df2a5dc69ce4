"""Score bounds of a ratio of proportions, against a numerical maximum of the likelihood."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from fairaudit.measures.intervals.score_ratio import ratio_bound, score_statistic

TABLES = [(5, 20, 12, 30), (1, 50, 9, 40), (18, 20, 10, 20), (40, 400, 35, 300)]


def likelihood_statistic(x1, n1, x2, n2, theta):
    """Σ (xᵢ − nᵢpᵢ)² / (nᵢpᵢ(1−pᵢ)) at the maximum of the likelihood under p1 = θ p2, found by search."""

    def loss(p2):
        return -(binom.logpmf(x1, n1, theta * p2) + binom.logpmf(x2, n2, p2))

    top = min(1.0, 1 / theta)
    p2 = minimize_scalar(loss, bounds=(1e-9, top - 1e-9), method="bounded", options={"xatol": 1e-12}).x
    terms = ((x1, n1, theta * p2), (x2, n2, p2))
    return sum((x - n * p) ** 2 / (n * p * (1 - p)) for x, n, p in terms)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("theta", [0.3, 0.8, 1.0, 1.7])
def test_statistic_equals_a_numerical_search(table, theta):
    assert score_statistic(*table, theta) == pytest.approx(likelihood_statistic(*table, theta), rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("upper", [False, True])
def test_bounds_are_where_the_statistic_reaches_the_quantile(table, upper):
    bound = ratio_bound(*table, z=1.96, upper=upper)
    assert score_statistic(*table, bound) == pytest.approx(1.96**2, rel=1e-6)
    estimate = (table[0] / table[1]) / (table[2] / table[3])
    assert (bound > estimate) == upper


def test_the_lower_bound_of_a_ratio_is_the_inverse_of_the_upper_bound_of_its_inverse():
    low = ratio_bound(5, 20, 12, 30, z=2.0, upper=False)
    high = ratio_bound(12, 30, 5, 20, z=2.0, upper=True)
    assert low == pytest.approx(1 / high)


def test_what_the_data_cannot_exclude_stays_possible():
    assert ratio_bound(0, 20, 12, 30, z=2.0, upper=False) == 0
    assert ratio_bound(5, 20, 0, 30, z=2.0, upper=True) == np.inf
    assert ratio_bound(0, 0, 12, 30, z=2.0, upper=True) == np.inf
    assert ratio_bound(0, 0, 12, 30, z=2.0, upper=False) == 0
    assert 0 < ratio_bound(0, 20, 12, 30, z=2.0, upper=True) < 1
    assert 1 < ratio_bound(20, 20, 0, 30, z=2.0, upper=False) < np.inf


def test_score_bounds_cover_about_as_often_as_they_say():
    n1, n2, p1, p2 = 30, 40, 0.3, 0.5
    x1, x2 = np.meshgrid(np.arange(n1 + 1), np.arange(n2 + 1), indexing="ij")
    weight = binom.pmf(x1, n1, p1) * binom.pmf(x2, n2, p2)
    low, high = (ratio_bound(x1, n1, x2, n2, z=1.96, upper=upper) for upper in (False, True))
    assert 0.94 < weight[(low <= p1 / p2) & (p1 / p2 <= high)].sum() < 0.965
