"""Counts by group, true and predicted class, against a loop over images, and their merge."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.measures.counts.confusion import confusion


def rows(draw_groups, classes):
    codes = st.tuples(st.integers(-1, draw_groups - 1), st.integers(-1, classes - 1), st.integers(0, classes - 1))
    return st.lists(codes, max_size=60)


def columns(images):
    return (np.array([image[axis] for image in images], dtype=np.int64) for axis in range(3))


@given(rows(5, 4))
def test_counts_equal_a_loop_over_images(images):
    counts, unknown, untargeted = np.zeros((5, 4, 4), int), np.zeros((4, 4), int), 0
    for group, true, predicted in images:
        if true < 0:
            untargeted += 1
        elif group < 0:
            unknown[true, predicted] += 1
        else:
            counts[group, true, predicted] += 1
    table = confusion(*columns(images), groups=5, classes=4)
    assert table.counts.tolist() == counts.tolist()
    assert table.unknown.tolist() == unknown.tolist()
    assert table.untargeted == untargeted
    assert table.counts.sum() + table.unknown.sum() + table.untargeted == len(images)
    assert table.counts.dtype == np.int64


@given(rows(60, 3), st.randoms(use_true_random=False))
def test_any_partition_and_order_gives_identical_integers(images, random):
    whole = confusion(*columns(images), groups=60, classes=3)
    shuffled = random.sample(images, len(images))
    cuts = sorted(random.randint(0, len(images)) for _ in range(3))
    parts = [shuffled[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(images)], strict=True)]
    merged = confusion([], [], [], groups=60, classes=3)
    for part in parts:
        merged = merged + confusion(*columns(part), groups=60, classes=3)
    assert (merged.counts == whole.counts).all()
    assert (merged.unknown == whole.unknown).all()
    assert merged.untargeted == whole.untargeted


def test_a_group_that_is_absent_stays_an_empty_group_and_shifts_nobody():
    table = confusion([0, 2], [1, 1], [1, 0], groups=3, classes=2)
    assert table.counts.sum((1, 2)).tolist() == [1, 0, 1]
    assert table.counts[2, 1, 0] == 1


def test_weights_are_summed_in_float64():
    table = confusion([0, 0, -1], [1, 1, -1], [1, 1, 0], groups=1, classes=2, weights=[0.25, 0.5, 2.0])
    assert table.counts[0, 1, 1] == 0.75
    assert table.untargeted == 2.0
    assert table.counts.dtype == np.float64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [0, 1], [0, 1]), "one length"),
        (([2], [0], [0]), "group: codes need to lie in -1 … 1, found 2 … 2"),
        (([0], [3], [0]), "true class"),
        (([0], [0], [-1]), "predicted class: codes need to lie in 0 … 1"),
        (([0.5], [0], [0]), "integer type"),
        (([[0]], [0], [0]), "one axis"),
    ],
)
def test_unusable_codes_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        confusion(*arguments, groups=2, classes=2)


@pytest.mark.parametrize("weights", [[-1.0], [np.nan], [1.0, 2.0]])
def test_unusable_weights_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        confusion([0], [0], [0], groups=2, classes=2, weights=weights)


def test_tables_of_other_shapes_cannot_be_added():
    with pytest.raises(ValueError, match="cannot be added"):
        confusion([], [], [], groups=2, classes=2) + confusion([], [], [], groups=3, classes=2)
