"""Options of `fairaudit prune` are read or refused with a sentence."""

import pytest

from fairaudit.cli.launch.prune import gammas, names, split_of
from fairaudit.errors import UsageError


def test_gammas_are_numbers_once_each_in_order():
    assert gammas(["10,2, 5", "10"]) == (10.0, 2.0, 5.0)


@pytest.mark.parametrize("text", ["", "a", "-1", "nan", "inf", "1;2"])
def test_other_gammas_are_refused(text):
    with pytest.raises(UsageError, match="--gamma"):
        gammas([text])


def test_names_of_controls():
    assert names(["all"], ("a", "b")) == ("a", "b")
    assert names(["none"], ("a", "b")) == ()
    assert names(["magnitude", "random"], ("a",)) == ("magnitude", "random")


def test_splits():
    assert split_of(None) is None
    assert (split_of("part=train").column, split_of("part=train").use) == ("part", "train")
    for text in ("part", "=train", "part="):
        with pytest.raises(UsageError, match="--fit-split"):
            split_of(text)
