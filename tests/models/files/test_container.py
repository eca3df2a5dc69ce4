"""Kinds of files by their content, each written by the library that owns the format."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from fairaudit.errors import ModelError
from fairaudit.models.files.container import container, digest


def net():
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).eval()


@pytest.fixture
def files(tmp_path):
    model = net()
    # Suffixes are wrong on purpose.
    torch.jit.script(model).save(tmp_path / "script.safetensors")
    torch.save(model.state_dict(), tmp_path / "state.onnx")
    torch.save(model.state_dict(), tmp_path / "legacy.zip", _use_new_zipfile_serialization=False)
    save_file(model.state_dict(), tmp_path / "safe.pt")
    torch.export.save(torch.export.export(model, (torch.rand(2, 3, 2, 2),)), tmp_path / "program.pt2")
    (tmp_path / "program.pt2").rename(tmp_path / "program.pt")
    return tmp_path


def test_a_name_that_is_no_text_is_told(tmp_path):
    """Python can open such a file; the readers of torch and safetensors cannot, and blame the file."""
    path = Path(os.fsdecode(bytes(tmp_path) + b"/m\xff.pt"))
    try:
        path.write_bytes(b"PK")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    with pytest.raises(ModelError, match=r"not text in UTF-8.*Rename it"):
        container(path)
    escaped = Path(os.fsdecode(bytes(tmp_path)) + "/n\udcc3\udcb6.pt")  # what "nö.pt" is in a locale without it
    with pytest.raises(ModelError, match=r"not text in UTF-8.*PYTHONUTF8=1"):
        container(escaped)


def test_kinds_follow_from_the_content(files):
    wanted = {
        "script.safetensors": "torchscript",
        "state.onnx": "pickle-zip",
        "legacy.zip": "pickle-legacy",
        "safe.pt": "safetensors",
        "program.pt": "exported-program",
    }
    assert {name: container(files / name) for name in wanted} == wanted


def test_constants_without_code_are_no_script(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        for name in ("m/constants.pkl", "m/data.pkl"):
            archive.writestr(name, b"")
    assert container(tmp_path / "m.pt") == "pickle-zip"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "0 bytes"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"<!DOCTYPE html>", "the download may have failed"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 20, "HDF5"),
        (b"\x89PNG\r\n", "PNG"),
        (b"file,target\n1.png,0\n", "text: 'file,target"),
        (b"\x80\x04\x95\x10\x00", "a pickle that torch.save did not write"),
        (bytes(range(128, 160)), "bytes that start with 80"),
    ],
)
def test_foreign_files_are_named(tmp_path, content, found):
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        container(path)
    assert str(path) in str(caught.value)
    if not content.startswith(bytes([128, 129])):
        assert found in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(ModelError, match="model file does not exist"):
        container(tmp_path / "none.pt")
    with pytest.raises(ModelError, match="Found: a folder"):
        container(tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_archive_is_told(files, share):
    whole = (files / "script.safetensors").read_bytes()
    (files / "cut.pt").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match="cut short or damaged"):
        container(files / "cut.pt")


def test_a_zip_that_is_no_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("notes.txt", "hello")
    with pytest.raises(ModelError, match=r"a zip archive with notes\.txt"):
        container(tmp_path / "a.pt")


def test_the_digest_is_sha256_of_the_bytes(files):
    assert digest(files / "safe.pt") == hashlib.sha256((files / "safe.pt").read_bytes()).hexdigest()


def test_an_archive_that_unfolds_into_far_more_than_itself_is_refused_and_can_be_let_in(tmp_path, monkeypatch):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\0" * (3 << 20))
    monkeypatch.setenv("FAIRAUDIT_MAX_UNPACKED", "1M")
    with pytest.raises(ModelError, match=r"unpacks to far more.*3\.0 MiB.*FAIRAUDIT_MAX_UNPACKED"):
        container(path)
    monkeypatch.setenv("FAIRAUDIT_MAX_UNPACKED", "4M")
    assert container(path) == "pickle-zip"


def test_a_pipe_is_never_waited_for(tmp_path):
    os.mkfifo(tmp_path / "model.pt")
    with pytest.raises(ModelError, match="a pipe"):
        container(tmp_path / "model.pt")


def test_a_nested_header_is_no_traceback(tmp_path):
    header = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    (tmp_path / "m").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelError):
        container(tmp_path / "m")
