"""A run store on its way between machines: its bytes, what is new in them, and merging that into a store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from fairaudit.engine.database import HEADER, connect, recognise, transaction, translated
from fairaudit.results.strict_json import placed

Chunks = frozenset[tuple[str, int]]
"""Digest of a run's key and number of a chunk."""
_TIMEOUT: Final = 10.0
_FORMAT: Final = slice(18, 20)
"""Bytes of the header that say whether there is a write-ahead log; a database in memory can have none."""


def packed(path: Path) -> bytes | None:
    """The store's bytes; None where there is none."""
    if not path.is_file():
        return None
    with translated(path), closing(connect(path, fresh=False, timeout=_TIMEOUT)) as connection:
        content = bytearray(connection.serialize())
    content[_FORMAT] = b"\x01\x01"
    return bytes(content)


def unpacked(content: bytes, path: Path) -> None:
    """Write a store's bytes where there is no store.

    Raises:
        StoreError: the bytes are not a store.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    connect(path, fresh=False, timeout=_TIMEOUT).close()


def held_chunks(path: Path) -> Chunks:
    """The finished chunks of all runs in a store; none where there is no store."""
    if not path.is_file():
        return frozenset()
    with translated(path), closing(connect(path, fresh=False, timeout=_TIMEOUT)) as connection:
        query = "SELECT digest, number FROM chunk JOIN run ON run.id = chunk.run"
        return frozenset((str(label), int(number)) for label, number in connection.execute(query))


def forget_chunks(path: Path, chunks: Chunks) -> None:
    """Take chunks out of a store that only travels, since its receiver has them."""
    query = "DELETE FROM chunk WHERE number = ? AND run = (SELECT id FROM run WHERE digest = ?)"
    with translated(path), closing(connect(path, fresh=False, timeout=_TIMEOUT)) as connection:
        with transaction(connection):
            connection.executemany(query, [(number, label) for label, number in sorted(chunks)])
        connection.execute("VACUUM")


def take_up(content: bytes, path: Path) -> int:
    """Add the chunks of an arriving store to the store at a path, whole or not at all.

    Where there is no store yet, the one that came becomes it, for one wait for the disk instead of thirteen. Chunks
    that are already there stay as they are. Seals travel with the chunks and are proven when these are read.

    Returns:
        The number of chunks added.

    Raises:
        StoreError: the bytes are not a store, or the store at the path is in use.
        OutputError: it cannot be written.
    """
    with translated(path), closing(sqlite3.connect(":memory:")) as came:
        recognise(content[:HEADER], path)
        came.deserialize(content)
        (chunks,) = came.execute("SELECT count(*) FROM chunk").fetchone()
        if not path.exists() and placed(path, content):
            return int(chunks)
        with closing(connect(path, fresh=False, timeout=_TIMEOUT, write_ahead=False)) as own, transaction(own):
            return sum(_take_up_run(came, own, *run) for run in came.execute("SELECT id, digest, key, plan FROM run"))


def _take_up_run(came: sqlite3.Connection, own: sqlite3.Connection, run: int, label: str, key: str, plan: str) -> int:
    own.execute("INSERT OR IGNORE INTO run (digest, key) VALUES (?, ?)", (label, key))
    own.execute("UPDATE run SET plan = ? WHERE digest = ? AND plan IS NULL", (plan, label))
    (place,) = own.execute("SELECT id FROM run WHERE digest = ?", (label,)).fetchone()
    known = {number for (number,) in own.execute("SELECT number FROM chunk WHERE run = ?", (place,))}
    new = [
        row
        for row in came.execute("SELECT number, parts, seal FROM chunk WHERE run = ?", (run,))
        if row[0] not in known
    ]
    query = "SELECT chunk, part, kind, place, name, content, checksum FROM array WHERE run = ? AND chunk = ?"
    for chunk in new:
        own.execute("INSERT INTO chunk VALUES (?, ?, ?, ?)", (place, *chunk))
        arrays = came.execute(query, (run, chunk[0]))
        own.executemany("INSERT INTO array VALUES (?, ?, ?, ?, ?, ?, ?, ?)", ((place, *row) for row in arrays))
    return len(new)
