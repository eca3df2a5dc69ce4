"""Saved maps are paired with the manifest by id, in every form they are saved in."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fairaudit.audits.regions.map_ids import manifest_rows, maps_folder, same_ids, saved_ids
from fairaudit.audits.regions.map_shards import npy, tensors
from fairaudit.errors import DataError

IDS = ["c", "a", "e"]
MAPS = np.zeros((3, 2, 2), np.float32)


def saved(folder, kind, ids=IDS):
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "safetensors":
        for place in range(0, 3, 2):
            part = slice(place, place + 2)
            rows = np.arange(3)[part]
            content = tensors(MAPS[part], rows, ids[part], about={"model": "m", "method": "lrp"})
            (folder / f"{place:08d}.safetensors").write_bytes(content)
        return folder
    (folder.parent / "rows").mkdir(exist_ok=True)
    for place in range(0, 3, 2):
        part = slice(place, place + 2)
        (folder / f"{place:08d}.npy").write_bytes(npy(MAPS[part]))
        (folder.parent / "rows" / f"{place:08d}.json").write_text(json.dumps(ids[part]))
        (folder.parent / "rows" / f"{place:08d}.npy").write_bytes(npy(np.arange(3)[part]))
    return folder


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_rows_follow_from_the_ids_and_not_from_their_place(tmp_path, kind):
    folder = saved(tmp_path / "model" / "lrp", kind)
    assert saved_ids(folder) == IDS
    assert manifest_rows(folder, ["a", "b", "c", "d", "e"], manifest="m").tolist() == [2, 0, 4]


@pytest.mark.parametrize("kind", ["npy", "safetensors"])
def test_images_that_are_not_in_the_manifest_are_refused(tmp_path, kind):
    folder = saved(tmp_path / "model" / "lrp", kind)
    with pytest.raises(DataError, match=r"other images than the manifest's.*1 of 3 ids.*such as e"):
        manifest_rows(folder, ["a", "b", "c"], manifest="m")
    twice = saved(tmp_path / "twice" / "lrp", kind, ["c", "c", "a"])
    with pytest.raises(DataError, match="an id twice"):
        manifest_rows(twice, ["a", "c"], manifest="m")


def test_maps_without_ids_are_one_per_row(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy(MAPS))
    assert manifest_rows(tmp_path / "a.npy", ["a"], manifest="m") is None
    assert manifest_rows(tmp_path, ["a"], manifest="m") is None


def test_a_baseline_of_other_images_is_refused(tmp_path):
    left, same = saved(tmp_path / "m" / "lrp", "npy"), saved(tmp_path / "n" / "lrp", "npy")
    same_ids(left, same)
    with pytest.raises(DataError, match=r"other images.*2 that differ"):
        same_ids(left, saved(tmp_path / "o" / "lrp", "npy", ["a", "c", "e"]))


def test_the_only_folder_below_is_found_and_several_are_named(tmp_path):
    folder = saved(tmp_path / "maps" / "model" / "lrp", "npy")
    assert maps_folder(tmp_path / "maps") == maps_folder(tmp_path / "maps" / "model") == maps_folder(folder) == folder
    saved(tmp_path / "maps" / "model" / "gradient", "npy")
    with pytest.raises(DataError, match=r"several methods.*gradient.*lrp"):
        maps_folder(tmp_path / "maps")


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff", b"[" * 100_000])
def test_broken_ids_are_told(tmp_path, content):
    folder = saved(tmp_path / "model" / "lrp", "npy")
    next((tmp_path / "model" / "rows").glob("*.json")).write_bytes(content)
    with pytest.raises(DataError, match="ids of the maps"):
        saved_ids(folder)
