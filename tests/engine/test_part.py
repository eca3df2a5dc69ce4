import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.engine.part import Part, merge


@settings(max_examples=50, deadline=None)
@given(data=st.data(), rows=st.integers(1, 60), groups=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_any_partition_counts_what_one_part_counts(data, rows, groups, seed):
    draw = np.random.default_rng(seed)
    codes, values = draw.integers(0, groups, rows), draw.integers(-100, 100, rows).astype(np.float64)
    cuts = data.draw(st.lists(st.integers(0, rows), max_size=6).map(sorted))
    bounds = [0, *cuts, rows]
    parts = [
        Part(
            # bincount of nothing gives integers even with float weights, hence the cast
            sums={
                "n": np.bincount(codes[a:b], minlength=groups),
                "sum": np.bincount(codes[a:b], values[a:b], groups).astype(np.float64),
            },
            columns={"value": values[a:b]},
        )
        for a, b in itertools.pairwise(bounds)
    ]
    total = merge(parts)
    # Slow recount, one row at a time; the values are whole numbers, so float sums are exact in any order.
    expected = np.zeros((2, groups))
    for code, value in zip(codes, values, strict=True):
        expected[:, code] += (1, value)
    np.testing.assert_array_equal(total.sums["n"], expected[0].astype(int))
    np.testing.assert_array_equal(total.sums["sum"], expected[1])
    np.testing.assert_array_equal(total.columns["value"], values)


def test_merging_leaves_the_parts_as_they_were():
    first = Part(sums={"n": np.array([1, 2])})
    merge([first, Part(sums={"n": np.array([10, 20])})])
    np.testing.assert_array_equal(first.sums["n"], [1, 2])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (Part(sums={"m": np.array([1])}), "other names"),
        (Part(sums={"n": np.array([1, 2])}), "cannot be added"),
        (Part(sums={"n": np.array([1.0])}), "cannot be added"),
        (Part(sums={"n": np.array([1])}, columns={"c": np.array([1])}), "other names"),
    ],
)
def test_parts_that_disagree_are_refused(other, message):
    with pytest.raises(ValueError, match=message):
        merge([Part(sums={"n": np.array([1])}), other])
