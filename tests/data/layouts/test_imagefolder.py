"""Class folders, with and without splits and metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from fairaudit.config.schema import Config
from fairaudit.data.open import open_manifest
from fairaudit.errors import DataError


def opened(root, **data):
    asked = {"manifest": {"layout": "imagefolder", "root": "."}, **data}
    return open_manifest(Config.model_validate({"data": asked}), base=root)


def test_classes_are_the_sorted_folders(tmp_path, picture):
    for name in ("dog/2.jpg", "cat/deep/1.PNG", "dog/1.jpg", ".hidden/1.jpg", "dog/.x.jpg"):
        picture(tmp_path / name)
    (tmp_path / "dog" / "notes.txt").write_text("x")
    manifest = opened(tmp_path)
    assert manifest.ids == ("cat/deep/1.PNG", "dog/1.jpg", "dog/2.jpg")
    assert (manifest.target.values, manifest.target.codes.tolist()) == (("cat", "dog"), [0, 1, 1])
    assert manifest.notes == ()
    assert opened(tmp_path, manifest=".").digest() == manifest.digest()


def test_splits_above_classes(tmp_path, picture):
    for name in ("train/a/1.png", "train/b/1.png", "test/a/2.png", "test/b/2.png", "test/3.png"):
        picture(tmp_path / name)
    manifest = opened(tmp_path, split={"use": "test"})
    assert manifest.ids == ("test/a/2.png", "test/b/2.png")
    assert manifest.target.values == ("a", "b")
    assert manifest.notes == ("1 image outside class folders not used",)


def test_metadata_brings_attributes_by_file(tmp_path, picture):
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        picture(tmp_path / name)
    (tmp_path / "metadata.csv").write_text("file_name,hat\nb/1.png,1\na/1.png,0\na/9.png,1\n")
    manifest = opened(tmp_path, attributes=["hat"])
    assert manifest.attributes["hat"].codes.tolist() == [0, -1, 1]
    assert manifest.notes == (
        "1 image not in metadata.csv, with unknown attributes",
        "1 row of metadata.csv not used, of no image in a class folder",
    )
    (tmp_path / "metadata.csv").write_text("name,hat\n")
    with pytest.raises(DataError, match="no column with the file"):
        opened(tmp_path)


def test_broken_folders(tmp_path, picture):
    with pytest.raises(DataError, match=r"no images in class folders.*0 images in 0 folders"):
        opened(tmp_path)
    picture(tmp_path / "a.png")
    with pytest.raises(DataError, match="1 images in 0 folders"):
        opened(tmp_path)
    with pytest.raises(DataError, match="no known dataset layout"):
        opened(tmp_path, manifest=".")


def test_numbered_folders_are_in_the_order_of_torchvision(tmp_path):
    from torchvision.datasets import ImageFolder

    names = [str(number) for number in range(1, 13)]
    for name in names:
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name / "a.png")
    (tmp_path / "__MACOSX" / "x").mkdir(parents=True)
    Image.new("L", (4, 4)).save(tmp_path / "__MACOSX" / "x" / "a.png")
    config = Config.model_validate({"data": {"manifest": str(tmp_path)}})
    manifest = open_manifest(config, base=tmp_path)
    (tmp_path / "__MACOSX" / "x" / "a.png").unlink()
    (tmp_path / "__MACOSX" / "x").rmdir()
    (tmp_path / "__MACOSX").rmdir()
    theirs = ImageFolder(str(tmp_path))
    assert list(manifest.target.values) == theirs.classes
    labels = {Path(file).parent.name: code for file, code in theirs.samples}
    ours = {name.split("/")[0]: int(code) for name, code in zip(manifest.ids, manifest.target.codes, strict=True)}
    assert ours == labels
    assert any("taken to be in the order 1, 10, 11, 12, 2, 3 … 9" in note for note in manifest.notes)
