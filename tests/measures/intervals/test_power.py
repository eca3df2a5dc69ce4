"""Power and needed images against simulations of the gate's own intervals."""

import numpy as np
import pytest

from fairaudit.measures.intervals.power import (
    detectable_gaps,
    detection_power,
    images_needed,
    smallest_detectable_gap,
    smallest_detectable_gaps,
)
from fairaudit.measures.intervals.proportion import normal_quantile
from fairaudit.measures.intervals.simultaneous import difference_interval


@pytest.mark.parametrize(("size", "base", "gap"), [(200, 0.9, 0.1), (400, 0.5, 0.1), (1000, 0.9, 0.03)])
def test_power_is_how_often_the_interval_excludes_0(size, base, gap):
    rng = np.random.default_rng(0)
    sizes = np.full((1, 2), size)
    hits = rng.binomial(size, [base, base - gap], size=(800, 1, 2))
    found = np.mean([difference_interval(x, sizes).low > 0 for x in hits])
    expected = detection_power(gap, size, size, base=base, quantile=normal_quantile(0.95))
    assert expected == pytest.approx(found, abs=0.06)


def test_the_smallest_gap_has_the_power_asked_for():
    gap = smallest_detectable_gap([300, 300], base=0.8, power=0.8)
    assert detection_power(gap, 300, 300, base=0.8, quantile=normal_quantile(0.95)) == pytest.approx(0.8, abs=1e-3)


def test_more_images_show_smaller_gaps_and_more_groups_or_rates_need_larger_ones():
    gaps = [smallest_detectable_gap([n, n]) for n in (50, 200, 1000)]
    assert gaps == sorted(gaps, reverse=True)
    assert smallest_detectable_gap([200] * 8) > smallest_detectable_gap([200] * 2)
    assert smallest_detectable_gap([200, 200], rates=2) > smallest_detectable_gap([200, 200])
    each = smallest_detectable_gaps([1000, 1000, 40, 0])
    assert each[2] > each[0]
    assert np.isnan(each[3])
    assert smallest_detectable_gap([1000, 1000, 40, 0]) == np.nanmin(each)


def test_nothing_can_be_detected_without_two_groups_or_with_too_few_images():
    assert np.isnan(smallest_detectable_gap([100, 0]))
    assert np.isnan(smallest_detectable_gap([2, 2]))
    assert detection_power(0.1, 0, 10, base=0.5, quantile=1.96) == 0


@pytest.mark.parametrize(
    ("high", "low"), [((0.93, 400), (0.88, 90)), ((0.91, 60), (0.90, 60)), ((0.95, 40), (0.8, 30))]
)
def test_the_images_needed_decide_and_fewer_do_not(high, low):
    limit = 0.1
    needed = images_needed(high_rate=high[0], high_n=high[1], low_rate=low[0], low_n=low[1], limit=limit)

    def decided(extra):
        sizes = np.array([high[1], low[1]], float)
        smaller = sizes.argmin()
        sizes[smaller] += extra
        sizes = np.maximum(sizes, sizes[smaller] if sizes[smaller] > sizes[1 - smaller] else sizes)
        found = difference_interval([[high[0] * sizes[0], low[0] * sizes[1]]], [sizes])
        return found.high <= limit or found.low > limit

    assert needed is not None
    assert needed.total == pytest.approx(min(high[1], low[1]) + needed.images, abs=1)
    assert not decided(0)
    assert decided(needed.images * 1.35)
    assert not decided(needed.images * 0.6)


def test_a_gap_at_the_limit_is_never_decided_and_a_decided_one_needs_nothing():
    at_limit = {"high_rate": 0.9, "high_n": 50.0, "low_rate": 0.8, "low_n": 50.0, "limit": 0.1}
    assert images_needed(**at_limit) is None
    assert images_needed(**{**at_limit, "limit": 0.3, "high_n": 1e6, "low_n": 1e6}) is None
    many = images_needed(**{**at_limit, "limit": 0.05}, groups=16)
    few = images_needed(**{**at_limit, "limit": 0.05}, groups=2)
    assert many.images > few.images


def test_a_plan_counts_the_images_behind_each_rate():
    cells = np.array([[300, 60], [200, 40], [0, 0]])
    found = detectable_gaps(cells, base=0.8)
    assert found["tpr"] == smallest_detectable_gap([60, 40, 0], base=0.8, rates=2)
    assert found["fpr"] == smallest_detectable_gap([300, 200, 0], base=0.8, rates=2)
    assert found["accuracy"] == found["selection_rate"] == smallest_detectable_gap([360, 240, 0], base=0.8)
    several = detectable_gaps([[50, 20, 70], [50, 30, 60]])
    assert several["tpr"] == smallest_detectable_gap([20, 30], rates=2)
