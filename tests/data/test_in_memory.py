"""Arrays in memory as files: every value as text, and images that would be rounded are refused."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fairaudit.data.in_memory import as_texts, named_columns, write_columns, written_pictures
from fairaudit.errors import UsageError

PICTURES = np.arange(2 * 3 * 4 * 3, dtype=np.uint8).reshape(2, 3, 4, 3)


def test_nothing_is_empty_and_the_rest_is_its_text():
    assert as_texts([1, 0]) == ["1", "0"]
    assert as_texts([0.5, float("nan")]) == ["0.5", ""]
    assert as_texts(np.array(["a", None, "b"], dtype=object)) == ["a", "", "b"]
    assert as_texts([[True], [False]]) == ["True", "False"]


def test_one_attribute_is_called_group():
    assert named_columns(["a"]) == {"group": ["a"]}
    assert named_columns({"age": [1], 2: [3]}) == {"age": [1], "2": [3]}
    frame = SimpleNamespace(columns=["age"], items=lambda: [("age", [1])])
    assert named_columns(frame) == {"age": [1]}


def test_columns_come_back_from_the_file(tmp_path):
    columns = {"a": ["x,y", '"', ""], "b": ["1", "2", "ä"]}
    write_columns(tmp_path / "t.csv", columns)
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [[row[name] for row in rows] for name in columns] == list(columns.values())
    with pytest.raises(UsageError, match="a 3, b 2"):
        write_columns(tmp_path / "u.csv", {"a": ["1", "2", "3"], "b": ["1", "2"]})


def test_pictures_come_back_pixel_by_pixel(tmp_path):
    sections = written_pictures(tmp_path, PICTURES, [1, 0], {"hat": ["a", None]}, None)
    for number, pixels in enumerate(PICTURES):
        assert np.array_equal(np.asarray(Image.open(tmp_path / f"{number}.png")), pixels)
    assert sections["preprocess"] == {"size": [3, 4]}
    assert (sections["data"]["target"], sections["data"]["attributes"]) == ("target", ["hat"])
    assert (tmp_path / "arrays.csv").read_text().splitlines() == ["file,target,hat", "0.png,1,a", "1.png,0,"]
    assert written_pictures(tmp_path, PICTURES, [1, 0], {"hat": [1, 2]}, (8, 9))["preprocess"] == {"size": [8, 9]}


@pytest.mark.parametrize("images", [PICTURES / 255, PICTURES[0], PICTURES[..., :1], PICTURES.astype(np.int64)])
def test_images_that_would_be_rounded_are_refused(tmp_path, images):
    with pytest.raises(UsageError, match="uint8"):
        written_pictures(tmp_path, images, [1, 0], {"hat": [1, 2]}, None)


@pytest.mark.parametrize(
    ("target", "attributes"), [(None, {"a": [1]}), ("label", {"a": [1]}), ([1, 0], ["a"]), ([1, 0], {})]
)
def test_images_in_memory_need_labels_and_values(tmp_path, target, attributes):
    with pytest.raises(UsageError, match="need labels and attribute values"):
        written_pictures(tmp_path, PICTURES, target, attributes, None)
