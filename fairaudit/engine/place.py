"""Where run stores lie: beside the report folder, so that whoever uploads the folder uploads no row of the data."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fairaudit.engine.database import connect
from fairaudit.errors import FairauditError

NAME: Final = ".fairaudit"
"""Name of the hidden folder."""
FILE: Final = "run.sqlite"
"""Name of a run store."""
_IGNORED: Final = (
    "# Made by fairaudit: what it found about every image, to go on after a kill and to compare runs image by image.\n"
    "# It can be deleted at any time and belongs in no repository and no upload.\n*\n"
)


def working_folder(output: Path) -> Path:
    """The folder for everything of a run that is not a result: `.fairaudit/NAME` beside the output folder NAME.

    Inside of it, as `.fairaudit`, where the folder beside it cannot be written or does not outlive the run, as beside a
    mounted volume.

    >>> working_folder(Path("/srv/audits/report")).as_posix()
    '/srv/audits/.fairaudit/report'
    """
    place = output.absolute().resolve()
    parent = place.parent
    if place == parent or place.is_mount() or not _writable(parent):
        return place / NAME
    return parent / NAME / place.name


def store_file(folder: Path, *, output: Path) -> Path:
    """The run store of one report.

    Args:
        folder: the report's folder.
        output: the output folder of the run, which is that folder or holds it.
    """
    inside, whole = folder.absolute().resolve(), output.absolute().resolve()
    if not inside.is_relative_to(whole):
        return working_folder(folder) / FILE
    return working_folder(output) / inside.relative_to(whole) / FILE


def ready_store(folder: Path, *, output: Path) -> Path:
    """The run store's file, in a folder that exists and that git ignores.

    One that an earlier version left in the report folder is moved there, or used where it lies while it is in use.

    Args:
        folder: the report's folder.
        output: the output folder of the run.
    """
    path, earlier = store_file(folder, output=output), folder / FILE
    with contextlib.suppress(OSError):  # opening the store says what is wrong
        path.parent.mkdir(parents=True, exist_ok=True)
        _ignore(path)
    if path.exists() or not earlier.is_file():
        return path
    return path if _moved(earlier, path) else earlier


def stores_of(folder: Path) -> Iterator[Path]:
    """Stores that may hold the rows of a report in `folder`, whether it is a run's own or one of several."""
    outputs = [folder, *folder.absolute().parents[:2]]  # a model of several, and a model inside a folder of models
    for output in outputs:
        yield store_file(folder, output=output)
    yield from (output / FILE for output in outputs[:2])  # where earlier versions put them


def _writable(folder: Path) -> bool:
    """Whether something can be made in the folder, or in the first of those above it that exists."""
    exists = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    return os.access(exists, os.W_OK | os.X_OK)


def _ignore(path: Path) -> None:
    hidden = next((place for place in path.parents if place.name == NAME), None)
    if hidden is not None and not (hidden / ".gitignore").exists():
        (hidden / ".gitignore").write_text(_IGNORED, encoding="utf-8")


def _moved(earlier: Path, path: Path) -> bool:
    """Whether a store could be moved: it is one of ours, of this version, and no other process has it open."""
    try:
        connection = connect(earlier, fresh=False, timeout=0.1)
    except FairauditError:
        return True  # not ours, or of another version: it stays as it is, and the run begins a new one
    try:
        single = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete"
    except sqlite3.Error:
        single = False
    finally:
        connection.close()
    if single:
        with contextlib.suppress(OSError):
            earlier.replace(path)
            return True
    return False
