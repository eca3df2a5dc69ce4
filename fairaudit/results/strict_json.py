"""Strict JSON: no NaN, keys in a stable order, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from fairaudit.errors import OutputError


def dumps(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    r"""The value as indented JSON text with a final newline; NaN and infinity raise ValueError.

    Half characters, which UTF-8 cannot hold, are escaped, and come back as they were.

    >>> dumps("\ud800é")
    '"\\ud800é"\n'
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: to a temporary name beside it, flushed to disk, then renamed.

    Raises:
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text whole or not at all; see `write_bytes`."""
    write_bytes(path, content.encode("utf-8"))


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        "The output could not be written",
        found=error.strerror or str(error),
        where=str(path),
        advice="Choose another folder with -o, or free space and run the same command again.",
    )
