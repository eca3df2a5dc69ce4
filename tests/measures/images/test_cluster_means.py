"""Intervals of few clusters, against arithmetic."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images import means as im
from fairaudit.measures.images.cluster_means import by_cluster, cluster_interval, clusters_behind, places


def test_clusters_behind_every_mean():
    group = im.Labels(name="g", values=("a", "b"), codes=np.array([0, 0, 1, 0, 1, -1]))
    target = im.Labels(name="t", values=("0", "1"), codes=np.array([0, 1, 0, 0, 0, 1]))
    data = im.table(np.array([[1.0], [2], [3], [np.nan], [5], [6]]), group=group, target=target)
    found = clusters_behind(places(by_cluster(data, np.array([0, 0, 1, 2, 1, 3])))[1])
    assert found.overall.tolist() == [3]
    assert found.classes[:, 0].tolist() == [2, 2]
    assert found.groups[:, 0].tolist() == [1, 1]
    assert found.cells[..., 0].tolist() == [[1, 1], [1, 0]]
    assert found.cell_contrasts[..., 0].tolist() == [[1, 0], [1, 0]]


def test_few_clusters_are_stretched_and_many_have_expanded_percentiles():
    draws = np.random.default_rng(0).normal(size=20_000)
    few = cluster_interval(0.0, draws, clusters=3, level=0.95)
    # √(3/2) t₂: the bootstrap of three values has √(2/3) of the error, and Student's quantile stands for z
    assert few.high == pytest.approx(np.sqrt(1.5) * stats.t.isf(0.025, 2), rel=0.05)
    many = cluster_interval(0.0, draws, clusters=10, level=0.95)
    assert many.high == pytest.approx(np.sqrt(10 / 9) * stats.t.isf(0.025, 9), rel=0.05)
