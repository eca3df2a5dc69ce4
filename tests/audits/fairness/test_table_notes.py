"""What is said of a predictions table's columns, and of rows that look like copies."""

import numpy as np
import pytest

from fairaudit.audits.fairness.table_notes import contradicted, table_notes
from fairaudit.data.tables import Table


def table(**columns):
    return Table(file="t.csv", columns=columns, places=[f"line {row + 2}" for row in range(len(columns["y"]))])


def notes(found, *, ids=False):
    return table_notes(found, ["y", "sex"], unknown=["", "unknown"], ids=ids)


def test_values_that_differ_in_case_and_minus_one_are_said_as_for_a_manifest():
    (case,) = notes(table(y=["yes", "Yes", "no"], sex=["f", "m", "m"]))
    assert 'column "y": some values differ in case only' in case
    assert any("-1 is taken as" in note for note in notes(table(y=["1", "-1", "0"], sex=["f", "m", "m"])))


def test_rows_that_repeat_others_are_counted_where_a_column_tells_rows_apart():
    columns = {"y": ["0", "1", "1", "0"] * 5, "sex": ["f", "m"] * 10, "score": ["0.11", "0.22", "0.33", "0.44"] * 5}
    (note,) = notes(table(**columns))
    assert "16 of 20 rows repeat another row in every column" in note
    assert notes(table(**columns), ids=True) == []
    columns["score"] = ["a.png", "b.png", "c.png", "d.png"] * 5
    once = {name: [*values[:4], values[0]] for name, values in columns.items()}
    assert "1 of 5 rows repeats another row" in notes(table(**once))[0]


@pytest.mark.parametrize("scores", [None, 10, 2000, 5000])
def test_rows_that_are_alike_by_chance_are_no_copies(scores):
    columns = {"y": ["0", "1"] * 200, "sex": ["f", "m", "m", "f", "f"] * 80}
    if scores:
        columns["score"] = [f"0.{place:04}" for place in np.random.default_rng(0).integers(0, scores, 400)]
    assert notes(table(**columns)) == []


def test_a_file_joined_to_itself_is_noted_although_scores_have_few_digits():
    draw = np.random.default_rng(1)
    scores = [f"0.{place:04}" for place in draw.permutation(10_000)[:200]]
    columns = {"y": list(map(str, draw.integers(0, 2, 200))), "sex": list(draw.choice(["f", "m"], 200)), "s": scores}
    (note,) = notes(table(**{name: [*values, *values[:60]] for name, values in columns.items()}))
    assert "60 of 260 rows repeat another row" in note


def test_scores_of_the_other_class_are_said():
    decisions = np.array([0, 1, 1, 0, -1], np.int32)
    assert "in 4 of 4 rows" in contradicted(decisions, 1 - decisions)[0]
    assert contradicted(decisions, decisions) == []
    assert contradicted(np.array([], np.int32), np.array([], np.int32)) == []
