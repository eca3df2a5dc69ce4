"""Layouts by content: each test of a layout opens its folder without a name too; here are the close calls."""

from __future__ import annotations

import pytest

from fairaudit.data.layouts.detect import detect
from fairaudit.data.layouts.registry import LAYOUTS
from fairaudit.errors import DataError, UsageError


def test_a_manifest_of_ones_own_is_no_layout(tmp_path, picture):
    (tmp_path / "faces.csv").write_text("file,smile\na.png,1\n")
    picture(tmp_path / "a.png")
    with pytest.raises(DataError, match="manifest file"):
        detect(tmp_path)


def test_class_folders_with_metadata_are_class_folders(tmp_path, picture):
    picture(tmp_path / "cat" / "1.png")
    (tmp_path / "metadata.csv").write_text("file,hat\ncat/1.png,1\n")
    assert detect(tmp_path) == "imagefolder"


def test_unknown_layouts_are_suggested():
    with pytest.raises(UsageError, match=r'no dataset layout called "celebA".*"celeba"'):
        LAYOUTS["celebA"]
    assert len(LAYOUTS) == 7
