"""What kind of file a model file is, by its content and not by its suffix."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
from pathlib import Path
from typing import Literal

from fairaudit.errors import ModelError
from fairaudit.files import POINTER, fetched_first, unusual
from fairaudit.limits import UNPACKED, size, unpacked
from fairaudit.models.files.foreign import Foreign, of_archive, of_bytes, of_folder

Container = Literal["torchscript", "pickle-zip", "pickle-legacy", "safetensors", "exported-program", "onnx", "hub"]

WANTED = (
    "a TorchScript archive, a PyTorch checkpoint, a safetensors file, an ONNX file, an exported program, or a folder "
    "with config.json and safetensors"
)
_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def container(path: Path) -> Container:
    """The kind of a model file.

    Raises:
        ModelError: there is no such file, it is a folder, empty, cut short, or something else.
    """
    if path.is_dir():
        from fairaudit.models.files.hub import is_hub_folder  # loads torch, which no file needs to be recognised

        if is_hub_folder(path):
            return "hub"
    _check_file(path)
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"PK\x03\x04"):
        return _archive(path)
    if start.startswith(_LEGACY):
        return "pickle-legacy"
    if _is_safetensors(path, start):
        return "safetensors"
    if start[:1] == b"\x08" and start[1:2] < b"\x20" and len(start) > 2:  # field 1, the version of ONNX's format
        return "onnx"
    raise _not_ours(path, of_bytes(path, start))


def _not_ours(path: Path, found: Foreign) -> ModelError:
    return ModelError(
        "This is not a model file that can be opened here",
        wanted=WANTED,
        found=found.what,
        where=str(path),
        advice=found.way,
    )


def _check_file(path: Path) -> None:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError as error:  # torch's and safetensors' readers take names in UTF-8 only
        raise ModelError(
            "The model file's name or folder is not text in UTF-8", where=str(path), advice=_name_advice(path)
        ) from error
    found = unusual(path)
    if found == "no such file":
        raise ModelError("The model file does not exist", wanted=WANTED, where=str(path), advice=fetched_first(path))
    if found == "a folder":
        raise _not_ours(path, of_folder(path))
    if found not in (None, POINTER):  # which `of_bytes` names with the others
        raise ModelError("The model file cannot be read", wanted=WANTED, found=found, where=str(path))
    if path.stat().st_size == 0:
        raise ModelError("The model file is empty", wanted=WANTED, found="0 bytes", where=str(path))


def _name_advice(path: Path) -> str:
    try:
        os.fsencode(path).decode("utf-8")
    except UnicodeDecodeError:
        return "Rename it."
    return "It is in the file system: set PYTHONUTF8=1 or a locale of UTF-8, such as LC_ALL=C.UTF-8."


def _archive(path: Path) -> Container:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            length = sum(entry.file_size for entry in archive.infolist())
    except Exception as error:  # zipfile raises nearly anything on a damaged directory
        raise ModelError(
            "The model file is cut short or damaged",
            wanted="a complete zip archive",
            found=f"{path.stat().st_size} bytes, without the archive's directory at the end",
            where=str(path),
            advice="Copy or download it again.",
        ) from error
    allowed = unpacked(path.stat().st_size)
    if length > allowed:
        raise ModelError(
            "The model file unpacks to far more than its own size",
            wanted=f"at most {size(allowed)}",
            found=f"{size(path.stat().st_size)} that unpack to {size(length)}",
            where=str(path),
            advice=UNPACKED.advice(),
        )
    # Every archive that torch writes has one top folder, whose name is free.
    inside = {name.partition("/")[2] for name in names}
    if "archive_format" in inside or any(name.startswith("models/") for name in inside):
        return "exported-program"
    if "constants.pkl" in inside and any(name.startswith("code/") for name in inside):
        return "torchscript"
    if "data.pkl" in inside:
        return "pickle-zip"
    raise _not_ours(path, of_archive(names))


def _is_safetensors(path: Path, start: bytes) -> bool:
    """Whether the file starts with the length of a JSON header, and the header; a header that is cut short counts."""
    if len(start) < 10 or start[8:9] != b"{":
        return False
    (length,) = struct.unpack("<Q", start[:8])
    if length > 100_000_000:
        return False
    with path.open("rb") as file:
        file.seek(8)
        header = file.read(length)
    if len(header) < length:
        return True
    try:
        return isinstance(json.loads(header), dict)
    except (ValueError, RecursionError):
        return False
