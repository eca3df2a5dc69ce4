"""Which images and classifiers the pictures of counterfactuals show."""

import numpy as np

from fairaudit.audits.alignment.figures import _chosen, _file_name, _movers
from fairaudit.measures.alignment.relative_change import Defined, RelativeChange


def change(moved, defined):
    moved = np.asarray(moved, float)[:, None]
    return RelativeChange(values=moved, numerator=moved, denominator=moved[:, 0], base_change=moved[:, 0],
                          defined=np.asarray(defined, np.int64))  # fmt: skip


def test_images_are_spread_evenly_over_how_far_others_moved():
    rows = np.arange(10, 16)
    found = change([0.5, -0.1, 0.3, 9.0, 0.2, -0.4], [Defined.YES] * 3 + [Defined.SMALL] + [Defined.YES] * 2)
    # In order of size without the undefined one: 0.1, 0.2, 0.3, 0.4, 0.5 at rows 11, 14, 12, 15, 10.
    assert _chosen(rows, found, 3).tolist() == [11, 12, 10]
    assert _chosen(rows, found, 1).tolist() == [11]
    assert _chosen(rows, found, 99).tolist() == [11, 14, 12, 15, 10]
    assert _chosen(rows, change([1.0] * 6, [Defined.STILL] * 6), 3).tolist() == []


def test_those_that_move_most_come_first_and_the_base_not_at_all():
    values = np.zeros((2, 3, 4))
    values[:, -1] = [[0.1, 5.0, -0.3, 0.2], [0.1, 5.0, -0.3, 0.2]]
    assert _movers(values, 1) == [2, 3, 0]
    assert _movers(np.zeros((2, 3, 3)), 0) == [1, 2]  # equal ones in their order


def test_file_names_hold_nothing_of_a_path():
    assert _file_name("a/b c:d.e_f-g") == "a-b-c-d.e_f-g"
    assert len(_file_name("x" * 200)) == 60
