"""Training rows of a table: the named split's, with a known target; a table of predictions may have none."""

import pytest

from fairaudit.config.schema import Aligned, Split
from fairaudit.data.categorical import encode
from fairaudit.data.tables import read_table
from fairaudit.data.training import training_rows
from fairaudit.errors import DataError


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "faces.csv"
    path.write_text("split,y,tie\ntest,0,1\ntrain,1,1\ntrain,,0\ntrain,0,0\n", encoding="utf-8")
    return read_table(path)


def read(table, split, **options):
    y, tie = (encode(name, table.columns[name], unknown=[""], where="faces.csv").column for name in ("y", "tie"))
    return training_rows(table, y, {"tie": tie}, aligned=Aligned(split=split), split=Split(), **options)


def test_rows_of_the_split_with_a_known_target(table):
    found = read(table, "train")
    assert (found.target.codes.tolist(), found.attributes["tie"].codes.tolist()) == ([1, 0], [1, 0])


def test_a_split_that_is_not_there_is_refused_unless_it_may_be_missing(table):
    with pytest.raises(DataError, match="no rows"):
        read(table, "fit")
    assert read(table, "fit", optional=True) is None


def test_without_the_wish_nothing_is_read(table):
    assert training_rows(table, None, {}, aligned=None, split=None) is None
