"""Which class goes with a bias value, and how decisions split where they disagree."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.pruning.alignment import associated_classes, reliance


def test_a_class_that_is_frequent_anyway_is_not_associated():
    # Value 1: classes 8 to 2; value 0: 10 to 0. Class 0 is the most frequent for both, but 1 goes with value 1.
    bias = np.array([1] * 10 + [0] * 10)
    decisions = np.array([0] * 8 + [1] * 2 + [0] * 10)
    assert associated_classes(decisions, bias, classes=2, values=2).tolist() == [0, 1]


def test_a_value_without_images_has_no_class():
    assert associated_classes(np.array([0, 1]), np.array([0, -1]), classes=2, values=2).tolist() == [0, -1]


rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-1, 3)), min_size=1, max_size=40)


@given(rows, st.lists(st.integers(-1, 2), min_size=4, max_size=4))
def test_counts_are_those_of_a_slow_count(images, associated):
    decisions, target, bias = (np.array(column) for column in zip(*images, strict=True))
    found = reliance(decisions, target, bias, np.array(associated))
    wanted = dict.fromkeys(("aligned", "aligned_right", "conflicting", "conflicting_right", "followed"), 0)
    for decided, true, value in images:
        hint = associated[value] if value >= 0 else -1
        if hint < 0:
            continue
        kind = "aligned" if hint == true else "conflicting"
        wanted[kind] += 1
        wanted[f"{kind}_right"] += decided == true
        wanted["followed"] += kind == "conflicting" and decided == hint
    assert {name: getattr(found, name) for name in wanted} == wanted
