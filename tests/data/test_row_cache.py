"""Rows kept in a file: the same bits back, nothing from a file that somebody else or half a write has touched."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
import torch

from fairaudit.data.row_cache import CachedRow, RowCache, forget, room

SHAPE = (3, 5, 7)
MASKS = ("tie", "hat")


def cache(path, *, label="l", rows=10, limit=1 << 20, secret=b"s" * 32):
    return RowCache(path, label=label, shape=SHAPE, masks=MASKS, rows=rows, limit=limit, secret=secret)


def row(seed, note=""):
    draw = np.random.default_rng(seed)
    pixels = torch.from_numpy(draw.integers(0, 256, SHAPE, dtype=np.uint8))
    return CachedRow(pixels=pixels, masks={name: draw.random(SHAPE[1:]) < 0.5 for name in MASKS}, note=note)


def same(left, right):
    return (
        torch.equal(left.pixels, right.pixels)
        and left.note == right.note
        and all(np.array_equal(left.masks[name], right.masks[name]) for name in MASKS)
    )


def test_rows_come_back_as_they_were(tmp_path):
    path = tmp_path / "deep" / "pixels"
    first = cache(path)
    for number in range(10):
        first.put(number, row(number, f"née {number}"))
    for reader in (first, cache(path)):
        assert all(same(reader.get(number), row(number, f"née {number}")) for number in range(10))
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_never_written_is_not_there(tmp_path):
    kept = cache(tmp_path / "pixels")
    assert kept.get(3) is None
    kept.put(7, row(7))
    assert kept.get(3) is None  # zeros before it


def test_the_file_keeps_to_its_limit(tmp_path):
    record = cache(tmp_path / "one").record
    kept = cache(tmp_path / "pixels", limit=3 * record + 5)
    for number in range(10):
        kept.put(number, row(number))
    assert [kept.get(number) is not None for number in range(10)] == [True] * 3 + [False] * 7
    assert (tmp_path / "pixels").stat().st_size == 3 * record
    assert kept.left == 5
    nothing = cache(tmp_path / "none", limit=0)
    nothing.put(0, row(0))
    assert nothing.get(0) is None
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("seed", range(20))
def test_a_changed_byte_anywhere_is_found(tmp_path, seed):
    kept = cache(tmp_path / "pixels")
    kept.put(0, row(0, "note"))
    content = bytearray((tmp_path / "pixels").read_bytes())
    place = int(np.random.default_rng(seed).integers(len(content)))
    content[place] ^= 1 << (seed % 8)
    (tmp_path / "pixels").write_bytes(content)
    assert kept.get(0) is None


def test_half_a_row_is_not_there(tmp_path):
    kept = cache(tmp_path / "pixels")
    kept.put(0, row(0))
    content = (tmp_path / "pixels").read_bytes()
    for length in (0, 10, len(content) // 2, len(content) - 1):
        (tmp_path / "pixels").write_bytes(content[:length])
        assert kept.get(0) is None
        (tmp_path / "pixels").write_bytes(content[:length] + bytes(len(content) - length))
        assert length == len(content) - 1 or kept.get(0) is None


def test_rows_of_other_data_other_users_and_other_places_are_not_taken(tmp_path):
    path = tmp_path / "pixels"
    cache(path).put(0, row(0))
    assert cache(path, label="other").get(0) is None
    assert cache(path, secret=b"t" * 32).get(0) is None
    content = path.read_bytes()
    path.write_bytes(content * 2)
    assert cache(path).get(1) is None


def test_rows_that_do_not_fit_are_left_out(tmp_path):
    kept = cache(tmp_path / "pixels")
    kept.put(0, row(0, "x" * 255))
    kept.put(1, CachedRow(pixels=torch.zeros((3, 5, 8), dtype=torch.uint8), masks={}, note=""))
    assert kept.get(0) is None
    assert kept.get(1) is None


def test_a_disk_that_refuses_ends_the_cache_and_not_the_run(tmp_path, monkeypatch):
    kept = cache(tmp_path / "pixels")
    kept.put(0, row(0))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    kept.put(1, row(1))
    assert kept.get(0) is None
    (tmp_path / "folder").mkdir()
    closed = cache(tmp_path / "folder")
    closed.put(0, row(0))
    assert closed.get(0) is None


def test_threads_and_several_openings_of_one_file(tmp_path):
    caches = [cache(tmp_path / "pixels") for _ in range(3)]
    wrong = []

    def work(kept, seed):
        for number in np.random.default_rng(seed).integers(0, 10, 200).tolist():
            found = kept.get(number)
            if found is None:
                kept.put(number, row(number))
            elif not same(found, row(number)):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(caches[n % 3], n)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(same(caches[0].get(number), row(number)) for number in range(10))


def test_a_cache_beside_has_its_own_file_and_the_rest_of_the_room(tmp_path):
    whole = cache(tmp_path / "pixels", limit=1 << 16)
    twins = whole.beside("twins-0")
    twins.put(0, CachedRow(pixels=row(5).pixels, masks={}, note=""))
    assert torch.equal(twins.get(0).pixels, row(5).pixels)
    assert whole.get(0) is None
    assert whole.capacity * whole.record + twins.capacity * twins.record <= 1 << 16
    forget(tmp_path / "pixels")
    assert list(tmp_path.iterdir()) == []


def test_half_of_the_disk_is_left(tmp_path):
    assert room(tmp_path / "new", 1000) == 1000
    assert room(tmp_path, 1 << 62) < 1 << 62


def test_another_process_opens_the_same_file(tmp_path):
    kept = cache(tmp_path / "pixels")
    kept.put(1, row(1))
    again = pickle.loads(pickle.dumps(kept))  # noqa: S301
    assert same(again.get(1), row(1))
    again.put(2, row(2))
    assert same(kept.get(2), row(2))
    assert again.capacity == kept.capacity
