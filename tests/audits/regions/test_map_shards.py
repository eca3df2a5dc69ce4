import json
import os

import numpy as np
import pytest
from safetensors import safe_open

from fairaudit.audits.regions.map_files import read_maps
from fairaudit.audits.regions.map_shards import blocks, npy, own_rows, read_array, tensors
from fairaudit.errors import DataError

MAPS = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
ROWS = np.array([0, 1, 3, 4, 7])


def shard(folder, rows, name=None):
    content = tensors(MAPS[: len(rows)], rows, [f"face {row}" for row in rows], about={"method": "lrp"})
    (folder / (name or f"{rows[0]:08d}.safetensors")).write_bytes(content)


@pytest.mark.parametrize("most", [1, 24, 49, 1000])
def test_blocks_cover_every_map_once_and_are_no_longer_than_allowed(most):
    parts = list(blocks(5, 24, most=most))
    assert [row for part in parts for row in range(5)[part]] == list(range(5))
    assert max(part.stop - part.start for part in parts) == {1: 1, 24: 1, 49: 2, 1000: 5}[most]


def test_a_safetensors_shard_tells_its_rows_and_ids_to_any_reader(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(tensors(MAPS, ROWS, ["é", "b", "c", "d", "e"], about={"model": "biased"}))
    with safe_open(tmp_path / "a.safetensors", framework="numpy") as file:
        assert sorted(file.keys()) == ["maps", "rows"]
        assert file.get_tensor("maps").dtype == np.float32
        assert json.loads(file.metadata()["ids"]) == ["é", "b", "c", "d", "e"]
        assert file.metadata()["model"] == "biased"
    np.testing.assert_array_equal(read_maps(tmp_path / "a.safetensors"), MAPS)
    np.testing.assert_array_equal(own_rows(tmp_path / "a.safetensors"), ROWS)


@pytest.mark.parametrize("name", ["cut.npy", "cut.safetensors"])
def test_a_file_that_was_cut_off_is_refused(tmp_path, name):
    content = npy(MAPS) if name.endswith("npy") else tensors(MAPS, ROWS, list("abcde"), about={})
    (tmp_path / name).write_bytes(content[:-7])
    with pytest.raises(DataError, match="cannot be read"):
        read_array(tmp_path / name)


def test_an_archive_and_what_is_not_real_numbers_are_refused(tmp_path):
    with (tmp_path / "archive.npy").open("wb") as file:
        np.savez(file, a=MAPS)
    with pytest.raises(DataError, match="archive"):
        read_maps(tmp_path / "archive.npy")
    for bad in (MAPS > 0, MAPS.astype(complex), MAPS[0]):
        (tmp_path / "bad.npy").write_bytes(npy(bad))
        with pytest.raises(DataError, match="holds no maps"):
            read_maps(tmp_path / "bad.npy")


@pytest.mark.parametrize("name", ["00000000.npy", "00000000.safetensors"])
def test_a_pipe_among_the_shards_is_never_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match="a pipe"):
        read_maps(tmp_path)
