"""The SQLite file below the run store: opened, recognised, made, and its errors put into words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fairaudit.errors import FairauditError, OutputError, StoreError

STORE_VERSION: Final = 2
APPLICATION_ID: Final = 0x66617564  # "faud", which SQLite keeps in the header of the file
_FAILED_WRITES: Final = ("WRITE", "FSYNC", "DIR_FSYNC", "TRUNCATE", "SHMSIZE", "DELETE", "COMMIT_ATOMIC")
HEADER: Final = 100
"""Bytes at the beginning of a SQLite file that say what it is."""
_MAGIC: Final = b"SQLite format 3\x00"

_SCHEMA: Final = (
    "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " digest TEXT NOT NULL UNIQUE, key TEXT NOT NULL, plan TEXT)",
    "CREATE TABLE chunk (run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, number INTEGER NOT NULL,"
    " parts TEXT NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (run, number)) WITHOUT ROWID",
    "CREATE TABLE array (run INTEGER NOT NULL, chunk INTEGER NOT NULL, part TEXT NOT NULL, kind TEXT NOT NULL,"
    " place INTEGER NOT NULL, name TEXT NOT NULL, content BLOB NOT NULL, checksum BLOB NOT NULL,"
    " UNIQUE (run, chunk, part, kind, name),"
    " FOREIGN KEY (run, chunk) REFERENCES chunk(run, number) ON DELETE CASCADE)",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {STORE_VERSION}",
)


def connect(path: Path, *, fresh: bool, timeout: float, write_ahead: bool = True) -> sqlite3.Connection:
    """Open the store's file, or make it.

    Args:
        path: the file.
        fresh: throw away a store of another version; a file that is no store is never touched.
        timeout: seconds to wait for another process that holds the file.
        write_ahead: switch to a write-ahead log, which pays where many chunks follow; else the file keeps its mode.

    Raises:
        StoreError: the file is no store, is a store of another version, is damaged or is held by another process.
        OutputError: the file or its folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    _recognise(path, fresh=fresh)
    with translated(path):
        connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
        try:
            _prepare(connection)
            if write_ahead:
                _write_ahead(connection, timeout)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All statements inside are kept together, or none of them."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn an SQLite error into one that names the file, the problem and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise _told(path, error) from error


def _recognise(path: Path, *, fresh: bool) -> None:
    """Read the header alone, so that a file that is not ours is never opened for writing."""
    try:
        if not path.exists() or path.stat().st_size == 0:
            return
        with path.open("rb") as file:
            header = file.read(HEADER)
    except OSError as error:
        raise StoreError("The run store cannot be read", found=error.strerror or str(error), where=str(path)) from error
    if recognise(header, path, any_version=fresh):
        return
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def recognise(header: bytes, path: Path, *, any_version: bool = False) -> bool:
    """Whether a file that begins so is a store of this version.

    Raises:
        StoreError: it is no store, or one of another version where that is not allowed.
    """
    if not header.startswith(_MAGIC) or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise StoreError(
            "The file at the run store's path is not a run store of fairaudit",
            where=str(path),
            advice="Choose another folder with -o; the file was left as it is.",
        )
    version = int.from_bytes(header[60:64], "big")
    if version != STORE_VERSION and not any_version:
        raise StoreError(
            "The run store was written by another version of fairaudit",
            wanted=f"store version {STORE_VERSION}",
            found=f"version {version}",
            where=str(path),
            advice="Start over with --fresh, or choose another folder with -o.",
        )
    return version == STORE_VERSION


def _prepare(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in _SCHEMA:
                connection.execute(statement)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _write_ahead(connection: sqlite3.Connection, timeout: float) -> None:
    """Switch to WAL; SQLite does not wait for others here, so we do. A file system without WAL keeps its own mode."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _told(path: Path, error: sqlite3.Error) -> FairauditError:
    code = getattr(error, "sqlite_errorname", "")
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(
            "The run store is in use by another process",
            where=str(path),
            advice="Wait for it to finish, or choose another folder with -o; finished chunks are kept.",
        )
    if code.startswith("SQLITE_FULL"):
        return _unwritable(path, "the disk is full")
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return _unwritable(path, str(error))
    if code.removeprefix("SQLITE_IOERR_") in _FAILED_WRITES:
        return _unwritable(path, f"{error}: the disk, a quota or a limit on the size of files does not allow it")
    if code.startswith("SQLITE_CONSTRAINT_FOREIGNKEY"):
        return StoreError(
            "The run was removed from the run store while it was in progress",
            where=str(path),
            advice="Another process started over with --fresh; run the same command again when it has finished.",
        )
    return StoreError(
        "The run store is damaged or cannot be read",
        found=str(error),
        where=str(path),
        advice="Delete the file, or choose another folder with -o, and run the same command again.",
    )


def _unwritable(path: Path, reason: str) -> OutputError:
    return OutputError(
        "The run store cannot be written",
        found=reason,
        where=str(path),
        advice="Free space or choose a folder that can be written with -o, then run the same command again; "
        "chunks that were finished are kept.",
    )
