"""One of a thing and many of it."""

from __future__ import annotations

import pytest

from fairaudit.counted import counted


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [(1, ("image",), "1 image"), (2, ("image",), "2 images"), (0, ("image",), "0 images"),
     (1, ("pass", "passes"), "1 pass"), (1234, ("row is", "rows are"), "1,234 rows are")],
)  # fmt: skip
def test_the_noun_goes_with_the_number(number, words, expected):
    assert counted(number, *words) == expected
