"""Checked columns of scores, truths and groups."""

import numpy as np
import pytest

from fairaudit.measures.scores.scored import scored


def test_columns_come_back_with_their_types():
    found = scored([0, 1, 0.25], [1, 0, 1], [-1, 0, 2], groups=3)
    assert found.scores.dtype == np.float64
    assert found.positive.tolist() == [True, False, True]
    assert found.group.tolist() == [-1, 0, 2]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([0.5, 0.5], [True], [0]), r"found \(2,\), \(1,\) and \(1,\)"),
        (([[0.5]], [[True]], [[0]]), "one score, truth and group per image"),
        (([1.01], [True], [0]), r"\[0, 1\]"),
        (([np.nan], [True], [0]), r"\[0, 1\]"),
        (([0.5], [True], [2]), "-1 … 1, found 2 … 2"),
        (([0.5], [True], [-2]), "found -2 … -2"),
    ],
)
def test_columns_that_do_not_fit_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        scored(*columns, groups=2)
