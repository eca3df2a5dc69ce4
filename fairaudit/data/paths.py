"""Paths that a manifest gives: they stay inside the dataset's folder, and patterns are filled from columns only."""

from __future__ import annotations

import os
import string
from collections.abc import Mapping
from pathlib import Path

from fairaudit.errors import ConfigError, DataError

_ODD = frozenset(("", ".", ".."))


def inside(root: Path, text: str, *, where: str) -> str:
    """A path relative to the folder; an absolute path is made relative.

    The check is on the text of the path: links inside the folder are the owner's own and are followed.

    Raises:
        DataError: the path is empty or leads out of the folder.
    """
    if not text or "\0" in text:
        raise DataError("A path is empty" if not text else "A path holds a null character", where=where)
    if os.sep == "/" and not _ODD.intersection(text.split("/")):
        return text  # the usual case, and there may be millions
    folder = os.path.normpath(root.absolute())
    full = os.path.normpath(Path(folder) / text)
    if full == folder or not full.startswith(folder.rstrip(os.sep) + os.sep):
        raise DataError(
            "A path leads out of the dataset's folder",
            wanted=f"a path inside {root}",
            found=f'"{text}"',
            where=where,
            advice="Correct the manifest, or set data.root to a folder that holds all files.",
        )
    return os.path.relpath(full, folder)


def pattern_columns(pattern: str, *, where: str) -> tuple[str, ...]:
    """Names of the columns in a pattern such as masks/{id}.png.

    Raises:
        ConfigError: braces do not match, or hold more than a column's name.

    >>> pattern_columns("{person}/{id}.png", where="")
    ('person', 'id')
    """
    try:
        pieces = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise ConfigError(f"A pattern cannot be read: {error}", found=f'"{pattern}"', where=where) from error
    names = []
    for _, name, spec, conversion in pieces:
        if name is None:
            continue
        if not name or spec or conversion or any(sign in name for sign in ".[]"):
            raise ConfigError(
                "A placeholder in a pattern is not a column name", wanted="{column}", found=f'"{pattern}"', where=where
            )
        names.append(name)
    return tuple(dict.fromkeys(names))


def fill(pattern: str, values: Mapping[str, str]) -> str:
    """The pattern with every {column} replaced; values are put in as they are and not read as patterns.

    >>> fill("m/{id}.png", {"id": "{x}"})
    'm/{x}.png'
    """
    pieces = string.Formatter().parse(pattern)
    return "".join(text + (values[name] if name is not None else "") for text, name, _, _ in pieces)
