"""Paths of a manifest stay in its folder; patterns hold columns and nothing else."""

from __future__ import annotations

import pytest

from fairaudit.data.paths import fill, inside, pattern_columns
from fairaudit.errors import ConfigError, DataError


@pytest.mark.parametrize(
    ("text", "result"), [("a.png", "a.png"), ("./b//a.png", "b/a.png"), ("b/../a.png", "a.png"), ("..a", "..a")]
)
def test_paths_inside_are_made_plain(tmp_path, text, result):
    assert inside(tmp_path, text, where="row 1") == result
    assert inside(tmp_path, str(tmp_path / text), where="row 1") == result


@pytest.mark.parametrize("text", ["../a.png", "b/../../a.png", "/etc/passwd", "..", ".", "b/..", "/"])
def test_paths_that_lead_out_are_refused(tmp_path, text):
    with pytest.raises(DataError, match=r"leads out of.*row 7.*data\.root"):
        inside(tmp_path, text, where="row 7")


def test_a_folder_whose_name_begins_alike_is_outside(tmp_path):
    (tmp_path / "data").mkdir()
    with pytest.raises(DataError, match="leads out"):
        inside(tmp_path / "data", str(tmp_path / "data2" / "a.png"), where="")


def test_empty_and_null_paths_are_refused(tmp_path):
    with pytest.raises(DataError, match="empty"):
        inside(tmp_path, "", where="")
    with pytest.raises(DataError, match="null character"):
        inside(tmp_path, "a\0b", where="")


def test_a_relative_root_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    from pathlib import Path

    assert inside(Path("data"), "a.png", where="") == "a.png"
    assert inside(Path(), "a.png", where="") == "a.png"


def test_patterns_name_columns_once_each():
    assert pattern_columns("{a}/{b}_{a}.png", where="") == ("a", "b")
    assert pattern_columns("plain.png", where="") == ()
    assert fill("{a}/{b}_{a}.png", {"a": "1", "b": "x y"}) == "1/x y_1.png"
    assert fill("{{a}}", {}) == "{a}"


@pytest.mark.parametrize("pattern", ["{", "{a.__class__}", "{a[0]}", "{a!r}", "{a:>9}", "{}", "a}"])
def test_patterns_with_anything_else_are_refused(pattern):
    with pytest.raises(ConfigError, match=r"pattern.*regions\.x\.mask"):
        pattern_columns(pattern, where="regions.x.mask")
