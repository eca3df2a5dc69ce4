"""Ranges say their numbers, and differences have the range of the arithmetic."""

import itertools
import math
import re

import pytest

from fairaudit.tables.metrics import METRICS
from fairaudit.tables.range import ANY, SHARE, SIGNED_SHARE, UPWARD, Range

RANGES = [METRICS[name].range for name in METRICS]


@pytest.mark.parametrize("one", sorted({str(found): found for found in RANGES}.items()), ids=lambda each: str(each[0]))
def test_what_is_said_agrees_with_the_numbers(one):
    """Every number and every "and up" of the words is an end; ends that depend on the data are no numbers."""
    words, found = one
    if words.startswith(("any number", "about", "the difference of")):
        assert (found.low, found.high) == (-math.inf, math.inf)
        return
    first, join, rest = re.fullmatch(r"([−0-9.]+) (to|or|and up)(.*)", words).groups()
    assert float(first.replace("−", "-")) == found.low
    number = re.fullmatch(r" ([−0-9.]+)", rest)
    if number is None:
        assert found.high == math.inf
        assert join != "or"
    else:
        assert float(number[1].replace("−", "-")) == pytest.approx(found.high, abs=0.005)


@pytest.mark.parametrize("found", [SHARE, SIGNED_SHARE, Range(-0.5, 0.5), Range(2.0, 3.0)])
def test_a_difference_reaches_from_the_least_to_the_greatest(found):
    ends = [a - b for a, b in itertools.product((found.low, found.high), repeat=2)]
    assert found.difference() == Range(min(ends), max(ends))


def test_a_difference_of_what_has_no_end_has_none():
    assert UPWARD.difference() == ANY.difference() == ANY
    spread = Range(0.0, words="0 to the number of groups").difference()
    assert (spread.low, spread.high) == (-math.inf, math.inf)
    assert str(spread) == "the difference of two values, each 0 to the number of groups"
    assert spread.difference() == ANY


def test_ends_are_floats():
    """Intervals end with them, and reports are the same, byte for byte."""
    assert all(type(end) is float for found in RANGES for end in (found.low, found.high))
