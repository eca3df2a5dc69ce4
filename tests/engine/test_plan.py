import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.engine.plan import Plan
from fairaudit.errors import DataError


@given(rows=st.integers(1, 500), chunk_rows=st.integers(1, 120))
def test_chunks_hold_every_row_once_in_order(rows, chunk_rows):
    chunks = Plan(rows, chunk_rows).chunks()
    assert [row for chunk in chunks for row in range(chunk.start, chunk.stop)] == list(range(rows))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert len(Plan(rows, chunk_rows)) == len(chunks)
    assert all(chunk.rows == chunk_rows for chunk in chunks[:-1])
    assert 1 <= chunks[-1].rows <= chunk_rows


def test_nothing_to_audit_is_an_error_not_a_pass():
    with pytest.raises(DataError, match="no rows"):
        Plan(0, 4)


def test_chunks_of_no_rows_are_refused():
    with pytest.raises(ValueError, match="chunk_rows"):
        Plan(4, 0)
