"""ISIC folders of the archive and of the challenges."""

from __future__ import annotations

import pytest

from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError


def opened(root, **data):
    asked = {"manifest": {"layout": "isic", "root": "."}, **data}
    return open_manifest(Config.model_validate({"data": asked}), base=root)


def test_one_table_with_a_binary_target(tmp_path, picture):
    (tmp_path / "train.csv").write_text(
        "image_name,patient_id,sex,age_approx,benign_malignant,target\n"
        "I1,P1,male,45.0,benign,0\nI2,P1,female,,malignant,1\nI3,,,70,benign,0\n"
    )
    for name in ("I1", "I2"):
        picture(tmp_path / "jpeg" / f"{name}.jpg")
    picture(tmp_path / "masks" / "I1_segmentation.png")
    manifest = opened(tmp_path, attributes=["sex", "age_group"])
    assert manifest.ids == ("I1", "I2", "I3")
    assert [manifest.source.name(row) for row in range(3)] == ["jpeg/I1.jpg", "jpeg/I2.jpg", "I3.jpg"]
    assert manifest.target.codes.tolist() == [0, 1, 0]
    assert [manifest.attributes["age_group"].label(row) for row in range(3)] == ["40-49", "", "70-79"]
    assert [manifest.cluster.label(row) for row in range(3)] == ["P1", "P1", ""]
    assert opened(tmp_path, manifest=".").attributes["sex"].codes.tolist() == [1, 0, -1]


def test_diagnoses_in_columns_and_facts_in_another_table(tmp_path, picture):
    (tmp_path / "b_labels.csv").write_text("image,MEL,NV,BCC\nI1,0.0,1.0,0.0\nI2,1.0,0.0,0.0\nI3,0,0,0\n")
    (tmp_path / "a_metadata.csv").write_text("image,sex,lesion_id\nI3,female,L2\nI2,male,L1\nI9,male,L9\n")
    for name in ("I1", "I2", "I3"):
        picture(tmp_path / f"{name}.jpg")
    manifest = opened(tmp_path, attributes=[])
    assert manifest.ids == ("I1", "I2", "I3")
    assert [manifest.target.label(row) for row in range(3)] == ["NV", "MEL", ""]
    assert [manifest.attributes["sex"].label(row) for row in range(3)] == ["", "male", "female"]
    assert [manifest.cluster.label(row) for row in range(3)] == ["", "L1", "L2"]


def test_broken_folders(tmp_path, picture):
    (tmp_path / "t.csv").write_text("name\nx\n")
    with pytest.raises(DataError, match="not an ISIC folder"):
        opened(tmp_path)
    (tmp_path / "t.csv").write_text("image,MEL,NV\nI1,1,1\n")
    with pytest.raises(DataError, match="None of the 1 named images"):
        opened(tmp_path)
    picture(tmp_path / "I1.jpg")
    with pytest.raises(DataError, match=r"more than one diagnosis.*MEL, NV.*line 2"):
        opened(tmp_path)
