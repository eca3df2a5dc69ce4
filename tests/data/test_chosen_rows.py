"""Which rows of a table are used."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.config.schema import Split
from fairaudit.data.chosen_rows import limited_rows, split_rows
from fairaudit.data.tables import read_table
from fairaudit.errors import DataError


@pytest.fixture
def table(tmp_path):
    (tmp_path / "t.csv").write_text("split,part\ntest,a\ntrain,b\ntest,a\n,b\n", encoding="utf-8")
    return read_table(tmp_path / "t.csv")


def test_a_split_has_its_rows_in_order(table):
    rows, notes = split_rows(table, Split(column="split", use="test"))
    assert (rows.tolist(), notes) == ([0, 2], ())


def test_without_one_all_rows_are_used_and_a_reader_is_told(table):
    rows, (note,) = split_rows(table, None)
    assert rows.tolist() == [0, 1, 2, 3]
    assert "all splits are used (test, train)" in note


def test_a_split_without_rows_is_refused_with_what_there_is(table):
    with pytest.raises(DataError, match=r'"tset" has no rows.*"test" 2'):
        split_rows(table, Split(column="split", use="tset"))


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5))
def test_a_part_is_rising_and_of_its_size_and_seeded(count, limit, seed):
    rows, notes = limited_rows(count, limit, seed=seed)
    assert len(rows) == min(count, limit)
    assert (np.diff(rows) > 0).all()
    assert bool(notes) == (limit < count)
    assert limited_rows(count, limit, seed=seed)[0].tolist() == rows.tolist()


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(DataError, match="leaves no rows"):
        limited_rows(5, 0, seed=0)
