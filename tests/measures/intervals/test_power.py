"""Power against simulations of the gate's own intervals, and how much an error has to shrink."""

import numpy as np
import pytest

from fairaudit.measures.intervals.power import (
    DECIDES,
    detectable_gaps,
    detection_power,
    shrinkage,
    simulated_gap,
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


def smallest(sizes, **settings):
    return np.min(smallest_detectable_gaps(sizes, **settings)[: np.count_nonzero(sizes)])


def test_the_smallest_gap_has_the_power_asked_for():
    gap = smallest([300, 300], base=0.8, power=0.8)
    assert detection_power(gap, 300, 300, base=0.8, quantile=normal_quantile(0.95)) == pytest.approx(0.8, abs=1e-3)


def test_more_images_show_smaller_gaps_and_more_groups_or_rates_need_larger_ones():
    gaps = [smallest([n, n]) for n in (50, 200, 1000)]
    assert gaps == sorted(gaps, reverse=True)
    assert smallest([200] * 8) > smallest([200] * 2)
    assert smallest([200, 200], rates=2) > smallest([200, 200])
    each = smallest_detectable_gaps([1000, 1000, 40, 0])
    assert each[2] > each[0]
    assert np.isnan(each[3])
    assert smallest([1000, 1000, 40, 0]) == np.nanmin(each)


def test_nothing_can_be_detected_without_two_groups_or_with_too_few_images():
    assert np.isnan(smallest_detectable_gaps([100, 0])).all()
    assert np.isnan(smallest_detectable_gaps([2, 2])).all()
    assert detection_power(0.1, 0, 10, base=0.5, quantile=1.96) == 0


@pytest.mark.parametrize("distance", [-3.0, -1.4, -0.6, 0.6, 1.4, 3.0])
def test_an_error_shrunk_so_decides_as_often_as_meant(distance):
    """The estimate that more images show, drawn: N(d, 1 − s²) around the one that is known, its error s."""
    s = shrinkage(distance)
    later = np.random.default_rng(0).normal(distance, np.sqrt(1 - s**2), 200_000)
    decided = np.mean(np.abs(later) > normal_quantile(0.95) * s)
    assert decided == pytest.approx(DECIDES, abs=0.01) if s < 1 else decided >= DECIDES


def test_nothing_is_said_within_half_an_error_of_the_limit():
    assert shrinkage(0.49) is None
    assert shrinkage(-0.49) is None


def test_a_plan_counts_the_images_behind_each_rate():
    cells = np.array([[300, 60], [200, 40], [0, 0]])
    found = detectable_gaps(cells, base=0.8)
    assert found["tpr"] == simulated_gap([60, 40, 0], base=0.8, rates=2)
    assert found["fpr"] == simulated_gap([300, 200, 0], base=0.8, rates=2)
    assert found["accuracy"] == found["selection_rate"] == simulated_gap([360, 240, 0], base=0.8)
    # Large cells in between are what the normal approximation says.
    assert found["accuracy"] == pytest.approx(smallest([360, 240, 0], base=0.8), rel=0.1)
    several = detectable_gaps([[50, 20, 70], [50, 30, 60]])
    assert several["tpr"] == simulated_gap([20, 30], base=0.5, rates=2)


@pytest.mark.parametrize(("sizes", "base"), [((1000, 30, 10), 0.9), ((1000, 30, 10), 0.99), ((100,) * 5, 0.9)])
def test_a_simulated_gap_is_found_with_the_power_it_says(sizes, base):
    """Other draws than its own: the group that shows it lies lower by the gap, all others at the base rate."""
    gap = simulated_gap(sizes, base=base, rates=2)
    rng, numbers = np.random.default_rng(5), np.array(sizes)
    found = []
    for group in range(len(sizes)):
        shares = np.full(len(sizes), base)
        shares[group] -= gap
        hits = rng.binomial(numbers, shares, size=(60, len(sizes)))
        found.append(np.mean([difference_interval([x, x * 0 + numbers], [numbers] * 2).low > 0 for x in hits]))
    assert 0.64 < max(found) < 0.97
