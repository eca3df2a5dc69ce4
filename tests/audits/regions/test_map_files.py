"""Maps of other tools and of earlier runs, from files; and boxes and masks on them."""

import hashlib

import numpy as np
import pytest
from safetensors.numpy import save_file

from fairaudit.audits.regions.map_files import box_mask, digest_of, fitting_masks, read_maps, saved_rows
from fairaudit.audits.regions.map_shards import npy, tensors
from fairaudit.errors import DataError, RegionError

MAPS = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32)
ROWS = np.array([0, 1, 3, 4, 7])


def shard(folder, rows, name=None):
    content = tensors(MAPS[: len(rows)], rows, [f"face {row}" for row in rows], about={"method": "lrp"})
    (folder / (name or f"{rows[0]:08d}.safetensors")).write_bytes(content)


def test_a_folder_of_shards_is_its_maps_in_the_order_of_rows(tmp_path):
    shard(tmp_path, np.array([8, 9]))
    shard(tmp_path, ROWS)
    np.testing.assert_array_equal(read_maps(tmp_path), np.concatenate([MAPS, MAPS[:2]]))
    assert saved_rows(tmp_path).tolist() == [0, 1, 3, 4, 7, 8, 9]


def test_the_only_tensor_of_another_tool_is_taken_and_a_choice_is_refused(tmp_path):
    save_file({"attributions": MAPS}, tmp_path / "one.safetensors")
    np.testing.assert_array_equal(read_maps(tmp_path / "one.safetensors"), MAPS)
    assert saved_rows(tmp_path) is None
    save_file({"b": MAPS, "a": MAPS}, tmp_path / "two.safetensors")
    with pytest.raises(DataError, match='no tensor "maps" among a, b'):
        read_maps(tmp_path / "two.safetensors")


def test_a_folder_of_both_formats_is_refused(tmp_path):
    shard(tmp_path, ROWS)
    (tmp_path / "00000008.npy").write_bytes(npy(MAPS))
    with pytest.raises(DataError, match=r"two formats.*1 \.npy, 1 \.safetensors"):
        read_maps(tmp_path)


def test_shards_whose_rows_overlap_or_are_missing_are_refused(tmp_path):
    shard(tmp_path, ROWS)
    shard(tmp_path, np.array([4, 9]))
    with pytest.raises(DataError, match="several runs"):
        saved_rows(tmp_path)
    (tmp_path / "00000004.safetensors").unlink()
    save_file({"maps": MAPS}, tmp_path / "00000008.safetensors")
    with pytest.raises(DataError, match=r"rows for 2 shards.*rows for 1"):
        saved_rows(tmp_path)


def test_npy_shards_without_rows_are_refused(tmp_path):
    (tmp_path / "lrp").mkdir()
    (tmp_path / "rows").mkdir()
    for first in (0, 8):
        (tmp_path / "lrp" / f"{first:08d}.npy").write_bytes(npy(MAPS))
    (tmp_path / "rows" / "00000000.npy").write_bytes(npy(ROWS))
    with pytest.raises(DataError, match="stopped"):
        saved_rows(tmp_path / "lrp")


@pytest.mark.parametrize(
    ("box", "wanted"),
    [
        ((0, 0, 3, 2), [[1, 1, 1], [1, 1, 1]]),
        ((1, 0, 2, 1), [[0, 1, 0], [0, 0, 0]]),
        ((0.4, 0.4, 2.6, 1.6), [[1, 1, 1], [1, 1, 1]]),  # pixels whose centre is inside
        ((0.6, 0.6, 2.4, 1.6), [[0, 0, 0], [0, 1, 0]]),
    ],
)
def test_pixels_whose_centre_is_inside(box, wanted):
    assert box_mask("tie", box, height=2, width=3).astype(int).tolist() == wanted


@pytest.mark.parametrize("box", [(1, 0, 1, 2), (0, 0, 4, 2), (-1, 0, 2, 2), (2, 0, 1, 2)])
def test_a_box_outside_or_without_area_is_refused(box):
    with pytest.raises(RegionError, match="does not lie in the maps"):
        box_mask("tie", box, height=2, width=3)


def test_masks_are_one_per_map_and_of_its_size():
    maps = np.zeros((2, 3, 4))
    assert fitting_masks("tie", np.ones((2, 3, 4), bool), maps).all()
    for shape in ((1, 3, 4), (2, 4, 3)):
        with pytest.raises(RegionError, match="does not lie in the maps"):
            fitting_masks("tie", np.ones(shape, bool), maps)


def test_maps_that_are_none_are_refused(tmp_path):
    bad = {"two axes": MAPS[0], "not finite": MAPS * np.nan, "true": MAPS > 0, "empty": MAPS[:0]}
    for name, values in bad.items():
        np.save(tmp_path / f"{name}.npy", values)
        with pytest.raises(DataError, match="hold"):
            read_maps(tmp_path / f"{name}.npy")
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no maps"):
        read_maps(tmp_path / "none")


def test_the_digest_is_over_the_shards(tmp_path):
    for number in range(2):
        (tmp_path / f"{number}.npy").write_bytes(npy(MAPS + number))
    single = [hashlib.sha256((tmp_path / f"{number}.npy").read_bytes()).hexdigest() for number in range(2)]
    assert digest_of(tmp_path / "0.npy") == single[0]
    assert digest_of(tmp_path) == hashlib.sha256("".join(single).encode()).hexdigest()
