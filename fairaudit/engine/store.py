"""The run store: the results of every finished chunk, so that the same command continues where it was stopped."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from fairaudit.engine import arrays, names
from fairaudit.engine.database import connect, transaction, translated
from fairaudit.engine.part import Columns, Part
from fairaudit.engine.plan import Plan
from fairaudit.engine.seal import seal, secret, writer
from fairaudit.errors import StoreError

_KINDS = ("sum", "column")


class RunStore:
    """One run inside a store file; open it with `RunStore.open`, close it or use it in a `with` statement.

    A file holds several runs, told apart by the digest of their key. A chunk is saved in one transaction: after a kill
    it is there whole or not at all. Arrays are .npy bytes with a checksum, never pickle, and every chunk is sealed with
    this user's secret (`seal.py`), so that numbers from elsewhere are not believed.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, run: int, changed: tuple[str, ...], *, label: str, key: bytes
    ) -> None:
        self.path = path
        self.changed = changed
        """Entries of the key that differ from the most similar other run of the file; empty when it continues one."""
        self._connection = connection
        self._run = run
        self._label, self._key = label, key
        self._proven: set[int] = set()

    @classmethod
    def open(cls, path: Path, *, key: Mapping[str, str], fresh: bool = False, timeout: float = 10.0) -> RunStore:
        """Open the run with this key, or begin it.

        Args:
            path: the store's file; it and its folder are made when missing.
            key: everything that the numbers depend on, such as digests of model, rows, images, settings and versions.
            fresh: forget what the run already found, and a store of another version altogether.
            timeout: seconds to wait for another process that holds the file.

        Raises:
            StoreError: the file is no store, of another version, damaged, or held by another process.
            OutputError: the file cannot be written.
        """
        own = secret()
        key = {**key, "writer": writer(own)}
        connection = connect(path, fresh=fresh, timeout=timeout)
        try:
            with translated(path), transaction(connection):
                run, changed = _begin(connection, key, fresh=fresh)
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, run, changed, label=digest(key), key=own)

    @classmethod
    def existing(cls, path: Path, wanted: Mapping[str, str], *, timeout: float = 10.0) -> Iterator[RunStore]:
        """The runs of a file whose keys have these entries, the latest first; each is to be closed.

        Args:
            path: the store's file, which exists.
            wanted: entries of the key; it may have others.
            timeout: seconds to wait for another process that holds the file.

        Raises:
            StoreError: the file is no store, of another version, damaged, or held by another process.
        """
        own = secret()
        connection = connect(path, fresh=False, timeout=timeout)
        try:
            with translated(path):
                rows = connection.execute("SELECT id, key FROM run ORDER BY id DESC").fetchall()
        finally:
            connection.close()
        for run, text in rows:
            key = _key_of(text)
            if {**wanted, "writer": writer(own)}.items() <= key.items():
                again = connect(path, fresh=False, timeout=timeout)
                yield cls(path, again, run, (), label=digest(key), key=own)

    def pin(self, plan: Plan) -> None:
        """Tie the run to a plan, since a chunk's number means nothing without it.

        Raises:
            StoreError: the run was begun with another plan.
        """
        text = f"{plan.rows} rows in chunks of {plan.chunk_rows}"
        with translated(self.path), transaction(self._connection):
            self._connection.execute("UPDATE run SET plan = ? WHERE id = ? AND plan IS NULL", (text, self._run))
            row = self._connection.execute("SELECT plan FROM run WHERE id = ?", (self._run,)).fetchone()
        if row is None or row[0] != text:
            raise StoreError(
                "The run in the store was begun with another plan",
                wanted=text,
                found=row[0] if row else "no run",
                where=str(self.path),
                advice="Start over with --fresh.",
            )

    def done(self) -> set[int]:
        """Numbers of the finished chunks."""
        with translated(self.path):
            rows = self._connection.execute("SELECT number FROM chunk WHERE run = ?", (self._run,)).fetchall()
        return {number for (number,) in rows}

    def save(self, index: int, parts: Mapping[str, Part]) -> None:
        """Keep what a chunk found, whole or not at all; a chunk that already exists stays as it is.

        Raises:
            OutputError: the disk is full or the file cannot be written; finished chunks are kept.
            StoreError: another process holds the file for too long or removed the run.
        """
        rows = [
            (self._run, index, part, kind, place, names.written(name), *arrays.encode(f"{part}.{name}", value))
            for part, state in parts.items()
            for kind, table in zip(_KINDS, (state.sums, state.columns), strict=True)
            for place, (name, value) in enumerate(table.items())
        ]
        with translated(self.path), transaction(self._connection):
            if self._has(index):
                return
            saved = json.dumps(list(parts))
            held = [(part, kind, place, name, checksum) for _, _, part, kind, place, name, _, checksum in rows]
            values = (self._run, index, saved, self._seal(index, saved, held))
            self._connection.execute("INSERT INTO chunk VALUES (?, ?, ?, ?)", values)
            self._connection.executemany("INSERT INTO array VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def names(self, index: int) -> tuple[str, ...]:
        """Names of the parts that a finished chunk holds, in the order they were saved.

        Raises:
            StoreError: the chunk is not in the store.
        """
        query = "SELECT parts, seal FROM chunk WHERE run = ? AND number = ?"
        with translated(self.path):
            row = self._connection.execute(query, (self._run, index)).fetchone()
        if row is None:
            raise StoreError(
                f"Chunk {index} is not in the run store",
                where=str(self.path),
                advice="Run the same command again to compute it.",
            )
        if index not in self._proven:
            self._prove(index, *row)
            self._proven.add(index)
        return tuple(json.loads(row[0]))

    def part(self, index: int, name: str) -> Part:
        """One part of a finished chunk.

        Raises:
            StoreError: the chunk is not there, or its bytes are not those that were written.
        """
        query = (
            "SELECT kind, name, content, checksum FROM array WHERE run = ? AND chunk = ? AND part = ?"
            " ORDER BY kind, place"
        )
        if name not in self.names(index):
            raise StoreError(f'Chunk {index} has no part called "{name}"', where=str(self.path))
        with translated(self.path):
            rows = self._connection.execute(query, (self._run, index, name)).fetchall()
        tables: dict[str, Columns] = {kind: {} for kind in _KINDS}
        for kind, label, content, expected in rows:
            try:
                tables[kind][names.read(label)] = arrays.decode(content, expected)
            except Exception as error:  # NumPy raises nearly anything on a damaged header
                raise self._damaged(index, f"{name}.{label}: {error}") from error
        return Part(sums=tables["sum"], columns=tables["column"])

    def load(self, index: int) -> dict[str, Part]:
        """Everything that a finished chunk holds; see `part`."""
        return {name: self.part(index, name) for name in self.names(index)}

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._connection.close()

    def __enter__(self) -> RunStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _has(self, index: int) -> bool:
        query = "SELECT 1 FROM chunk WHERE run = ? AND number = ?"
        return self._connection.execute(query, (self._run, index)).fetchone() is not None

    def _seal(self, index: int, names: str, held: Iterable[Sequence[Any]]) -> bytes:
        """The chunk's seal: of its run, number and parts, and of every array's place, name and checksum."""
        table = sorted([*row[:-1], bytes(row[-1]).hex()] for row in held)
        return seal(self._key, json.dumps([self._label, index, names, table]).encode())

    def _prove(self, index: int, names: object, sealed: object) -> None:
        query = "SELECT part, kind, place, name, checksum FROM array WHERE run = ? AND chunk = ?"
        with translated(self.path):
            held = self._connection.execute(query, (self._run, index)).fetchall()
        try:
            whole = self._seal(index, str(names), held) == sealed
        except (TypeError, ValueError) as error:
            raise self._damaged(index, str(error)) from error
        if not whole:
            raise self._damaged(index, "an entry that this user's fairaudit did not write")

    def _damaged(self, index: int, found: str) -> StoreError:
        return StoreError(
            f"Chunk {index} in the run store is damaged",
            found=found,
            where=str(self.path),
            advice="Start over with --fresh.",
        )


def digest(key: Mapping[str, str]) -> str:
    """SHA-256 of the key's entries in sorted order.

    >>> digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    True
    """
    text = json.dumps(sorted(key.items()), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _begin(connection: sqlite3.Connection, key: Mapping[str, str], *, fresh: bool) -> tuple[int, tuple[str, ...]]:
    label = digest(key)
    if fresh:
        connection.execute("DELETE FROM run WHERE digest = ?", (label,))
    row = connection.execute("SELECT id FROM run WHERE digest = ?", (label,)).fetchone()
    if row is not None:
        return int(row[0]), ()
    others = [_key_of(text) for (text,) in connection.execute("SELECT key FROM run ORDER BY id")]
    values = (label, json.dumps(dict(key), ensure_ascii=False))
    number = connection.execute("INSERT INTO run (digest, key) VALUES (?, ?)", values).lastrowid
    if number is None:  # pragma: no cover - an INSERT always has one
        raise sqlite3.DatabaseError("no row id")
    return number, min((_differences(key, other) for other in others), key=len, default=())


def _key_of(text: object) -> dict[str, str]:
    """The key of another run; empty where it cannot be read, since it only serves to say what changed."""
    try:
        found = json.loads(str(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _differences(key: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in sorted({*key, *other}) if key.get(name) != other.get(name))
