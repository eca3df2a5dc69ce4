"""Score histograms: merge exactly, counts at every threshold."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.scores.score_histogram import score_histogram, sweep_counts


def images(seed=0, number=500, groups=3):
    rng = np.random.default_rng(seed)
    group, truth = rng.integers(-1, groups, number), rng.random(number) < 0.4
    return np.clip(0.25 * truth + rng.random(number) * 0.75, 0, 1), truth, group


@given(st.lists(st.integers(0, 500), max_size=4))
def test_parts_add_up_to_the_whole_exactly(cuts):
    scores, truth, group = images()
    edges = sorted([0, *cuts, 500])
    parts = [score_histogram(scores[a:b], truth[a:b], group[a:b], groups=3, bins=20) for a, b in pairwise(edges)]
    assert (sum(parts) == score_histogram(scores, truth, group, groups=3, bins=20)).all()


def test_counts_at_a_threshold_are_the_confusion_there():
    scores, truth, group = images(3)
    counts = sweep_counts(score_histogram(scores, truth, group, groups=3, bins=64))
    assert counts.shape == (65, 3, 2, 2)
    for place in (0, 13, 32, 64):
        selected = scores >= place / 64 if place < 64 else np.zeros(len(scores), bool)
        expected = confusion(group, truth.astype(int), selected.astype(int), groups=3, classes=2).counts
        assert (counts[place] == expected).all()


@pytest.mark.parametrize("score", [-0.1, 1.1, np.nan])
def test_scores_outside_their_range_are_refused(score):
    with pytest.raises(ValueError, match="scores"):
        score_histogram([score], [True], [0], groups=1)
