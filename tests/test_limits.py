"""Limits: what they are, how they are raised, and that a wrong value is told."""

import pytest

from fairaudit import limits
from fairaudit.errors import UsageError
from fairaudit.limits import UNPACKED, Limit, unpacked

LIMITS = [value for value in vars(limits).values() if isinstance(value, Limit)]


def test_every_limit_can_be_raised_and_says_how(monkeypatch):
    assert len({limit.variable for limit in LIMITS}) == len(LIMITS)
    for limit in LIMITS:
        assert limit.value() == limit.default
        monkeypatch.setenv(limit.variable, str(limit.default + 1))
        assert limit.value() == limit.default + 1
        assert limit.variable in limit.advice()


@pytest.mark.parametrize(("text", "value"), [("4G", 4 << 30), ("512mb", 512 << 20), ("1 ", 1), ("2KiB", 2048)])
def test_numbers_with_units(monkeypatch, text, value):
    monkeypatch.setenv(UNPACKED.variable, text)
    assert UNPACKED.value() == value


@pytest.mark.parametrize("text", ["much", "-1", "1.5G", "9" * 5000, "4 X"])
def test_a_value_that_is_no_number_is_told(monkeypatch, text):
    monkeypatch.setenv(UNPACKED.variable, text)
    with pytest.raises(UsageError, match="FAIRAUDIT_MAX_UNPACKED is not a number"):
        UNPACKED.value()


def test_a_large_file_may_unfold_in_proportion():
    assert unpacked(10) == UNPACKED.default
    assert unpacked(1 << 40) == 4 << 40
