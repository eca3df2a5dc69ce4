"""Linearised covariance of means against textbook formulas and a bootstrap of people."""

import numpy as np
import pytest

from fairaudit.measures.clusters.linearised import effective_size, mean_covariance, normal_draws, unit_sums


def test_one_column_of_plain_images_has_the_variance_of_a_mean():
    values = np.random.default_rng(0).normal(size=50)
    found = mean_covariance(unit_sums(values, np.zeros(50, int), columns=1))
    assert found[0, 0] == pytest.approx(values.var(ddof=1) / 50)


def test_covariance_equals_a_bootstrap_of_people():
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(80), 3)
    values = rng.normal(size=80)[person] + rng.normal(0, 0.5, 240)
    column, weights = rng.integers(0, 2, 240), rng.random(240) + 0.2
    found = mean_covariance(unit_sums(values, column, columns=2, weights=weights, units=person))
    rows = [np.flatnonzero(person == p) for p in range(80)]
    draws = []
    for _ in range(3000):
        used = np.concatenate([rows[p] for p in rng.integers(0, 80, 80)])
        sums = np.bincount(column[used], weights=(values * weights)[used], minlength=2)
        draws.append(sums / weights[used].sum())
    np.testing.assert_allclose(found, np.cov(np.array(draws).T), rtol=0.12, atol=3e-4)


def test_one_unit_has_no_variance_to_tell():
    assert np.isnan(mean_covariance(unit_sums([1.0, 2.0], [0, 0], columns=1, units=[4, 4]))).all()


def test_draws_have_the_covariance_and_hang_on_it_alone():
    matrix = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, 0.0], [0.0, 0.0, 0.0]])
    drawn = normal_draws(matrix, replicates=40_000, generator=np.random.default_rng(2))
    np.testing.assert_allclose(np.cov(drawn.T), matrix, atol=0.04)
    nudged = normal_draws(matrix * (1 + 1e-14), replicates=40_000, generator=np.random.default_rng(2))
    np.testing.assert_allclose(nudged, drawn, atol=1e-9)


def test_the_size_is_capped_and_the_number_of_units_where_nothing_varies():
    found = effective_size(
        [0.5, 0.5, 0.0, 0.3], [0.25 / 40, 1e-9, 0.0, 1e-19], most=[100, 60, 100, 5], units=[9, 9, 9, 9]
    )
    np.testing.assert_allclose(found, [40, 60, 9, 5])
