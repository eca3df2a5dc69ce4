"""Strict JSON: no NaN, keys in a stable order, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairaudit.errors import OutputError
from fairaudit.results.draft import draft


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
    """Write a file whole or not at all: to a draft beside it, flushed to disk, then renamed.

    Raises:
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    with _drafted(path, content) as own:
        try:
            own.replace(path)
        except OSError as error:
            own.unlink(missing_ok=True)
            raise _unwritable(path, error) from error


def placed(path: Path, content: bytes) -> bool:
    """Write a file whole where there is none, in the same way; False where there is one, or where links are unknown.

    Raises:
        OutputError: as `write_bytes`.
    """
    with _drafted(path, content) as own:
        try:
            os.link(own, path)
        except OSError:
            return False
        finally:
            own.unlink(missing_ok=True)
    return True


@contextmanager
def _drafted(path: Path, content: bytes) -> Iterator[Path]:
    """A draft of the file, flushed to disk, which no other writer takes for left behind before this ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        own, handle = draft(path)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unwritable(path, error) from error
    with os.fdopen(handle, "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            own.unlink(missing_ok=True)
            raise _unwritable(path, error) from error
        yield own


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
