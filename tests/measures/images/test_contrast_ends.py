"""Ends of contrasts: written out by loops over groups and classes, sides that are all alike, and how often they err."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images.contrast_ends import ALIKE, contrast_ends
from fairaudit.measures.images.means import Labels, derived, sums, table
from fairaudit.measures.intervals.skewness import reaches


def made(values, group, target=None, groups=2, targets=2):
    names = Labels(name="g", values=tuple(f"g{k}" for k in range(groups)), codes=np.asarray(group))
    classes = None if target is None else Labels(name="y", values=tuple(map(str, range(targets))), codes=target)
    return table(np.asarray(values, float).reshape(len(group), -1), group=names, target=classes)


def side(values):
    """Mean, and how far its interval reaches below and above."""
    n = len(values)
    below, above = reaches(values.std() / n**0.5, stats.skew(values) / n**0.5, units=n, level=0.95)
    return values.mean(), below, above


def test_ends_are_those_written_out():
    draws = np.random.default_rng(0)
    group, target = draws.integers(-1, 3, 300), draws.integers(0, 2, 300)
    values = draws.lognormal(0, 0.7, 300)
    values[draws.random(300) < 0.05] = np.nan
    data = made(values, group, target, groups=3)
    found, estimate = contrast_ends(data, level=0.95), derived(sums(data))
    for g in range(3):
        squares, middle = np.zeros(2), 0.0
        for y in range(2):
            known = ~np.isnan(values) & (target == y) & (group >= 0)
            (m1, d1, u1), (m2, d2, u2) = side(values[known & (group == g)]), side(values[known & (group != g)])
            parts = np.array([d1**2 + u2**2, u1**2 + d2**2])
            squares, middle = squares + parts, middle + (m1 - m2) / 2
            wanted = m1 - m2 + np.sqrt(parts) * [-1, 1]
            assert [float(end[g, y, 0]) for end in found.cells] == pytest.approx(wanted)
        wanted = middle + np.sqrt(squares) / 2 * [-1, 1]
        assert [float(end[g, 0]) for end in found.groups] == pytest.approx(wanted)
        assert found.groups[0][g, 0] < estimate.contrasts[g, 0] < found.groups[1][g, 0]


def test_of_even_values_it_is_nearly_welchs_interval():
    draws = np.random.default_rng(1)
    values, group = draws.normal(size=400), np.repeat([0, 1], 200)
    found = contrast_ends(made(values, group), level=0.95).groups
    welch = stats.ttest_ind(values[:200], values[200:], equal_var=False).confidence_interval(0.95)
    assert [float(end[0, 0]) for end in found] == pytest.approx([welch.low, welch.high], abs=0.02)


@pytest.mark.parametrize(("size", "known"), [(ALIKE - 1, False), (ALIKE, True)])
def test_few_images_all_alike_say_nothing(size, known):
    draws = np.random.default_rng(2)
    values = np.concatenate([np.zeros(size), draws.exponential(1, 100)])
    found = contrast_ends(made(values, np.repeat([0, 1], [size, 100])), level=0.95)
    assert np.isnan(found.groups[0][0, 0]) != known
    assert np.isnan(found.cells[1][1, 0, 0]) != known  # the other group's contrast is with the same images


def test_a_side_without_images_has_no_ends():
    found = contrast_ends(made(np.arange(50.0), np.zeros(50, int)), level=0.95)
    assert np.isnan(found.groups[0]).all()
    assert np.isnan(found.cells[0]).all()


def test_a_small_group_does_not_prove_that_it_is_lower_by_lacking_the_few_large_values():
    """Nine of ten values are 0 in both groups; percentiles of the difference exclude 0 in 37 of 300 data sets."""
    draws, alarms = np.random.default_rng(3), 0
    group = np.repeat([0, 1], [40, 200])
    for _ in range(300):
        values = (draws.random(240) < 0.1) * draws.gamma(2, 1, 240)
        low, high = (float(end[0, 0]) for end in contrast_ends(made(values, group), level=0.95).groups)
        alarms += low > 0 or high < 0
    assert alarms <= 23
