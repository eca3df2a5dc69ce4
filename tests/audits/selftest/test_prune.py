"""Whether pruning closed a gap: the interval by hand, and its coverage."""

import math

import numpy as np
import pytest

from fairaudit.audits.selftest.prune import gap_closed


def test_by_hand():
    # Conflicting: right 0 of 4 before, 3 of 4 after: changes 1, 1, 1, 0. Aligned: 4 of 4, then 3: changes 0, 0, 0, -1.
    aligned = np.array([False] * 4 + [True] * 4)
    before = np.array([False] * 4 + [True] * 4)
    after = np.array([True, True, True, False, True, True, True, False])
    # 0.75 − (−0.25) = 1; each variance is 0.25, so the error is √(0.25/4 + 0.25/4).
    half = 1.959963984540054 * math.sqrt(0.125)
    assert gap_closed(before, after, aligned, level=0.95) == pytest.approx((1 - half, 1 + half))


def test_nothing_changed_is_no_gap_closed():
    right = np.array([True, False, True, True])
    assert gap_closed(right, right, np.array([True, True, False, False]), level=0.95) == (0.0, 0.0)


def test_one_image_of_a_side_says_nothing():
    ends = gap_closed(np.ones(3, bool), np.ones(3, bool), np.array([True, True, False]), level=0.95)
    assert all(math.isnan(end) for end in ends)


def test_its_level_is_kept_when_nothing_is_true():
    draw = np.random.default_rng(0)
    outside = 0
    for _ in range(400):
        before, after = draw.random(120) < 0.7, draw.random(120) < 0.7
        low, high = gap_closed(before, after, draw.random(120) < 0.6, level=0.9)
        outside += not low <= 0 <= high
    assert 20 <= outside <= 62  # 40 expected; four standard deviations of √(400 · 0.1 · 0.9) = 6 below, three above
