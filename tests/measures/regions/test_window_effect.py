"""The second witness's statistic is SciPy's paired t interval, and its donors differ in the group alone."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images.means import Labels
from fairaudit.measures.regions.window_effect import draw_pairs, window_effect


def test_interval_is_that_of_a_paired_t_test():
    draw = np.random.default_rng(0)
    other, same = draw.random(40), draw.random(40) * 0.5
    other[3], same[7] = np.nan, np.nan
    known = ~np.isnan(other) & ~np.isnan(same)
    found = window_effect(other, same, level=0.9)
    wanted = stats.ttest_rel(other[known], same[known]).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), rel=1e-12)
    assert found.value == pytest.approx((other - same)[known].mean())
    assert found.value == pytest.approx(found.other - found.same)
    assert found.n == 38


@pytest.mark.parametrize("values", [[], [0.4]])
def test_too_few_images_have_no_interval(values):
    found = window_effect(values, [0.1] * len(values))
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(found.value) == (not values)


def labels(codes, values="abc"):
    return Labels(name="g", values=tuple(values), codes=np.asarray(codes))


def test_donors_have_the_class_and_only_one_of_them_the_group():
    draw = np.random.default_rng(1)
    group, target = labels(draw.integers(-1, 3, 300)), labels(draw.integers(0, 2, 300), "01")
    found = draw_pairs(group, target, clusters=None, most=200, seed=0)
    assert len(found.rows) == 200
    assert len(set(found.rows.tolist())) == 200
    for donors in (found.other, found.same):
        np.testing.assert_array_equal(target.codes[donors], target.codes[found.rows])
        assert (donors != found.rows).all()
        assert (group.codes[donors] >= 0).all()
    assert (group.codes[found.other] != group.codes[found.rows]).all()
    np.testing.assert_array_equal(group.codes[found.same], group.codes[found.rows])
    again = draw_pairs(group, target, clusters=None, most=200, seed=0)
    np.testing.assert_array_equal(found.other, again.other)
    assert not np.array_equal(found.rows, draw_pairs(group, target, clusters=None, most=200, seed=1).rows)


def test_a_cluster_is_changed_once_and_never_gives_to_itself():
    draw = np.random.default_rng(2)
    group, clusters = labels(draw.integers(0, 2, 120), "ab"), np.repeat(np.arange(30), 4)
    found = draw_pairs(group, None, clusters=clusters, most=500, seed=0)
    assert sorted(clusters[found.rows].tolist()) == list(range(30))
    for donors in (found.other, found.same):
        assert (clusters[donors] != clusters[found.rows]).all()


def test_images_without_donors_are_passed_over():
    target = labels([0, 0, 0, 1, 1], "01")
    found = draw_pairs(labels([0, 0, 1, 0, 0], "ab"), target, clusters=None, most=9, seed=0)
    # Of class 0 the single b has nobody of its own group; class 1 has one group only.
    assert sorted(found.rows.tolist()) == [0, 1]
    assert found.other.tolist() == [2, 2]
    assert draw_pairs(labels([0, 0], "ab"), None, clusters=None, most=9, seed=0).rows.shape == (0,)
