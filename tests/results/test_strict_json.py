import json
import os
import stat

import pytest

from fairaudit.errors import OutputError
from fairaudit.results.strict_json import dumps, write_bytes, write_text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
def test_what_json_has_no_number_for_is_refused(value):
    with pytest.raises(ValueError):
        dumps(value)


def test_text_stays_readable_and_comes_back():
    value = {"b": "größer ≤", "a": [1, 0.1, None, True]}
    text = dumps(value)
    assert "größer ≤" in text
    assert json.loads(text) == value
    assert list(json.loads(text)) == ["b", "a"]


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "a" / "b.json"
    write_text(path, "one")
    write_bytes(path, b"two")
    assert path.read_text(encoding="utf-8") == "two"
    assert [entry.name for entry in path.parent.iterdir()] == ["b.json"]


def test_what_fails_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "b.json"
    write_text(path, "one")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write_text(path, "two")
    assert path.read_text(encoding="utf-8") == "one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["b.json"]


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path):
    (tmp_path / "b.json").mkdir()
    with pytest.raises(OutputError, match="could not be written"):
        write_text(tmp_path / "b.json", "two")
    assert [entry.name for entry in tmp_path.iterdir()] == ["b.json"]


@pytest.mark.parametrize("mask", [0o077, 0o027, 0o022])
def test_files_are_no_more_open_than_the_umask_allows(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a" / "b.json", "{}")
        write_text(tmp_path / "a" / "b.json", "[]")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "b.json").stat().st_mode) == 0o666 & ~mask


def test_a_name_with_a_nul_is_told(tmp_path):
    with pytest.raises(OutputError, match="null"):
        write_text(tmp_path / "a\0b", "{}")
