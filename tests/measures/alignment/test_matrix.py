from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.measures.alignment.matrix import cluster_order, correlations, disagreements, strongest


def test_correlations_are_numpys_where_everything_is_known() -> None:
    table = np.random.default_rng(0).normal(size=(50, 4)) @ np.random.default_rng(1).normal(size=(4, 4)) + 100
    np.testing.assert_allclose(correlations(table), np.corrcoef(table, rowvar=False), atol=1e-9)


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_unknown_values_leave_out_pairs_and_not_rows(seed: int) -> None:
    draws = np.random.default_rng(seed)
    table = draws.normal(size=(30, 3))
    table[draws.random((30, 3)) < 0.2] = np.nan
    found = correlations(table)
    for a in range(3):
        for b in range(3):
            both = np.isfinite(table[:, a]) & np.isfinite(table[:, b])
            assert found[a, b] == pytest.approx(np.corrcoef(table[both, a], table[both, b])[0, 1], abs=1e-9)


def test_constant_columns_have_no_correlation() -> None:
    found = correlations(np.column_stack([np.full(9, 0.1), np.arange(9.0), np.full(9, np.nan)]))
    assert np.isnan(found[0]).all()
    assert np.isnan(found[2]).all()
    assert found[1, 1] == pytest.approx(1.0)


def test_order_puts_blocks_together() -> None:
    draws = np.random.default_rng(3)
    group = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    matrix = np.where(group[:, None] == group, 0.9, 0.0) + draws.normal(0, 0.02, (9, 9))
    order = cluster_order(matrix)
    assert sorted(order.tolist()) == list(range(9))
    assert (np.diff(group[order]) != 0).sum() == 2


def test_order_survives_undefined_entries_and_tiny_matrices() -> None:
    assert sorted(cluster_order(np.full((4, 4), np.nan)).tolist()) == [0, 1, 2, 3]
    assert cluster_order([[1.0, 0.2]]).tolist() == [0]
    assert sorted(cluster_order(np.ones((3, 5))).tolist()) == [0, 1, 2]


def test_disagreements_are_sorted_and_skip_the_diagonal() -> None:
    found = disagreements(
        [[1.0, 0.9, 0.0], [np.nan, 1.0, -0.2]], [[0.0, 0.8, 0.7], [0.1, 0.0, -0.2]], ["a", "b"], ["a", "b", "c"]
    )
    assert [(pair.base, pair.downstream) for pair in found] == [("a", "c"), ("a", "b"), ("b", "c")]
    assert found[0].gap == pytest.approx(-0.7)


def test_strongest_leaves_out_the_undefined() -> None:
    assert strongest([np.nan, 0.5, -2.0, 0.4], 0.5).tolist() == [2, 3, 1]
