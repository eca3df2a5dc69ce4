"""Room where images do not vary: closed forms by hand, and what it is for large cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fairaudit.measures.counts.rates import Rate
from fairaudit.measures.intervals.careful import average_gap, blurred, missing, overall_gap, overall_ratio, widened
from fairaudit.measures.intervals.proportion import Interval

Z = stats.norm.isf(0.025)


def exact(k, n):
    found = stats.binomtest(k, n).proportion_ci(method="exact")
    return found.low, found.high


def rates(successes, trials):
    return Rate(np.asarray(successes, float), np.asarray(trials, float))


def wilson(k, n):
    found = stats.binomtest(k, n).proportion_ci(method="wilson")
    return found.low, found.high


@given(k=st.integers(0, 60), more=st.integers(0, 60))
def test_two_classes_are_blurred_to_the_centre_of_wilsons_interval(k, more):
    n = k + more
    found = blurred([[[k, n - k]]], pseudo=Z**2 / 2)[0, 0]
    assert found.sum() == pytest.approx(n)
    if n:
        assert found[0] / n == pytest.approx(np.mean(wilson(k, n)))


def test_blurring_two_models_adds_about_one_image_to_either_side():
    both = np.zeros((1, 2, 2, 2))
    both[0, 0, 0, 0], both[0, 1, 1, 1] = 100, 3
    found = blurred(both, pseudo=1.0, decisions=2)
    # λ = 1/102 on either axis: 100 · λ (1 − λ) images of either kind, 100 λ² of both
    assert found[0, 0] == pytest.approx(100 * np.outer([101 / 102, 1 / 102], [101 / 102, 1 / 102]))
    assert found.sum((-2, -1)) == pytest.approx(both.sum((-2, -1)))


def test_classes_share_what_is_blurred_and_empty_cells_stay_empty():
    found = blurred([[[8.0, 1.0, 1.0], [0, 0, 0], [0, 0, 0]]], pseudo=2.0)[0]
    assert found[0] == pytest.approx([8 * 12 / 14 + 2 * 1 / 14, *2 * [12 / 14 + 9 / 14]])
    assert (found[1:] == 0).all()


@pytest.mark.parametrize("k", [0, 1, 5, 9, 10])
def test_a_bootstrap_with_what_it_lacks_has_the_exact_sides(k):
    p, half = k / 10, Z * np.sqrt(k / 10 * (1 - k / 10) / 10)
    normal = Interval(np.maximum(p - half, 0), np.minimum(p + half, 1))
    low, high = widened(p, normal, missing(rates(k, 10), level=0.95))
    assert low == pytest.approx(min(exact(k, 10)[0], normal.low), abs=1e-6)
    assert high == pytest.approx(max(exact(k, 10)[1], normal.high), abs=1e-6)


@given(n=st.integers(200, 5000), p=st.floats(0.2, 0.8))
def test_large_cells_in_between_lack_next_to_nothing(n, p):
    low, high = missing(rates(round(n * p), n), level=0.95)
    p = round(n * p) / n
    half = Z * np.sqrt(p * (1 - p) / n)
    assert np.hypot(half, np.sqrt(max(low, high))) < 1.15 * half


def test_the_room_of_gaps_to_overall_by_hand():
    # Groups of 3 and 6, all right: the first one's gap to all is (1 − 1/3) of its gap to the second.
    own, rest, share = rates([3, 6], [3, 6]), rates([6, 3], [6, 3]), np.array([1 / 3, 2 / 3])
    short, long = 1 - exact(3, 3)[0], 1 - exact(6, 6)[0]
    assert overall_gap(own, rest, share, level=0.95).high == pytest.approx(2 / 3 * short, abs=1e-6)
    assert overall_gap(own, rest, share, level=0.95).high > 2 / 3 * long
    low = overall_ratio(own, rest, share, level=0.95).low
    # The exact bound of 3/3 where the others are all right; overall is then (3 p + 6)/9
    p = exact(3, 3)[0]
    assert low == pytest.approx(p / ((3 * p + 6) / 9), abs=1e-6)


def test_one_group_is_all_images_and_has_no_gap_to_them():
    own, rest, share = rates([3], [3]), rates([0], [0]), np.array([1.0])
    assert overall_gap(own, rest, share, level=0.95).high == 0
    assert overall_ratio(own, rest, share, level=0.95) == (1, 1)


def test_the_room_of_an_average_is_of_the_pair_that_leaves_most():
    # TPR: 3/3 and 30/30; FPR 0/50 in both groups
    found = average_gap(rates([[[3, 30], [0, 0]]], [[[3, 30], [50, 50]]]), level=0.95).high
    short, long = 1 - exact(3, 3)[0], 1 - exact(30, 30)[0]
    assert found == pytest.approx(np.hypot(short, exact(0, 50)[1]) / 2, abs=1e-6)
    assert found > np.hypot(long, exact(0, 50)[1]) / 2
