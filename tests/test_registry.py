"""Registries: fixed order, no name twice, and a suggestion for a name that is not there."""

import pytest

from fairaudit.errors import UsageError
from fairaudit.registry import Registry

COLOURS = Registry("colour", [("red", 1), ("green", 2)])


def test_names_keep_their_order_and_give_their_things():
    assert list(COLOURS) == ["red", "green"]
    assert len(COLOURS) == COLOURS["green"] == 2
    assert "red" in COLOURS
    assert "blue" not in COLOURS


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UsageError, match=r'no colour called "gren"(.|\n)*green'):
        COLOURS["gren"]


def test_a_name_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="colour: registered twice: red"):
        Registry("colour", [("red", 1), ("blue", 2), ("red", 3)])
