"""Shares, classes and groups as parts of a sentence."""

import pytest

from fairaudit.report.wording import called, condition, points, share


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "0 %"), (1.0, "100 %"), (0.0004, "0.0 %"), (0.996, "99.6 %"), (0.5, "50 %")]
)
def test_shares(value, text):
    assert share(value) == text


def test_one_point_is_no_points():
    assert (points(0.012), points(0.4)) == ("1 point", "40 points")


def test_classes_of_more_than_two_values():
    assert called("digit", "3", list("0123"), negated=True) == "not 3"


def test_zero_of_a_target_of_zero_and_one():
    assert called("smiling", "0", ["0", "1"]) == "not smiling"
    assert called("smiling", "0", ["0", "1"], negated=True) == "smiling"


def test_groups():
    assert condition("hat", "0") == "without hat"
    assert condition("age", "old") == "where age is old"
