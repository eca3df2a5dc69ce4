"""Labels of whole clusters: when they exist, how they change places, and what they can tell."""

from itertools import permutations
from math import comb

import numpy as np
import pytest

from fairaudit.measures.clusters.labels import cluster_labels, smallest_p

UNITS = np.array([7, 7, 3, 3, 9, 5])


def test_shuffles_keep_clusters_together_and_blocks_apart():
    labels = cluster_labels(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 0, 0, 0, 1, 1]), UNITS)
    drawn = labels.shuffled(replicates=400, generator=np.random.default_rng(0))
    assert labels.nested
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, 0] + drawn[:, 2] == 1).all()  # one of each group in each target value
    assert (drawn[:, 4] + drawn[:, 5] == 1).all()
    assert 150 < drawn[:, 0].sum() < 250
    assert labels.partitions() == 1  # one and one in each: exchanged, they are the same parts


def test_groups_that_vary_have_no_labels_and_targets_that_vary_have_one_block():
    assert cluster_labels(np.array([0, 1, 1, 1, 0, 1]), np.zeros(6, int), UNITS) is None
    labels = cluster_labels(np.array([0, 0, 1, 1, 0, 1]), np.array([0, 1, 0, 0, 0, 0]), UNITS)
    assert not labels.nested
    assert labels.partitions() == comb(4, 2) / 2
    assert smallest_p(labels, 4) == pytest.approx(1 / 3)
    assert smallest_p(None, 4) == pytest.approx(1 / 8)
    assert cluster_labels(np.arange(4000) % 2, np.zeros(4000, int), np.arange(4000)).partitions() == np.inf


@pytest.mark.parametrize("sizes", [(3, 3), (2, 4), (2, 2, 2), (1, 2, 3), (1, 1, 3)])
def test_partitions_are_those_that_can_be_listed(sizes):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    parts = {
        frozenset(frozenset(np.flatnonzero(np.array(names) == group)) for group in set(names))
        for names in set(permutations(codes.tolist()))
    }
    labels = cluster_labels(np.repeat(codes, 2), np.zeros(2 * len(codes), int), np.repeat(np.arange(len(codes)), 2))
    assert labels.partitions() == len(parts)
