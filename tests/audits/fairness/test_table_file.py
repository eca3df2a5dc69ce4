"""A table of predictions: every column that cannot be meant is refused with its place, and order does not matter."""

import numpy as np
import pytest

from fairaudit.audits.fairness.table_file import TableColumns, decided, read_predictions
from fairaudit.config.schema import Split
from fairaudit.errors import DataError, UsageError

ROWS = (
    "id,y,p,s,hat,age,w,old,who,part",
    "a,1,1,0.9,red,1,1,1,x,test",
    "b,0,1,0.6,blue,2,2,0,y,test",
    "c,1,0,0.2,red,1,0,0,x,train",
    "d,,1,0.7,blue,2,1,1,y,test",
    "e,0,,0.1,,1,1,1,,train",
)


def read(tmp_path, rows=ROWS, threshold=0.5, split=None, limit=None, **columns):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    known = {"truth": "y", "attributes": ("hat",)} | ({} if "scores" in columns else {"prediction": "p"})
    return read_predictions(path, TableColumns(**{**known, **columns}), threshold=threshold, split=split, limit=limit)


def test_codes_of_rows_that_can_be_used_and_reasons_for_the_others(tmp_path):
    found = read(tmp_path, id="id", controls=("age",), cluster="who", weight="w")
    assert found.target.values == ("0", "1")
    assert (found.target.codes.tolist(), found.decisions.tolist()) == ([1, 0, 1], [1, 1, 0])
    assert found.attributes["hat"].values == ("blue", "red")
    assert found.attributes["hat"].codes.tolist() == [1, 0, 1]
    assert found.controls["age"].codes.tolist() == [0, 1, 0]
    assert (found.weights.tolist(), found.cluster.codes.tolist()) == ([1, 2, 0], [0, 1, 0])
    assert [(each.row, each.id, each.reason) for each in found.excluded] == [
        (3, "d", "the true label is missing"),
        (4, "e", "the prediction is missing"),
    ]
    assert found.rows == 5
    assert any("weighted by w" in note for note in found.notes)


def test_a_score_is_the_probability_of_the_second_value(tmp_path):
    found = read(tmp_path, scores=("s",), threshold=0.6)
    np.testing.assert_allclose(found.scores[:, 1], [0.1, 0.6, 0.2, 0.9])
    np.testing.assert_allclose(found.scores.sum(1), 1)
    assert found.decisions.tolist() == [0, 1, 0, 1]  # from the threshold on
    assert found.target.codes.tolist() == [0, 0, 1, 1]


def test_the_order_of_the_file_changes_nothing(tmp_path):
    first = read(tmp_path, id="id", scores=("s",), prediction="p", baseline="old")
    second = read(tmp_path, (ROWS[0], *reversed(ROWS[1:])), id="id", scores=("s",), prediction="p", baseline="old")
    assert first.digest == second.digest
    for name in ("decisions", "scores", "baseline"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    other = read(tmp_path, [row.replace("a,1,1", "a,0,1") for row in ROWS], id="id")
    assert other.digest != first.digest


def test_a_split_and_a_limit_choose_rows(tmp_path):
    assert read(tmp_path, id="id", split=Split(column="part", use="train")).target.codes.tolist() == [1]
    assert read(tmp_path, id="id", limit=3).rows == 3


@pytest.mark.parametrize(
    ("change", "columns", "words"),
    [
        (("b,0,1,0.6", "b,0,1,1.6"), {"scores": ("s",)}, r'not a probability.*Found: 1\.6.*column "s", line 3'),
        (("b,0,1,0.6", "b,0,1,much"), {"scores": ("s",)}, "Found: much"),
        (("b,0,1,0.6", "b,0,1,inf"), {"scores": ("s",)}, "a number from 0 to 1"),
        (("red,1,0", "red,1,-1"), {"weight": "w"}, "a number of 0 or more"),
        (("red,1,0", "red,1,"), {"weight": "w"}, "has no weight.*line 4"),
        (("b,0", "a,0"), {"id": "id"}, 'Two rows have the same id.*"a".*line 2 and line 3'),
        (("b,0", ",0"), {"id": "id"}, "has no id"),
        (("x", "x"), {"scores": ("s", "w", "age")}, "more or fewer score columns"),
        (("x", "x"), {"scores": ("s", "w")}, "do not sum to 1|not a probability"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(tmp_path, change, columns, words):
    with pytest.raises(DataError, match=words):
        read(tmp_path, [row.replace(*change) for row in ROWS], **columns)


def test_one_score_cannot_stand_for_three_values(tmp_path):
    with pytest.raises(DataError, match="several values"):
        read(tmp_path, [*ROWS, "f,2,2,0.5,red,1,1,1,x,test"], scores=("s",))


def test_scores_of_several_values_are_scaled_to_sum_to_one(tmp_path):
    rows = ("y,a,b,c,hat", "2,0.2,0.3,0.5005,red", "0,0.6,0.2,0.2,blue", "1,,0.5,0.5,red")
    found = read(tmp_path, rows, scores=("a", "b", "c"))
    np.testing.assert_allclose(found.scores.sum(1), 1, atol=1e-12)
    assert sorted(found.decisions.tolist()) == [0, 2]
    assert [each.reason for each in found.excluded] == ["the prediction is missing"]
    assert "0 = a, 1 = b, 2 = c" in found.notes[-1]


def test_what_is_missing_is_told_first(tmp_path):
    with pytest.raises(UsageError, match="--prediction COLUMN, --score COLUMN"):
        read(tmp_path, prediction=None)
    with pytest.raises(UsageError, match="cannot be combined"):
        read(tmp_path, weight="w", baseline="old")
    with pytest.raises(DataError, match="No row of the table"):
        read(tmp_path, (ROWS[0], "e,0,,0.1,red,1,1,1,,train"))
    with pytest.raises(DataError, match="Every weight is 0"):
        read(
            tmp_path,
            [",".join([*row.split(",")[:6], "w" if row is ROWS[0] else "0", *row.split(",")[7:]]) for row in ROWS],
            weight="w",
        )


def test_decisions_of_several_classes_are_the_highest():
    scores = np.array([[0.2, 0.5, 0.3], [np.nan, 1, 0], [0.4, 0.4, 0.2]])
    assert decided(scores, 0.9).tolist() == [1, -1, 0]
    with pytest.raises(ValueError, match="neither"):
        decided(None, 0.5)
