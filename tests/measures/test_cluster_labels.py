"""Labels of whole clusters: when they exist, how they change places, and what they can tell."""

from math import comb

import numpy as np
import pytest

from fairaudit.measures.cluster_labels import cluster_labels, smallest_p

UNITS = np.array([7, 7, 3, 3, 9, 5])


def test_shuffles_keep_clusters_together_and_blocks_apart():
    labels = cluster_labels(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 0, 0, 0, 1, 1]), UNITS)
    drawn = labels.shuffled(replicates=400, generator=np.random.default_rng(0))
    assert labels.nested
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 0] + drawn[:, 2] == 1).all()  # one of each group in each target value
    assert (drawn[:, 4] + drawn[:, 5] == 1).all()
    assert 150 < drawn[:, 0].sum() < 250
    assert labels.ways() == 4


def test_groups_that_vary_have_no_labels_and_targets_that_vary_have_one_block():
    assert cluster_labels(np.array([0, 1, 1, 1, 0, 1]), np.zeros(6, int), UNITS) is None
    labels = cluster_labels(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 1, 0, 0, 0, 0]), UNITS)
    assert not labels.nested
    assert labels.ways() == comb(4, 2)
    assert smallest_p(labels, 4) == pytest.approx(1 / 6)
    assert smallest_p(None, 4) == pytest.approx(1 / 8)
    assert cluster_labels(np.arange(4000) % 2, np.zeros(4000, int), np.arange(4000)).ways() == np.inf
