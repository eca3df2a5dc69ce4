"""WILDS folders such as Waterbirds."""

from __future__ import annotations

import pytest
from PIL import Image

from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError

HEADER = "img_id,img_filename,y,split,place,place_filename"


def opened(root, **data):
    return open_manifest(
        Config.model_validate({"data": {"manifest": {"layout": "wilds", "root": "."}, **data}}), base=root
    )


def birds(root) -> None:
    lines = [HEADER]
    for row, (y, split, place) in enumerate([(0, 0, 0), (1, 1, 0), (0, 2, 1), (1, 2, 0)]):
        name = f"{row:03d}.Bird/{row}.jpg"
        (root / name).parent.mkdir(parents=True)
        Image.new("RGB", (4, 4)).save(root / name)
        lines.append(f"{row},{name},{y},{split},{place},/a/b.jpg")
    (root / "metadata.csv").write_text("\n".join(lines))


def test_waterbirds(tmp_path):
    birds(tmp_path)
    manifest = opened(tmp_path)
    assert manifest.target.name == "y"
    assert manifest.target.codes.tolist() == [0, 1, 0, 1]
    assert manifest.attributes["place"].codes.tolist() == [0, 0, 1, 0]
    test = opened(tmp_path, split={"use": "test"})
    assert test.ids == ("002.Bird/2.jpg", "003.Bird/3.jpg")
    assert opened(tmp_path, manifest=".").digest() == manifest.digest()


def test_broken_folders(tmp_path):
    with pytest.raises(DataError, match=r"not a WILDS folder.*metadata\.csv"):
        opened(tmp_path)
    (tmp_path / "metadata.csv").write_text("img_filename,label\na.jpg,1\n")
    with pytest.raises(DataError, match='"y" is missing'):
        opened(tmp_path)
