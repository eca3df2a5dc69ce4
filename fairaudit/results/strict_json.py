"""Strict JSON: no NaN, keys in a stable order, written whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
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


def loads(text: str) -> Any:  # noqa: ANN401 (any JSON value)
    """JSON as strict as `dumps` writes it: no NaN, and no duplicate keys, which readers resolve differently.

    Raises:
        ValueError: it is not.

    >>> loads('{"a": 1}')
    {'a': 1}
    """
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'the key "{twice[:80]}" occurs twice')
    return found


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: to a temporary name beside it, flushed to disk, then renamed.

    Raises:
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    temporary = _beside(path, content)
    try:
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def placed(path: Path, content: bytes) -> bool:
    """Write a file whole where there is none, in the same way; False where there is one, or where links are unknown.

    Raises:
        OutputError: as `write_bytes`.
    """
    temporary = _beside(path, content)
    try:
        os.link(temporary, path)
    except OSError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _beside(path: Path, content: bytes) -> Path:
    """A file beside the path that is flushed to disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name[:100]}.{secrets.token_hex(6)}"
        # The mode is the umask's affair: what an audit writes may show people.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    return temporary


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text whole or not at all; see `write_bytes`."""
    write_bytes(path, content.encode("utf-8"))


def _unwritable(path: Path, error: OSError | ValueError) -> OutputError:
    return OutputError(
        "The output could not be written",
        found=getattr(error, "strerror", None) or str(error),
        where=str(path),
        advice="Choose another folder with -o, or free space and run the same command again.",
    )
