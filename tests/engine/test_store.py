import sqlite3
import threading

import numpy as np
import pytest

from fairaudit.engine.arrays import encode
from fairaudit.engine.part import Part
from fairaudit.engine.plan import Plan
from fairaudit.engine.store import RunStore, digest
from fairaudit.errors import OutputError, StoreError

KEY = {"model": "aa", "rows": "bb"}
PARTS = {
    "fairness": Part(
        sums={"z": np.arange(4).reshape(2, 2), "a": np.array([0.1])}, columns={"id": np.array(["x", "y"])}
    ),
    "empty": Part(),
}


def same(left, right):
    assert list(left) == list(right)
    for name in left:
        for table in ("sums", "columns"):
            one, two = getattr(left[name], table), getattr(right[name], table)
            assert list(one) == list(two)
            assert all(one[key].tobytes() == two[key].tobytes() and one[key].dtype == two[key].dtype for key in one)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "run.store"


def test_what_was_saved_is_there_after_reopening(path):
    with RunStore.open(path, key=KEY) as store:
        assert store.done() == set()
        store.save(3, PARTS)
    with RunStore.open(path, key=KEY) as store:
        assert store.done() == {3}
        same(store.load(3), PARTS)


def test_runs_with_other_keys_live_side_by_side_and_say_what_changed(path):
    with RunStore.open(path, key=KEY) as store:
        assert store.changed == ()
        store.save(0, PARTS)
    with RunStore.open(path, key={**KEY, "model": "other"}) as store:
        assert store.changed == ("model",)
        assert store.done() == set()
    with RunStore.open(path, key=KEY) as store:
        assert (store.done(), store.changed) == ({0}, ())


def test_fresh_forgets_this_run_and_no_other(path):
    other = {**KEY, "model": "other"}
    for key in (KEY, other):
        with RunStore.open(path, key=key) as store:
            store.save(0, PARTS)
    RunStore.open(path, key=KEY, fresh=True).close()
    with RunStore.open(path, key=KEY) as store, RunStore.open(path, key=other) as kept:
        assert (store.done(), kept.done()) == (set(), {0})
    rows = sqlite3.connect(path).execute("SELECT count(*) FROM array").fetchone()[0]
    assert rows == 3


def test_a_finished_chunk_stays_as_it_is(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
        store.save(0, {"fairness": Part(sums={"n": np.array([9])})})
        same(store.load(0), PARTS)


def test_a_chunk_is_there_whole_or_not_at_all(path):
    with RunStore.open(path, key=KEY) as store:
        with pytest.raises(TypeError, match="objects"):
            store.save(0, {**PARTS, "bad": Part(columns={"c": np.array([{}])})})
        assert store.done() == set()
        store._connection.execute("CREATE TRIGGER stop BEFORE INSERT ON array BEGIN SELECT RAISE(ABORT, 'stop'); END")
        with pytest.raises(StoreError, match="stop"):
            store.save(0, PARTS)
        store._connection.execute("DROP TRIGGER stop")
        assert store.done() == set()
        store.save(0, PARTS)
        assert store.done() == {0}


def test_another_plan_is_refused(path):
    with RunStore.open(path, key=KEY) as store:
        store.pin(Plan(10, 5))
        store.pin(Plan(10, 5))
        with pytest.raises(StoreError, match=r"chunks of 4.*chunks of 5.*--fresh"):
            store.pin(Plan(10, 4))


def test_a_missing_chunk_and_a_missing_part_are_named(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
        with pytest.raises(StoreError, match="Chunk 1 is not in"):
            store.load(1)
        with pytest.raises(StoreError, match='no part called "saliency"'):
            store.part(0, "saliency")


def test_a_damaged_blob_is_found(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
        content = store._connection.execute("SELECT content FROM array WHERE name = 'z'").fetchone()[0]
        damaged = content[:-1] + bytes([content[-1] ^ 1])
        store._connection.execute("UPDATE array SET content = ? WHERE name = 'z'", (damaged,))
        with pytest.raises(StoreError, match=r"Chunk 0.*damaged.*fairness\.z.*--fresh"):
            store.load(0)


def test_a_store_of_another_version_is_refused_and_fresh_replaces_it(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another version.*version 99.*--fresh"):
        RunStore.open(path, key=KEY)
    assert path.read_bytes() == before
    with RunStore.open(path, key=KEY, fresh=True) as store:
        assert store.done() == set()


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("content", [b"not a database at all", b"SQLite format 3\x00" + b"\x00" * 90])
def test_a_foreign_file_is_refused_and_left_alone(path, content, fresh):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"not a run store.*Choose another folder"):
        RunStore.open(path, key=KEY, fresh=fresh)
    assert path.read_bytes() == content


def test_a_foreign_database_is_refused_and_left_alone(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE run (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a run store"):
        RunStore.open(path, key=KEY, fresh=True)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(path):
    path.parent.mkdir()
    path.touch()
    with RunStore.open(path, key=KEY) as store:
        assert store.done() == set()


def test_a_damaged_file_is_told(path):
    with RunStore.open(path, key=KEY) as store:
        for index in range(20):
            store.save(index, PARTS)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), RunStore.open(path, key=KEY) as store:
        store.load(0)


def test_a_store_held_by_another_process_is_told(path):
    with RunStore.open(path, key=KEY, timeout=0.05) as store:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process"):
            store.save(0, PARTS)
        with pytest.raises(StoreError, match="another process"):
            RunStore.open(path, key={"other": "key"}, timeout=0.05)
        holder.execute("ROLLBACK")
        holder.close()
        store.save(0, PARTS)
        assert store.done() == {0}


def test_many_writers_at_once_lose_nothing(path):
    errors = []

    def work(number):
        try:
            with RunStore.open(path, key={"model": str(number % 2)}, timeout=30) as store:
                for index in range(number, 24, 2):
                    store.save(index, PARTS)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for model in ("0", "1"):
        with RunStore.open(path, key={"model": model}) as store:
            assert store.done() == set(range(int(model), 24, 2))
            same(store.load(4 + int(model)), PARTS)


def test_starting_over_elsewhere_is_told_to_the_run_that_goes_on(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
        RunStore.open(path, key=KEY, fresh=True).close()
        with pytest.raises(StoreError, match="removed"):
            store.save(1, PARTS)
        with pytest.raises(StoreError, match="not in the run store"):
            store.load(0)


def test_a_full_disk_keeps_what_was_finished(path):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
        pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
        store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        with pytest.raises(OutputError, match=r"disk is full.*kept"):
            store.save(1, {"big": Part(columns={"c": np.zeros(100_000)})})
        assert store.done() == {0}
        store._connection.execute("PRAGMA max_page_count = 100000")
        store.save(1, PARTS)
    with RunStore.open(path, key=KEY) as store:
        assert store.done() == {0, 1}
        same(store.load(0), PARTS)


def test_a_store_that_cannot_be_written_is_told(path):
    with RunStore.open(path, key=KEY) as store:
        store._connection.execute("PRAGMA query_only = 1")
        with pytest.raises(OutputError, match="cannot be written"):
            store.save(0, PARTS)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        RunStore.open(tmp_path / "file" / "run.store", key=KEY)


def test_a_read_only_folder_is_told(path, read_only):
    RunStore.open(path, key=KEY).close()
    with (
        read_only() as folder,
        pytest.raises(OutputError, match=r"cannot be written.*(unable to open|ermission|readonly)"),
    ):
        RunStore.open(folder / "run.store", key=KEY)


def test_the_digest_depends_on_names_and_values_alone():
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert len({digest(key) for key in ({"a": "1"}, {"a": "2"}, {"b": "1"}, {"a1": ""}, {})}) == 5


def forged(connection):
    """What someone who knows the code, but not the secret, can do."""
    content, checksum = encode("x", np.array([0.9]))
    connection.execute("UPDATE array SET content = ?, checksum = ? WHERE name = 'a'", (content, checksum))


@pytest.mark.parametrize(
    "change",
    [
        forged,
        lambda connection: connection.execute("DELETE FROM array WHERE name = 'a'"),
        lambda connection: connection.execute("UPDATE array SET name = 'b' WHERE name = 'a'"),
        lambda connection: connection.execute("UPDATE chunk SET number = 1"),
        lambda connection: connection.execute("UPDATE chunk SET parts = '[\"fairness\"]'"),
        lambda connection: connection.execute("UPDATE chunk SET parts = '{not json'"),
        lambda connection: connection.execute("UPDATE chunk SET parts = 7, seal = 7"),
        lambda connection: connection.execute("UPDATE chunk SET seal = randomblob(16)"),
    ],
)
def test_a_chunk_that_was_altered_is_refused_whatever_its_checksums_say(path, change):
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = OFF")
    change(connection)
    connection.execute("UPDATE array SET chunk = (SELECT number FROM chunk)")
    connection.commit()
    connection.close()
    with RunStore.open(path, key=KEY) as store, pytest.raises(StoreError, match=r"damaged.*--fresh"):
        store.load(min(store.done()))


def test_a_store_of_another_secret_is_kept_and_not_continued(path, monkeypatch):
    monkeypatch.setenv("FAIRAUDIT_STORE_KEY", "elsewhere")
    with RunStore.open(path, key=KEY) as store:
        store.save(0, PARTS)
    monkeypatch.setenv("FAIRAUDIT_STORE_KEY", "here")
    with RunStore.open(path, key=KEY) as store:
        assert (store.done(), store.changed) == (set(), ("writer",))
    monkeypatch.setenv("FAIRAUDIT_STORE_KEY", "elsewhere")
    with RunStore.open(path, key=KEY) as store:
        assert store.done() == {0}
        same(store.load(0), PARTS)


def test_a_chunk_moved_to_another_run_is_refused(path):
    other = {**KEY, "model": "other"}
    for key in (KEY, other):
        with RunStore.open(path, key=key) as store:
            if key is KEY:
                store.save(0, PARTS)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("UPDATE chunk SET run = 2")
    connection.execute("UPDATE array SET run = 2")
    connection.commit()
    connection.close()
    with RunStore.open(path, key=other) as store, pytest.raises(StoreError, match="damaged"):
        store.load(0)


def test_a_key_that_is_no_json_does_not_stop_a_new_run(path):
    RunStore.open(path, key=KEY).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE run SET key = '{broken'")
    connection.commit()
    connection.close()
    with RunStore.open(path, key={"model": "new"}) as store:
        assert store.done() == set()
