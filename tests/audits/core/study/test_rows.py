"""The scored rows as tables take them, against what is written down here."""

import numpy as np

from fairaudit.audits.core.study.alignment import GroupTargets
from fairaudit.audits.core.study.rows import aligned_rows, labels
from fairaudit.data.categorical import Categorical

TARGET = Categorical(name="digit", values=("0", "1", "2"), codes=np.array([0, 1, 2, 0, -1], np.int32))
COLOUR = Categorical(name="colour", values=("red", "green"), codes=np.array([0, 0, 1, -1, 1], np.int32))


def test_an_image_goes_with_its_group_where_the_table_says_so():
    table = np.array([[True, False, False], [False, True, True]])  # red is 0; green is 1 and 2
    found = aligned_rows(TARGET, COLOUR, GroupTargets(cells=table))
    assert found.values == ("conflicting", "aligned")
    assert found.codes.tolist() == [1, 0, 1, -1, -1]  # without a colour or a digit an image is in neither
    assert found.name == "colour"


def test_nothing_is_aligned_where_nothing_is_known():
    assert aligned_rows(TARGET, COLOUR, GroupTargets(cells=None)) is None


def test_a_column_keeps_its_names_and_codes():
    found = labels(COLOUR)
    assert (found.name, found.values, found.codes.tolist()) == ("colour", ("red", "green"), [0, 0, 1, -1, 1])
