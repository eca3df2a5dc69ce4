"""Options of intervals, and when a number rests on too few images to be printed."""

import pytest

from fairaudit.tables.statistics import Statistics


def test_no_image_is_undefined_and_not_suppressed():
    assert not Statistics(min_cell=5).too_few(0)
    assert Statistics(min_cell=5).too_few(4)
    assert not Statistics(min_cell=5).too_few(5)
    assert not Statistics().too_few(1)


def test_sums_of_weights_count_as_they_are():
    assert Statistics(min_cell=5).too_few(4.99)


def test_the_options_cannot_be_changed():
    with pytest.raises(AttributeError):
        Statistics().level = 0.9
