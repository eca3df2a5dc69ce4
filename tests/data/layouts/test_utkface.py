"""UTKFace names."""

from __future__ import annotations

import pytest

from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError

NAMES = [
    "26_1_2_201701.jpg.chip.jpg",
    "61_1_20170109142408075.jpg",
    "part1/3_0_0_1.jpg",
    "105_0_4_9.jpg",
    "40_1_0_9.jpg",
]


def opened(root, **data):
    asked = {"manifest": {"layout": "utkface", "root": "."}, **data}
    return open_manifest(Config.model_validate({"data": asked}), base=root)


def test_names_are_read_and_what_is_missing_is_unknown(tmp_path, picture):
    for name in NAMES:
        picture(tmp_path / name)
    manifest = opened(tmp_path, attributes=["race_name", "age_group", "gender_name"])
    rows = {name: row for row, name in enumerate(manifest.ids)}
    found = {
        name: (
            manifest.target.label(row),
            *(manifest.attributes[key].label(row) for key in ("age_group", "gender_name", "race_name")),
        )
        for name, row in rows.items()
    }
    assert found == {
        "26_1_2_201701.jpg.chip.jpg": ("1", "20-29", "female", "asian"),
        "61_1_20170109142408075.jpg": ("1", "60-69", "female", ""),
        "part1/3_0_0_1.jpg": ("0", "0-9", "male", "white"),
        "105_0_4_9.jpg": ("0", "100-109", "male", "other"),
        "40_1_0_9.jpg": ("1", "40-49", "female", "white"),
    }
    assert manifest.notes == ("1 file names lack age, gender or race; what is missing is unknown",)
    assert list(opened(tmp_path).attributes) == ["race_name"]
    assert opened(tmp_path, manifest=".").target.name == "gender"


def test_broken_folders(tmp_path, picture):
    with pytest.raises(DataError, match="no images"):
        opened(tmp_path)
    picture(tmp_path / "face.jpg")
    with pytest.raises(DataError, match=r'UTKFace names.*"face\.jpg"'):
        opened(tmp_path)
