"""Texts to codes: binary spellings, order, unknowns, classes, and columns that are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.data.categorical import Categorical, canonical, encode, encode_as
from fairaudit.errors import DataError

UNKNOWN = ["", "unknown", "nan", "na", "none", "null"]


def column(texts, **options):
    return encode("c", texts, unknown=UNKNOWN, where="t.csv", **options).column


@pytest.mark.parametrize(
    "texts",
    [
        ["0", "1", "1"],
        ["-1", "1", "1"],
        ["false", "true", "true"],
        ["False", "TRUE", "true"],
        ["0.0", "1.0", "1"],
        ["-1.0", "1", "1.0"],
    ],
)
def test_every_spelling_of_a_binary_column_is_the_same(texts):
    result = column(texts)
    assert (result.values, result.codes.tolist()) == (("0", "1"), [0, 1, 1])
    assert result.codes.dtype == np.int32


def test_unknowns_are_a_stratum_of_their_own_and_never_a_group():
    result = column(["a", "", "NaN", " Unknown ", "b", "None", "NULL", "na"])
    assert (result.values, result.codes.tolist()) == (("a", "b"), [0, -1, -1, -1, 1, -1, -1, -1])
    assert result.counts().tolist() == [1, 1]
    assert [result.label(0), result.label(1)] == ["a", ""]


def test_numbers_are_sorted_as_numbers_and_texts_as_texts():
    assert column(["10", "9", "2.0", "-3"]).values == ("-3", "2", "9", "10")
    assert column(["b", "a", "B"]).values == ("B", "a", "b")
    assert column(["-1", "0", "1"]).values == ("-1", "0", "1")
    assert column(["0.5", "0.25"]).values == ("0.25", "0.5")


def test_one_value_of_a_binary_column_keeps_both_values():
    assert column(["1", "1"]).values == ("0", "1")
    assert column(["-1"]).codes.tolist() == [0]


def test_mixed_types_are_told_or_refused():
    notes = encode("c", ["1", "2", "other"], unknown=UNKNOWN, where="t.csv").notes
    assert len(notes) == 1
    assert "numbers are mixed with text" in notes[0]
    with pytest.raises(DataError, match="mixes true/false with numbers"):
        column(["true", "1", "0"])
    assert "differ in case" in encode("c", ["Male", "male"], unknown=UNKNOWN, where="t.csv").notes[0]
    assert encode("c", ["a", "b"], unknown=UNKNOWN, where="t.csv").notes == ()


def test_a_column_without_a_known_value_or_with_too_many_is_refused():
    with pytest.raises(DataError, match=r'no known value.*2 rows.*t\.csv, column "c"'):
        column(["", "nan"])
    with pytest.raises(DataError, match="1001 different values"):
        column([f"v{number}" for number in range(1001)])
    assert "51 different values" in encode("c", [f"v{n}" for n in range(51)], unknown=[], where="t").notes[0]


def as_classes(texts, classes):
    places = [f"line {number}" for number in range(2, len(texts) + 2)]
    return encode_as("y", texts, classes=classes, unknown=UNKNOWN, where="t.csv", places=places)


def test_classes_give_the_order_by_name_or_by_index():
    assert as_classes(["dog", "cat", ""], ["dog", "cat"]).codes.tolist() == [0, 1, -1]
    assert as_classes(["1", "0", "2.0"], ["dog", "cat", "cow"]).codes.tolist() == [1, 0, 2]
    assert as_classes(["-1", "1"], ["no", "yes"]).codes.tolist() == [0, 1]
    assert as_classes(["true", "false"], ["no", "yes"]).codes.tolist() == [1, 0]
    assert as_classes(["1", "0"], ["1", "0"]).codes.tolist() == [0, 1]  # a name goes before an index
    assert as_classes(["dog"], ["cat", "dog"]).values == ("cat", "dog")


@pytest.mark.parametrize(
    ("texts", "words"), [(["dog", "caat"], ['"caat"', "line 3", '"cat"']), (["0", "3"], ['"3"', "line 3"])]
)
def test_a_label_that_is_no_class_is_named_with_its_line(texts, words):
    with pytest.raises(DataError) as caught:
        as_classes(texts, ["dog", "cat", "cow"])
    assert [word for word in words if word not in str(caught.value)] == []


def test_codes_outside_the_values_are_a_programming_error():
    with pytest.raises(ValueError, match="codes outside"):
        Categorical(name="c", values=("a",), codes=np.array([1], np.int32))


@given(st.lists(st.sampled_from(["a", "b", "7", "12", "", "nan"]), min_size=1).filter(lambda t: set(t) - {"", "nan"}))
def test_codes_are_the_positions_of_the_texts_whatever_the_order_of_rows(texts):
    result = column(texts)
    again = [result.values[code] if code >= 0 else None for code in result.codes]
    assert again == [None if text in ("", "nan") else text for text in texts]
    assert column(sorted(texts)).values == result.values


@given(st.integers(-(10**6), 10**6))
def test_whole_numbers_have_one_spelling(number):
    assert canonical(f"{number}.0") == canonical(str(number)) == str(number)


@pytest.mark.parametrize("text", ["1_000", "inf", "nan", "1e400", "infinity", "0x10"])
def test_what_python_would_call_a_number_but_no_person_would_stays_text(text):
    assert canonical(text) == text


def test_minus_one_and_one_are_the_classes_zero_and_one():
    column = encode_as(
        "smiling",
        ["-1", "1", ""],
        classes=["0", "1"],
        unknown=[""],
        where="a.csv",
        places=["line 2", "line 3", "line 4"],
    )
    assert column.codes.tolist() == [0, 1, -1]


@pytest.mark.parametrize(
    ("texts", "codes", "told"),
    [
        (["1.0", "-1.0", "", "1.0"], [1, 0, -1, 1], "the negative value, in 1 row"),
        (["1.0", "-1.0", "0.0", ""], [2, 0, 1, -1], "a value of its own, in 1 row"),
        (["1", "-1", "-1", "1"], [1, 0, 0, 1], None),  # CelebA: every cell is filled
    ],
)
def test_minus_one_that_may_mean_uncertain_is_told(texts, codes, told):
    found = encode("edema", texts, unknown=[""], where="a.csv")
    assert found.column.codes.tolist() == codes
    assert [told in note and "CheXpert" in note for note in found.notes] == ([True] if told else [])


def test_minus_one_as_unknown_is_no_group_and_no_note():
    found = encode("edema", ["1.0", "-1.0", "0.0", ""], unknown=["", "-1"], where="a.csv")
    assert found.column.codes.tolist() == [1, -1, 0, -1]
    assert found.notes == ()
