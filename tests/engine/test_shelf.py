"""Entries come back as they were written, or not at all."""

import os
import pickle

import numpy as np
import pytest

from fairaudit.engine.shelf import Shelf


@pytest.fixture
def shelf(tmp_path):
    return Shelf(folder=tmp_path / "shelf", limit=10**6, secret=b"mine")


def test_arrays_come_back_as_they_were(shelf):
    arrays = {
        "maps": np.arange(12.0, dtype=np.float32).reshape(3, 4).T,  # not in the order of memory
        "scores": np.array([np.nan, -0.0, np.inf]),
        "count": np.array(3),
        "flags": np.array([True, False]),
        "none": np.zeros((0, 2), np.int32),
    }
    assert shelf.get("a") is None
    shelf.put("a", arrays)
    found = pickle.loads(pickle.dumps(shelf)).get("a")  # noqa: S301 (as another process gets it)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.writeable  # as torch wants it
    assert shelf.get("b") is None


def test_only_its_owner_can_read_an_entry(shelf):
    shelf.put("a", {"x": np.ones(2)})
    (path,) = shelf.folder.iterdir()
    assert os.name == "nt" or path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", [0, 15, 16, 40, -1])
def test_an_entry_that_was_changed_is_none(shelf, place):
    shelf.put("a", {"x": np.ones(20)})
    (path,) = shelf.folder.iterdir()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert shelf.get("a") is None
    shelf.put("a", {"x": np.ones(20)})
    assert shelf.get("a") is not None


def test_an_entry_under_another_name_or_of_another_secret_is_none(shelf):
    shelf.put("a", {"x": np.ones(20)})
    (path,) = shelf.folder.iterdir()
    path.rename(shelf._path("b"))
    assert shelf.get("b") is None
    path = shelf._path("b").rename(path)
    assert Shelf(folder=shelf.folder, limit=10**6, secret=b"of another").get("a") is None
    path.write_bytes(path.read_bytes()[:30])
    assert shelf.get("a") is None
    path.write_bytes(b"")
    assert shelf.get("a") is None


def test_a_full_shelf_keeps_what_it_has(shelf):
    small = Shelf(folder=shelf.folder, limit=1000, secret=b"mine")
    small.put("a", {"x": np.ones(60)})
    small.put("b", {"x": np.ones(60)})
    assert small.get("a") is not None
    assert small.get("b") is None
    assert len(list(small.folder.iterdir())) == 1


def test_what_others_kept_counts(shelf):
    """Another process fills the shelf; this one looks at its first entry and then from time to time."""
    other = pickle.loads(pickle.dumps(shelf))  # noqa: S301 (as another process gets it)
    other.put("a", {"x": np.ones(60)})
    (path,) = shelf.folder.iterdir()
    size = path.stat().st_size
    room = Shelf(folder=shelf.folder, limit=int(1.5 * size), secret=b"mine")
    room.put("b", {"x": np.ones(60)})
    assert room.get("b") is None
    room = Shelf(folder=shelf.folder, limit=500 * size, secret=b"mine")
    for number in range(600):
        room.put(f"{number}", {"x": np.ones(60)})
    assert len(list(shelf.folder.iterdir())) == 500


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path):
    (tmp_path / "file").touch()
    shelf = Shelf(folder=tmp_path / "file" / "shelf", limit=10**6, secret=b"mine")
    shelf.put("a", {"x": np.ones(2)})
    assert shelf.get("a") is None


def test_nothing_is_left(shelf):
    shelf.put("a", {"x": np.ones(2)})
    shelf.clear()
    assert not shelf.folder.exists()
    shelf.clear()
