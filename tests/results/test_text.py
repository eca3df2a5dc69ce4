import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.results.text import interval, limit, number


@given(st.floats(-1e6, 1e6))
def test_a_number_keeps_three_digits_or_three_decimals(value):
    shown = float(number(value))
    assert abs(shown - value) <= max(0.0005 + 1e-12, 0.0051 * abs(value))


@given(st.floats(1e-12, 1e6) | st.floats(-1e6, -1e-12))
def test_no_number_but_zero_looks_like_zero(value):
    assert float(number(value)) != 0


@pytest.mark.parametrize(("value", "expected"), [(0.0, "0.000"), (None, "–"), (0.00049, "4.90e-04"), (1e4, "1.00e+04")])
def test_numbers_by_hand(value, expected):
    assert number(value) == expected


def test_an_interval_needs_both_ends():
    assert interval(0.1, None) == interval(None, 0.1) == ""


def test_a_limit_is_shown_as_it_was_written():
    assert [limit(value) for value in (0.1, 1.0, 0.05, 1e-6)] == ["0.1", "1", "0.05", "1e-06"]
