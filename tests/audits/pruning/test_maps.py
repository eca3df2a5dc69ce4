"""Which images the maps before and after are drawn on."""

import numpy as np

from fairaudit.audits.pruning.maps import EACH, chosen


def test_conflicting_images_come_first_and_of_these_the_ones_decided_differently(decided):
    target = np.array([0] * 12)
    bias = np.array([0, 1] * 6)  # conflicting: 1, 3, 5, 7, 9, 11
    before = np.array([0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0])
    found = decided(target, {"tie": bias}, {"vanilla": before, "ffw gamma 10": np.zeros(12)}, classes=2)
    assert chosen(found, ["vanilla", "ffw gamma 10", "magnitude"]) == [1, 9, 3, 0, 2, 4]


def test_rows_are_those_of_the_manifest(decided):
    found = decided([0, 0], {"tie": [0, 1]}, {"vanilla": [0, 0]}, classes=2)
    found.rows[:] = (40, 70)  # rows before them could not be read
    assert chosen(found, ["vanilla"]) == [70, 40]


def test_no_more_than_a_few_of_each(decided):
    found = decided([0] * 50, {"tie": [0, 1] * 25}, {"vanilla": [0] * 50}, classes=2)
    assert len(chosen(found, ["vanilla"])) == 2 * EACH


def test_unknown_values_are_not_drawn(decided):
    found = decided([0, 0], {"tie": [-1, -1]}, {"vanilla": [0, 0]}, classes=2)
    assert chosen(found, ["vanilla"]) == []
