import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr, wilcoxon

from fairaudit.measures.regions.faithfulness import above, area_under, rank_correlation, structural_similarity


def test_areas_are_the_trapezoids():
    curves = np.random.default_rng(0).random((4, 9))
    np.testing.assert_allclose(area_under(curves), np.trapezoid(curves, dx=1 / 8, axis=1))


def test_areas_need_two_points():
    with pytest.raises(ValueError, match="at least 2 steps"):
        area_under([[1.0]])


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=30), st.integers(0, 2**31))
def test_rank_correlation_is_spearmans(values, seed):
    other = np.random.default_rng(seed).integers(-3, 3, size=len(values))
    found = rank_correlation([values], [other])[0]
    if len(set(values)) == 1 or len(set(other.tolist())) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(spearmanr(values, other).statistic, abs=1e-12)


def test_maps_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        rank_correlation(np.zeros((1, 4)), np.zeros((1, 5)))


def slow_ssim(x, y, side):
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    found = []
    for row in range(x.shape[0] - side + 1):
        for column in range(x.shape[1] - side + 1):
            a, b = (m[row : row + side, column : column + side].ravel() for m in (x, y))
            covariance = np.cov(a, b)
            top = (2 * a.mean() * b.mean() + 0.0004) * (2 * covariance[0, 1] + 0.0036)
            found.append(
                top / ((a.mean() ** 2 + b.mean() ** 2 + 0.0004) * (covariance[0, 0] + covariance[1, 1] + 0.0036))
            )
    return np.mean(found)


def test_structural_similarity_is_the_formula_window_by_window():
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 3, 10, 12))
    found = structural_similarity(first, second, window=5)
    np.testing.assert_allclose(found, [slow_ssim(a, b, 5) for a, b in zip(first, second, strict=True)])
    np.testing.assert_allclose(structural_similarity(first, 7 * first), 1)
    assert np.isnan(structural_similarity(first, 0 * first)).all()


def test_above_is_exact_where_all_signs_can_be_listed():
    difference = np.array([0.5, 1.0, -0.25, 2.0, 0.75, 1.5])
    found = above(difference, np.zeros(6), seed=0, replicates=40_000)
    signs = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1).T
    wanted = (signs @ difference >= difference.sum() - 1e-9).mean()
    assert found.p_value == pytest.approx(wanted, abs=0.003)
    assert found.mean == pytest.approx(difference.mean())


def test_above_agrees_with_the_signed_rank_test_on_a_clear_case():
    generator = np.random.default_rng(1)
    first, second = generator.normal(0.8, 1, 40), generator.normal(0, 1, 40)
    assert above(first, second, seed=0).p_value < 0.01
    assert wilcoxon(first - second, alternative="greater").pvalue < 0.01
    assert above(second, first, seed=0).p_value > 0.95


def test_pairs_with_nan_are_left_out():
    found = above([1.0, np.nan, 3.0], [0.0, 0.0, np.nan], seed=0)
    assert found.n == 1
    assert np.isnan(above([np.nan], [1.0], seed=0).p_value)
