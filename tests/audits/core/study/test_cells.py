"""Counts of cells, against counting by hand."""

import numpy as np

from fairaudit.audits.core.study.cells import cells
from fairaudit.data.categorical import Categorical


def column(name, values, codes):
    return Categorical(name=name, values=values, codes=np.array(codes, np.int32))


def test_every_cell_is_there_and_rows_that_are_unknown_are_in_none():
    hat = column("hat", ("no", "yes"), [0, 0, 1, 1, -1, 0, 0])
    smile = column("smile", ("a", "b", "c"), [0, 1, 1, 1, 0, -1, 0])
    assert cells(hat, smile, 1) == {"no": {"a": 2, "b": 1, "c": None}, "yes": {"a": None, "b": 2, "c": None}}
    assert cells(hat, smile, 0)["yes"] == {"a": 0, "b": 2, "c": 0}


def test_a_count_below_the_smallest_is_not_told():
    hat = column("hat", ("no", "yes"), [0] * 5 + [1] * 4)
    smile = column("smile", ("a",), [0] * 9)
    assert cells(hat, smile, 5) == {"no": {"a": 5}, "yes": {"a": None}}
