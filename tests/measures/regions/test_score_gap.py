"""Gaps of scores between groups within classes: arithmetic, what is left out, clusters as wholes, and its interval."""

import numpy as np
import pytest

from fairaudit.measures.intervals.largest import largest
from fairaudit.measures.regions.score_gap import score_gaps


def gaps(scores, group, target, unit=None):
    unit = np.arange(len(scores)) if unit is None else np.asarray(unit)
    return score_gaps(np.asarray(scores, float), group=np.asarray(group), target=np.asarray(target), unit=unit)


def test_classes_weigh_the_same_whatever_their_number_of_images():
    """Class 0: 1.0 − 0.0 over five images; class 1: 0.5 − 0.5 over two: (1 + 0) / 2."""
    pairs, found = gaps([0, 0, 0, 1, 1, 0.5, 0.5], [0, 0, 0, 1, 1, 0, 1], [0, 0, 0, 0, 0, 1, 1])
    assert [tuple(pair) for pair in pairs] == [(0, 1)]
    assert found.value.tolist() == pytest.approx([0.5])
    assert found.units.tolist() == [1.0]


def test_unknown_groups_targets_and_scores_do_not_count():
    with_unknown = gaps([0, 1, 9, 9, np.nan], [0, 1, -1, 0, 0], [0, 0, 0, -1, 0])[1]
    assert with_unknown.value.tolist() == pytest.approx(gaps([0, 1], [0, 1], [0, 0])[1].value.tolist())


def test_every_pair_of_groups_that_shares_two_classes():
    group, target = np.repeat([0, 1, 2], 4), np.tile([0, 1], 6)
    scores = group / 10
    pairs, found = gaps(scores, group, target)
    assert len(pairs) == 3
    assert sorted(np.round(found.value, 9).tolist()) == [0.1, 0.1, 0.2]


def test_a_pair_that_shares_one_class_of_two_is_left_out():
    pairs, found = gaps([0, 1, 0, 1, 1], [0, 0, 0, 1, 1], [0, 1, 0, 1, 1])
    assert pairs == []
    assert found.value.size == 0
    assert found.parts.shape == (5, 0)


def test_a_gap_is_the_mean_over_classes_of_differences_of_means_and_its_parts_add_up_to_nothing():
    draw = np.random.default_rng(0)
    group, target, scores = draw.integers(0, 2, 80), draw.integers(0, 3, 80), draw.random(80)
    _, found = gaps(scores, group, target, np.arange(80))
    means = [[scores[(group == g) & (target == y)].mean() for y in range(3)] for g in range(2)]
    assert found.value == pytest.approx(np.diff(means, axis=0).mean())
    assert found.parts.sum(axis=0) == pytest.approx(0, abs=1e-12)
    assert gaps(scores, group, target, draw.integers(0, 20, 80))[1].parts.shape == (20, 1)


def test_the_interval_is_near_the_normal_one_of_two_means():
    """Two groups of 400, one class: value ± 1.96 · sqrt(s²/n + s²/n)."""
    draw = np.random.default_rng(1)
    group = np.repeat([0, 1], 400)
    scores = draw.normal(0.1 * group, 0.3)
    _, found = gaps(scores, group, np.zeros(800, int))
    result = largest(found, level=0.95, generator=np.random.default_rng(0))
    half = 1.96 * np.sqrt(sum(scores[group == g].var(ddof=1) / 400 for g in (0, 1)))
    assert result.value == pytest.approx(scores[group == 1].mean() - scores[group == 0].mean())
    assert (result.high - result.value) == pytest.approx(half, rel=0.1)
