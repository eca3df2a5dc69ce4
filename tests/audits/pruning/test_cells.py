"""Accuracy in the four combinations of two biases, counted by hand."""

import pytest

from fairaudit.audits.pruning.cells import cell_rows

# class, left, right: value k goes with class k, -1 is unknown
TARGET = [0, 0, 1, 1, 0, 0, 1, 1, 0]
LEFT = [0, 0, 1, 1, 1, 0, 0, 0, -1]
RIGHT = [0, 0, 1, 0, 0, 1, 0, 0, 0]
# cells:   aa aa aa  ac  ca ac  cc cc  none
DECISIONS = [0, 1, 1, 1, 1, 1, 0, 1, 0]


def test_all_four_combinations_are_counted(decided):
    found = decided(TARGET, {"left": LEFT, "right": RIGHT}, {"vanilla": DECISIONS}, classes=2)
    rows = {row.group: row for row in cell_rows(found, "vanilla")}
    assert list(rows) == [
        "aligned & aligned",
        "aligned & conflicting",
        "conflicting & aligned",
        "conflicting & conflicting",
    ]
    assert [(row.numerator, row.denominator) for row in rows.values()] == [(2, 3), (1, 2), (0, 1), (1, 2)]
    assert {row.attribute for row in rows.values()} == {"left & right"}
    assert sum(row.n for row in rows.values()) == len(TARGET) - 1  # the image of unknown colour is in none


def test_an_empty_combination_is_undefined(decided):
    found = decided([0, 1], {"a": [0, 1], "b": [0, 1]}, {"vanilla": [0, 1]}, classes=2)
    rows = {row.group: row for row in cell_rows(found, "vanilla")}
    assert rows["aligned & aligned"].value == 1
    empty = rows["conflicting & aligned"]
    assert (empty.value, empty.status, empty.n) == (None, "undefined", 0)
    assert empty.reason


@pytest.mark.parametrize("names", [("a",), ("a", "b", "c")])
def test_there_are_two_to_the_number_of_biases(decided, names):
    found = decided([0, 1], {name: [0, 1] for name in names}, {"vanilla": [0, 1]}, classes=2)
    assert len(list(cell_rows(found, "vanilla"))) == (0 if len(names) == 1 else 8)
