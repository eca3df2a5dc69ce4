"""Similarity of maps against scipy and scikit-image's definition, one image at a time."""

import numpy as np
import pytest
from scipy import stats
from scipy.ndimage import uniform_filter

from fairaudit.measures.regions.map_similarity import SIMILARITIES, similarities

DRAWS = np.random.default_rng(0)
FIRST = DRAWS.normal(size=(12, 9, 9))
SECOND = 0.6 * FIRST + DRAWS.normal(size=(12, 9, 9))


def found(first, second, units=None, level=0.95):
    return similarities(first, second, units=units, level=level, replicates=2000, generator=np.random.default_rng(1))


def ssim(left, right, side=7):
    """Wang et al. 2004, eq. 13, with sample covariances and range 2, as scikit-image has it."""
    left, right = left / np.abs(left).max(), right / np.abs(right).max()
    half, unbiased = side // 2, side**2 / (side**2 - 1)

    def mean(values):
        return uniform_filter(values, side)[half:-half, half:-half]

    mx, my = mean(left), mean(right)
    vx, vy, cov = (
        unbiased * (mean(a * b) - mean(a) * mean(b)) for a, b in ((left, left), (right, right), (left, right))
    )
    c1, c2 = 0.02**2, 0.06**2
    return ((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))).mean()


def test_values_are_means_of_the_known_definitions():
    rank = [stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(FIRST, SECOND, strict=True)]
    size = [stats.spearmanr(np.abs(a).ravel(), np.abs(b).ravel()).statistic for a, b in zip(FIRST, SECOND, strict=True)]
    structure = [ssim(a, b) for a, b in zip(FIRST, SECOND, strict=True)]
    told = found(FIRST, SECOND)
    assert list(told) == list(SIMILARITIES)
    for name, values in zip(SIMILARITIES, (rank, size, structure), strict=True):
        assert told[name].value == pytest.approx(np.mean(values), abs=1e-6)
        assert told[name].n == 12
        # Student's interval of the same means, which the bootstrap's is near.
        ends = stats.t.interval(0.95, 11, np.mean(values), stats.sem(values))
        assert (told[name].low, told[name].high) == pytest.approx(ends, abs=0.4 * (ends[1] - ends[0]))


def test_chance_is_of_maps_of_different_images():
    place = np.zeros((9, 9))
    place[2:4, 2:4] = 5.0
    told = found(FIRST + place, SECOND + place)["map_similarity"]
    shifted = [
        stats.spearmanr((a + place).ravel(), (b + place).ravel()).statistic
        for a, b in zip(FIRST, np.roll(SECOND, 1, axis=0), strict=True)
    ]
    assert told.chance == pytest.approx(np.mean(shifted))
    assert 0.02 < told.chance < told.value
    assert np.isnan(found(FIRST[:1], SECOND[:1])["map_similarity"].chance)


def test_the_same_and_the_opposite_map():
    same, other = found(FIRST, FIRST), found(FIRST, -FIRST)
    assert [same[name].value for name in SIMILARITIES] == pytest.approx([1, 1, 1])
    assert other["map_similarity"].value == pytest.approx(-1)
    assert other["map_similarity_absolute"].value == pytest.approx(1)


def test_maps_that_do_not_vary_are_left_out():
    flat = FIRST.copy()
    flat[:4] = np.array([0.0, 0.5, -1.0, 2.0])[:, None, None]
    assert {name: each.n for name, each in found(flat, SECOND).items()} == dict.fromkeys(found(flat, SECOND), 8)
    nothing = found(np.zeros_like(FIRST), SECOND)
    assert all(each.n == 0 and np.isnan([each.value, each.low, each.high]).all() for each in nothing.values())


def test_images_of_one_cluster_are_sampled_together():
    """Every image twice in one cluster is as good as once; all in one cluster has no interval."""
    twice, units = (np.repeat(maps, 2, axis=0) for maps in (FIRST, SECOND)), np.repeat(np.arange(12), 2)
    first, second = twice
    once, clustered, alone = found(FIRST, SECOND), found(first, second, units), found(first, second)
    for name in SIMILARITIES:
        wide = once[name].high - once[name].low
        assert clustered[name].value == pytest.approx(once[name].value)
        assert clustered[name].high - clustered[name].low == pytest.approx(wide, rel=0.1)
        assert alone[name].high - alone[name].low < 0.85 * wide
    assert np.isnan(found(FIRST, SECOND, np.zeros(12, np.int64))["map_similarity"].low)


def test_the_interval_of_three_images_reaches_from_the_least_to_the_most_alike():
    """Each is drawn three times in 1 of 27 samples, which is more than a tail holds."""
    told = found(FIRST[:3], SECOND[:3])["map_similarity"]
    rank = [stats.spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(FIRST[:3], SECOND[:3], strict=True)]
    assert (told.low, told.high) == pytest.approx((min(rank), max(rank)))
