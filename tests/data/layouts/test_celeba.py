"""CelebA folders: text and CSV lists give the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError

NAMES = ["000001.jpg", "000002.jpg", "000003.jpg", "000004.jpg"]
ATTRIBUTES = [("1", "-1"), ("-1", "1"), ("1", "1"), ("-1", "-1")]
PARTS = ["0", "1", "2", "2"]
IDENTITIES = ["2880", "2937", "2880", "9"]


def images(root, folder="img_align_celeba") -> None:
    (root / folder).mkdir(parents=True)
    for name in NAMES:
        Image.new("RGB", (178, 218)).save(root / folder / name)


def texts(root) -> None:
    rows = [f"{name} {' '.join(cells)}" for name, cells in zip(NAMES, ATTRIBUTES, strict=True)]
    (root / "list_attr_celeba.txt").write_text("\n".join(["4", "Smiling Male ", *rows]) + "\n")
    parts = [f"{name} {part}" for name, part in zip(NAMES, PARTS, strict=True)]
    (root / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    people = [f"{name} {person}" for name, person in zip(reversed(NAMES), reversed(IDENTITIES), strict=True)]
    (root / "identity_CelebA.txt").write_text("\n".join(people) + "\n")
    points = [f"{name}  {69 + row}  {109 - row}" for row, name in enumerate(NAMES)]
    (root / "list_landmarks_align_celeba.txt").write_text("\n".join(["4", "lefteye_x lefteye_y", *points]) + "\n")


def tables(root) -> None:
    rows = [f"{name},{','.join(cells)}" for name, cells in zip(NAMES, ATTRIBUTES, strict=True)]
    (root / "list_attr_celeba.csv").write_text("\n".join(["image_id,Smiling,Male", *rows]) + "\n")
    parts = [f"{name},{part}" for name, part in zip(NAMES, PARTS, strict=True)]
    (root / "list_eval_partition.csv").write_text("\n".join(["image_id,partition", *parts]) + "\n")


def opened(root, **data):
    asked = {"manifest": {"layout": "celeba", "root": "."}, "target": "Smiling", "attributes": ["Male"], **data}
    return open_manifest(Config.model_validate({"data": asked}), base=root)


@pytest.mark.parametrize("lists", [texts, tables])
def test_both_kinds_of_lists(tmp_path, lists):
    images(tmp_path, "img_align_celeba" if lists is texts else "img_align_celeba/img_align_celeba")
    lists(tmp_path)
    manifest = opened(tmp_path)
    assert manifest.ids == tuple(NAMES)
    assert manifest.target.codes.tolist() == [1, 0, 1, 0]
    assert manifest.attributes["Male"].codes.tolist() == [0, 1, 1, 0]
    assert manifest.source.read(2).size == (178, 218)
    assert opened(tmp_path, split={"use": "test"}, attributes=[]).ids == ("000003.jpg", "000004.jpg")


def test_people_are_the_cluster_and_landmarks_are_columns(tmp_path):
    images(tmp_path)
    texts(tmp_path)
    assert [opened(tmp_path).cluster.label(row) for row in range(4)] == IDENTITIES
    config = Config.model_validate(
        {
            "data": {"manifest": {"layout": "celeba", "root": "."}, "target": "Smiling"},
            "regions": {"eye": {"landmarks": [["lefteye_x", "lefteye_y"]]}},
        }
    )
    columns = open_manifest(config, base=tmp_path).region_columns
    assert np.array_equal(columns["lefteye_x"], [69, 70, 71, 72])


def test_a_folder_of_annotations_and_a_folder_without_a_layout(tmp_path):
    images(tmp_path)
    (tmp_path / "Anno").mkdir()
    texts(tmp_path / "Anno")
    assert opened(tmp_path, manifest=".").ids == tuple(NAMES)


def test_broken_folders(tmp_path):
    with pytest.raises(DataError, match="not a CelebA folder"):
        opened(tmp_path)
    texts(tmp_path)
    with pytest.raises(DataError, match="no image folder"):
        opened(tmp_path)
    images(tmp_path)
    path = tmp_path / "list_attr_celeba.txt"
    whole = path.read_text()
    path.write_text(whole[: whole.rindex("000004")])
    with pytest.raises(DataError, match=r"cut off.*4 rows.*3"):
        opened(tmp_path)
    path.write_text(whole.replace("000002.jpg -1 1", "000002.jpg -1"))
    with pytest.raises(DataError, match="line 4"):
        opened(tmp_path)
    path.write_text("Smiling\n")
    with pytest.raises(DataError, match="begins with a count"):
        opened(tmp_path)
    path.write_text(whole)
    with (tmp_path / "list_eval_partition.txt").open("a") as file:
        file.write("000001.jpg 2\n")
    with pytest.raises(DataError, match=r'"000001.jpg" occurs twice.*line 1 and line 5'):
        opened(tmp_path)
