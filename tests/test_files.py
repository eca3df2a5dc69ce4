"""Reading files from elsewhere: what is no regular file is never opened."""

import os
import socket
from pathlib import Path

import pytest

from fairaudit.errors import DataError, ModelError
from fairaudit.files import read_bytes, unusual


def test_what_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        found = {name: unusual(tmp_path / name) for name in ("", "pipe", "socket", "none", "a\0b", "n" * 5000)}
    assert found[""] == "a folder"
    assert found["pipe"] == "a pipe"
    assert found["socket"] == "a socket"
    assert found["none"] == "no such file"
    assert "null" in found["a\0b"]
    assert "too long" in found["n" * 5000]


def test_a_device_is_not_read():
    with pytest.raises(ModelError, match=r"The model cannot be read\. Wanted: a file\. Found: a device"):
        read_bytes(Path("/dev/zero"), what="The model", error=ModelError)


def test_the_limit_holds_before_anything_is_read(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"x" * 2000)
    assert read_bytes(tmp_path / "a", what="The text") == b"x" * 2000
    monkeypatch.setenv("FAIRAUDIT_MAX_TEXT", "1K")
    with pytest.raises(DataError, match=r"too large.*1\.0 KiB.*2\.0 KiB.*FAIRAUDIT_MAX_TEXT"):
        read_bytes(tmp_path / "a", what="The text")
