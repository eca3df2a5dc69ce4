"""What the columns of a table mean."""

import pytest

from fairaudit.audits.init.columns import chosen_part, find_boxes, image_folder, read_columns
from fairaudit.data.tables import Table
from fairaudit.errors import DataError


def table(**columns):
    length = len(next(iter(columns.values())))
    return Table(file="t.csv", columns=columns, places=[f"line {n}" for n in range(2, length + 2)])


def faces(n=12):
    return table(
        file=[f"images/{i}.png" for i in range(n)],
        id=[f"r{i}" for i in range(n)],
        split=["train" if i % 3 else "test" for i in range(n)],
        person=[f"p{i // 2}" for i in range(n)],
        smiling=[str(i % 2) for i in range(n)],
        skin=["dark" if i % 4 < 2 else "light" for i in range(n)],
        score=[f"{i / 7:.3f}" for i in range(n)],
        tie_x0=["3"] * n, tie_y0=["4"] * n, tie_x1=["9"] * n, tie_y1=["12"] * n,
    )  # fmt: skip


def test_a_table_of_faces():
    found = read_columns(faces())
    assert (found.image, found.id, found.split, found.use, found.cluster) == ("file", "id", "split", "test", "person")
    assert list(found.categories) == ["smiling", "skin"]
    (box,) = found.boxes
    assert (box.name, box.columns, box.units) == ("tie", ("tie_x0", "tie_y0", "tie_x1", "tie_y1"), "pixel")


@pytest.mark.parametrize(
    ("names", "region"),
    [
        (("eye_xmin", "eye_ymin", "eye_xmax", "eye_ymax"), "eye"),
        (("eye.left", "eye.top", "eye.right", "eye.bottom"), "eye"),
        (("x1", "y1", "x2", "y2"), "box"),
    ],
)
def test_usual_spellings_of_boxes(names, region):
    (box,) = find_boxes(table(**{name: ["0.1", "0.5"] for name in names}))
    assert (box.name, box.columns, box.units) == (region, names, "fraction")


def test_three_corners_are_no_box():
    assert find_boxes(table(a_x0=["1"], a_y0=["1"], a_x1=["2"])) == ()


@pytest.mark.parametrize(
    ("texts", "part"), [(["train", "VAL"], "VAL"), (["train", "val", "Test"], "Test"), (["b", "b", "a"], "a")]
)
def test_the_part_to_audit(texts, part):
    assert chosen_part(texts) == part


def test_the_folder_of_images_is_beside_the_table_or_one_below(tmp_path):
    (tmp_path / "photos" / "images").mkdir(parents=True)
    for i in range(12):
        (tmp_path / "photos" / "images" / f"{i}.png").touch()
    assert image_folder(faces(), "file", tmp_path) == tmp_path / "photos"
    assert image_folder(faces(), "file", tmp_path / "photos") == tmp_path / "photos"


def test_images_that_are_not_there_name_the_option(tmp_path):
    with pytest.raises(DataError, match="--root"):
        image_folder(faces(), "file", tmp_path)
