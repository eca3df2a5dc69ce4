"""Shards on disk: cut at a size, rewritten by a run that goes on, whole or not at all on a full disk."""

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.regions.map_files import read_maps, saved_rows
from fairaudit.audits.regions.map_shards import blocks
from fairaudit.audits.saliency import save_maps as module
from fairaudit.audits.saliency.save_maps import MapShard, SavedMaps
from fairaudit.errors import OutputError

ALL = torch.from_numpy(np.random.default_rng(0).normal(size=(10, 2, 3)))


def study(folder):
    return SimpleNamespace(
        candidate=SimpleNamespace(path=folder / "net.pt"),
        options=SimpleNamespace(output=folder),
        manifest=SimpleNamespace(ids=[f"face {row}" for row in range(10)]),
    )


def context(rows):
    rows = np.array(rows)
    batch = SimpleNamespace(rows=rows, images=torch.zeros(len(rows), 3, 2, 3))
    made = SimpleNamespace(maps=ALL[torch.from_numpy(rows)])
    return SimpleNamespace(batch=batch, candidate=None, baseline=None, attribution=lambda method, predictions: made)


def saver(folder, kind):
    return SavedMaps(study(folder), [SimpleNamespace(name="lrp")], kind=kind)


@pytest.fixture(params=["npy", "safetensors"])
def kind(request):
    return request.param


def read(folder):
    path = folder / "maps" / "net" / "lrp"
    return read_maps(path), saved_rows(path)


def names(folder):
    return sorted(path.name for path in (folder / "maps" / "net" / "lrp").iterdir())


def test_maps_come_back_with_their_rows_and_ids(tmp_path, kind):
    saved = saver(tmp_path, kind)
    for rows in ([0, 1, 2], [4, 7]):
        saved.map(context(rows))
    maps, rows = read(tmp_path)
    assert rows.tolist() == [0, 1, 2, 4, 7]
    np.testing.assert_array_equal(maps, ALL[rows].numpy().astype(np.float32))
    if kind == "npy":
        ids = [json.loads(path.read_text()) for path in sorted((tmp_path / "maps/net/rows").glob("*.json"))]
        assert ids == [["face 0", "face 1", "face 2"], ["face 4", "face 7"]]


def test_a_shard_is_cut_where_it_would_become_too_long(tmp_path, kind, monkeypatch):
    # A map is 2 · 3 · 4 bytes.
    monkeypatch.setattr(module, "blocks", lambda count, size: blocks(count, size, most=2 * 24))
    saver(tmp_path, kind).map(context(range(5)))
    assert names(tmp_path) == [f"0000000{first}.{kind}" for first in (0, 2, 4)]
    assert read(tmp_path)[1].tolist() == [0, 1, 2, 3, 4]


def test_a_run_that_goes_on_with_longer_batches_leaves_no_map_twice(tmp_path, kind):
    for rows in ([0, 1], [2, 3], [4, 5]):
        saver(tmp_path, kind).map(context(rows))
    saver(tmp_path, kind).map(context(range(4)))
    assert names(tmp_path) == [f"0000000{first}.{kind}" for first in (0, 4)]
    maps, rows = read(tmp_path)
    assert rows.tolist() == list(range(6))
    np.testing.assert_array_equal(maps, ALL[:6].numpy().astype(np.float32))


def test_a_run_in_the_other_format_takes_the_place_of_the_first(tmp_path, kind):
    other = {"npy": "safetensors", "safetensors": "npy"}[kind]
    saver(tmp_path, other).map(context(range(4)))
    saver(tmp_path, kind).map(context(range(4)))
    assert names(tmp_path) == [f"00000000.{kind}"]
    assert read(tmp_path)[1].tolist() == [0, 1, 2, 3]


def test_other_files_in_the_folder_stay(tmp_path):
    for name in ("notes.npy", "00000009.npy", "00000001.npy"):
        (tmp_path / name).touch()
    MapShard(folder=tmp_path, first=0, last=5).clear()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000009.npy", "notes.npy"]


def test_a_disk_that_fills_up_leaves_whole_shards_only(tmp_path, kind, monkeypatch):
    saver(tmp_path, kind).map(context([0, 1]))

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        saver(tmp_path, kind).map(context([2, 3]))
    monkeypatch.undo()
    assert names(tmp_path) == [f"00000000.{kind}"]
    assert read(tmp_path)[1].tolist() == [0, 1]


def test_maps_written_before_a_kill_without_their_rows_are_written_again(tmp_path, monkeypatch):
    saver(tmp_path, "npy").map(context([0, 1]))

    def killed(self, rows):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SavedMaps, "_write_rows", killed)
        with pytest.raises(KeyboardInterrupt):
            saver(tmp_path, "npy").map(context([2, 3]))
    with pytest.raises(Exception, match="stopped"):
        read(tmp_path)
    saver(tmp_path, "npy").map(context([2, 3]))
    assert read(tmp_path)[1].tolist() == [0, 1, 2, 3]
