"""What layouts share: files that are looked for, tables that are joined, and folders that are listed."""

import numpy as np
import pytest

from fairaudit.data.layouts.common import decade, first_file, image_files, joined, labelled, relabelled
from fairaudit.data.tables import Table
from fairaudit.errors import DataError


def table(**columns):
    return Table(file="t.csv", columns=columns, places=[f"line {n}" for n in range(2, 12)])


def test_parts_in_memory_follow_each_other(tmp_path):
    parts = [np.full((2, 3, 4), 1, np.uint8), np.full((1, 3, 4), 2, np.uint8)]
    found = labelled(tmp_path, parts, ids=["a", "b", "c"], labels=["x", "y", "x"], splits=["train", "train", "test"])
    assert [np.asarray(found.source.read(row))[0, 0] for row in range(3)] == [1, 1, 2]
    assert (found.id, found.target, found.table.columns["label"]) == ("id", "label", ["x", "y", "x"])
    assert found.name == tmp_path.name
    assert found.table.places == ["a", "b", "c"]


def test_the_first_name_wins_then_the_folder(tmp_path):
    (tmp_path / "Anno").mkdir()
    (tmp_path / "Anno" / "list.csv").touch()
    assert first_file(tmp_path, ["list.txt", "list.csv"], layout="CelebA") == tmp_path / "Anno" / "list.csv"
    (tmp_path / "list.csv").touch()
    assert first_file(tmp_path, ["list.txt", "list.csv"], layout="CelebA") == tmp_path / "list.csv"


def test_a_file_that_is_needed_is_asked_for_by_all_its_names(tmp_path):
    assert first_file(tmp_path, ["a.csv"], layout="CelebA") is None
    with pytest.raises(DataError, match=r"not a CelebA folder[\s\S]*a\.txt or a\.csv"):
        first_file(tmp_path, ["a.txt", "a.csv"], layout="CelebA", needed=True)


def test_tables_are_joined_by_key_in_the_order_asked_for():
    assert joined(table(file=["b", "a"], sex=["m", "f"]), "file", ["a", "c", "b"]) == {"sex": ["f", "", "m"]}


def test_a_key_that_is_there_twice_is_refused_with_both_places():
    with pytest.raises(DataError, match='"a" occurs twice') as refusal:
        joined(table(file=["a", "b", "a"]), "file", ["a"])
    assert "line 2 and line 4" in str(refusal.value)


def test_codes_get_names_and_other_texts_stay():
    assert relabelled(["0", "x"], {"0": "train"}) == ["train", "x"]


def test_images_are_found_by_suffix_and_hidden_ones_are_not(tmp_path):
    for name in ("b.JPG", "a/c.png", ".git/d.png", "a/.e.png", "notes.txt", "f.png/inside.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert [path.relative_to(tmp_path).as_posix() for path in image_files(tmp_path)] == ["a/c.png", "b.JPG"]


@pytest.mark.parametrize(
    ("years", "name"), [("0", "0-9"), ("9.9", "0-9"), ("129", "120-129"), ("130", ""), ("-1", ""), ("nan", "")]
)
def test_ages_as_decades(years, name):
    assert decade(years) == name
