"""Intervals of few clusters against arithmetic, and their nulls against every way of exchanging labels or signs."""

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from fairaudit.measures.images import means as im
from fairaudit.measures.images.cluster_means import (
    by_cluster,
    cluster_interval,
    clusters_behind,
    contrast_nulls,
    places,
)


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


VALUES = np.array([1.0, 2, 4, 8, 16, 32, 64, 128, 500])
UNITS = np.array([0, 0, 1, 2, 2, 2, 3, 3, 4])


def distinct(numbers):
    return sorted({round(float(number), 6) for number in numbers})


def test_whole_clusters_of_one_group_exchange_labels_and_nothing_else_moves():
    group = im.Labels(name="g", values=("a", "b"), codes=np.array([0, 0, 1, 0, 0, 0, 1, 1, -1]))
    data = im.table(VALUES[:, None], group=group, target=None)
    (null,) = contrast_nulls(data, replicates=400, generator=np.random.default_rng(0), units=UNITS)
    exact = []
    for first in combinations(range(4), 2):  # which two of the four clusters are group a; 4 has no group
        in_a = np.isin(UNITS[:8], first)
        exact.append(VALUES[:8][in_a].mean() - VALUES[:8][~in_a].mean())
    assert distinct(null.contrasts[:, 0, 0]) == distinct(exact)
    assert distinct(null.contrasts[:, 1, 0]) == distinct(-np.array(exact))
    assert null.overall == pytest.approx(VALUES.mean())
    assert null.classes == pytest.approx(VALUES.mean())


def test_labels_are_exchanged_within_target_values_where_each_cluster_has_one():
    group = im.Labels(name="g", values=("a", "b"), codes=np.array([0, 0, 1, 0, 0, 0, 1, 1, -1]))
    target = im.Labels(name="t", values=("0", "1"), codes=np.array([0, 0, 0, 1, 1, 1, 1, 1, 0]))
    data = im.table(VALUES[:, None], group=group, target=target)
    (null,) = contrast_nulls(data, replicates=200, generator=np.random.default_rng(0), units=UNITS)
    assert distinct(null.cell_contrasts[:, 0, 0, 0]) == [-2.5, 2.5]  # {1, 2} and {4}
    assert distinct(null.cell_contrasts[:, 0, 1, 0]) == distinct([56 / 3 - 96, 96 - 56 / 3])
    assert distinct(null.classes[:, 0, 0]) == distinct([507 / 4])


def test_signs_of_clusters_are_turned_where_groups_vary_within_them():
    group = im.Labels(name="g", values=("a", "b"), codes=np.array([0, 1, 1, 0, 0, 1, 1, 0]))
    data = im.table(VALUES[:8, None], group=group, target=None)
    (null,) = contrast_nulls(data, replicates=600, generator=np.random.default_rng(0), units=UNITS[:8])
    centred, side = VALUES[:8] - VALUES[:8].mean(), np.where(group.codes == 0, 0.25, -0.25)
    exact = [(np.array(signs)[UNITS[:8]] * centred * side).sum() for signs in product((-1, 1), repeat=4)]
    assert distinct(null.contrasts[:, 0, 0]) == distinct(exact)


def test_without_clusters_images_exchange_labels():
    group = im.Labels(name="g", values=("a", "b"), codes=np.array([0, 1, 1]))
    data = im.table(VALUES[:3, None], group=group, target=None)
    (null,) = contrast_nulls(data, replicates=100, generator=np.random.default_rng(0))
    assert distinct(null.contrasts[:, 0, 0]) == distinct([1 - 3, 2 - 2.5, 4 - 1.5])
