"""The one partition into units: unknown stands alone, order does not matter, singles are images."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from fairaudit.errors import UsageError
from fairaudit.measures.clusters.partition import counts_by_cluster, few_units, partition
from fairaudit.measures.counts.confusion import confusion

CODES = st.lists(st.integers(-1, 5), min_size=1, max_size=20)


@given(CODES)
def test_images_share_a_unit_if_and_only_if_they_share_a_known_cluster(codes):
    units = partition(codes)
    units = np.arange(len(codes)) if units is None else units
    for i, first in enumerate(codes):
        for j, second in enumerate(codes):
            assert (units[i] == units[j]) == (i == j or first == second >= 0)
    assert set(units) == set(range(max(units) + 1))


@given(CODES, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_names_of_clusters_change_no_unit(codes, random):
    order = list(range(len(codes)))
    random.shuffle(order)
    plain, mixed = partition(codes), partition([codes[i] for i in order])
    assert (plain is None) == (mixed is None)
    if plain is not None:
        same = plain[order][:, None] == plain[order]
        assert (same == (mixed[:, None] == mixed)).all()


def test_single_images_are_no_clusters():
    assert partition(None) is None
    assert partition([3, 1, 2, -1, -1]) is None
    assert partition([]) is None
    with pytest.raises(ValueError, match="one axis"):
        partition([[1, 2]])


def test_counts_of_clusters_add_up_to_the_counts():
    rng = np.random.default_rng(0)
    group, true, predicted = rng.integers(-1, 3, 200), rng.integers(-1, 2, 200), rng.integers(0, 2, 200)
    units, weights = rng.integers(0, 40, 200), rng.random(200)
    for weight in (None, weights):
        each = counts_by_cluster(units, group, true, predicted, groups=3, classes=2, weights=weight)
        whole = confusion(group, true, predicted, groups=3, classes=2, weights=weight).counts
        np.testing.assert_allclose(each.sum(0), whole)
        own = units == 7
        part = confusion(
            group[own], true[own], predicted[own], groups=3, classes=2, weights=None if weight is None else weight[own]
        )
        np.testing.assert_allclose(each[7], part.counts)


def test_few_units_cost_what_students_quantile_costs():
    for number in (2, 5, 50):
        assert few_units(number, level=0.9).item() == pytest.approx((t.ppf(0.95, 1e9) / t.ppf(0.95, number - 1)) ** 2)
    assert few_units([0, 1], level=0.95).tolist() == [0, 0]


def test_what_cannot_fit_is_refused_before_it_is_made():
    rows = np.arange(10_000)  # 10,000 persons × 60 groups × 40 × 40 decisions would be 7 TiB
    with pytest.raises(UsageError, match="do not fit into memory") as told:
        counts_by_cluster(rows // 2, rows % 60, rows % 40, rows % 40, groups=60, classes=40)
    assert "5,000 clusters × 60 × 40 × 40 cells = 480,000,000" in str(told.value)
