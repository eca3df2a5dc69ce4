import csv

import numpy as np
import pytest
from PIL import Image

from fairaudit.data.synthetic.draw import boxes, draw
from fairaudit.data.synthetic.faces import write
from fairaudit.data.synthetic.labels import VALUES
from fairaudit.data.synthetic.scene import make_scene, twin
from fairaudit.errors import OutputError


@pytest.fixture(scope="module")
def scenes():
    return {"test": make_scene(300, seed=0), "train": make_scene(8, seed=1, phi={"necktie": 1.0})}


@pytest.fixture(scope="module")
def written(scenes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    steps = []
    manifest = write(folder, scenes, progress=lambda done, total: steps.append((done, total)))
    with manifest.open(newline="") as file:
        return folder, list(csv.DictReader(file)), steps


def test_manifest_names_every_image_once(written, scenes):
    folder, rows, _ = written
    assert len({row["id"] for row in rows}) == len(rows) == 308
    assert [row["split"] for row in rows] == ["test"] * 300 + ["train"] * 8
    assert sorted(path.name for path in (folder / "faces").iterdir()) == sorted(row["file"][6:] for row in rows)


def test_files_hold_the_drawn_pixels(written, scenes):
    folder, rows, _ = written
    images = np.concatenate([draw(scene).images for scene in scenes.values()])
    for row, image in zip(rows[250:], images[250:], strict=True):
        with Image.open(folder / row["file"]) as file:
            np.testing.assert_array_equal(np.asarray(file), image.transpose(1, 2, 0))


def test_manifest_has_labels_and_boxes(written, scenes):
    _, rows, _ = written
    scene, rows = scenes["test"], rows[:300]
    for label, values in VALUES.items():
        assert [row[label] for row in rows] == [values[code] for code in scene.labels[label]]
    for part, expected in boxes(scene).items():
        found = [[int(row[f"{part}_{corner}"]) for corner in ("x0", "y0", "x1", "y1")] for row in rows]
        assert found == expected.tolist()


def test_progress_reaches_the_total(written):
    _, _, steps = written
    assert steps == [(256, 308), (300, 308), (308, 308)]


def test_the_number_of_threads_changes_no_byte(scenes, tmp_path):
    some = {"a": scenes["train"]}
    first, second = write(tmp_path / "one", some, workers=1), write(tmp_path / "two", some, workers=3)
    assert first.read_bytes() == second.read_bytes()
    for path in (tmp_path / "one" / "faces").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "faces" / path.name).read_bytes()


def test_a_folder_that_cannot_be_made(scenes, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "file", scenes)


def test_twins_are_written_beside_the_faces_of_the_splits_that_have_some(scenes, tmp_path):
    some = {"train": scenes["train"], "other": scenes["train"]}
    with write(tmp_path, some, twins={"train": "necktie"}).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["twin"] for row in rows] == [f"faces/train_{n:05d}_twin.png" for n in range(8)] + [""] * 8
    for row, image in zip(rows[:8], draw(twin(scenes["train"], "necktie")).images, strict=True):
        with Image.open(tmp_path / row["twin"]) as file:
            np.testing.assert_array_equal(np.asarray(file), image.transpose(1, 2, 0))
    assert "twin" not in write(tmp_path / "plain", some).read_text().splitlines()[0].split(",")
