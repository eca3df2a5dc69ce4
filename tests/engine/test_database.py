"""The file below the run store: recognised before it is opened, and its errors told in words."""

import sqlite3

import pytest

from fairaudit.engine.database import APPLICATION_ID, STORE_VERSION, connect, transaction, translated
from fairaudit.errors import OutputError, StoreError


def test_a_new_file_says_whose_it_is(tmp_path):
    connection = connect(tmp_path / "deep" / "run.sqlite", fresh=False, timeout=1)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (STORE_VERSION,)
    assert {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} >= {
        "run", "chunk", "array"
    }  # fmt: skip
    connection.close()
    connect(tmp_path / "deep" / "run.sqlite", fresh=False, timeout=1).close()


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\x00" + bytes(100)])
def test_a_file_that_is_not_ours_is_never_touched(tmp_path, content, fresh):
    path = tmp_path / "run.sqlite"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a run store of fairaudit"):
        connect(path, fresh=fresh, timeout=1)
    assert path.read_bytes() == content


def test_another_version_is_refused_and_thrown_away_when_asked(tmp_path):
    path = tmp_path / "run.sqlite"
    connection = connect(path, fresh=False, timeout=1)
    connection.execute(f"PRAGMA user_version = {STORE_VERSION + 1}")
    connection.execute("INSERT INTO run (digest, key) VALUES ('d', 'k')")
    connection.close()
    with pytest.raises(StoreError, match=f"version {STORE_VERSION + 1}"):
        connect(path, fresh=False, timeout=1)
    connection = connect(path, fresh=True, timeout=1)
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
    connection.close()


def test_all_statements_are_kept_or_none(tmp_path):
    connection = connect(tmp_path / "run.sqlite", fresh=False, timeout=1)

    def interrupted():
        with transaction(connection):
            connection.execute("INSERT INTO run (digest, key) VALUES ('d', 'k')")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (0,)
    with transaction(connection):
        connection.execute("INSERT INTO run (digest, key) VALUES ('d', 'k')")
    assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)
    connection.close()


def test_a_file_that_another_holds_is_told(tmp_path):
    path = tmp_path / "run.sqlite"
    first, second = (connect(path, fresh=False, timeout=0) for _ in range(2))
    with transaction(first), pytest.raises(StoreError, match="in use by another process"), translated(path):
        second.execute("BEGIN IMMEDIATE")
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("SQLITE_FULL", OutputError, "the disk is full"),
        ("SQLITE_READONLY_DBMOVED", OutputError, "cannot be written"),
        ("SQLITE_IOERR_FSYNC", OutputError, "a quota"),
        ("SQLITE_IOERR_READ", StoreError, "damaged or cannot be read"),
        ("SQLITE_CORRUPT", StoreError, "damaged or cannot be read"),
        ("SQLITE_CONSTRAINT_FOREIGNKEY", StoreError, "removed from the run store"),
        ("SQLITE_LOCKED", StoreError, "in use by another process"),
    ],
)
def test_errors_of_sqlite_say_what_happened(tmp_path, name, kind, words):
    error = sqlite3.OperationalError("x")
    error.sqlite_errorname = name
    with pytest.raises(kind, match=words) as told, translated(tmp_path / "run.sqlite"):
        raise error
    assert str(tmp_path) in str(told.value)
