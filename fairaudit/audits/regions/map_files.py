"""Relevance maps of other tools, or of an earlier run, from files; and regions on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.regions.map_shards import FORMATS, ROWS, own_rows, read_array
from fairaudit.errors import DataError, RegionError
from fairaudit.results.provenance import file_sha256

Floats = NDArray[np.float64]


def read_maps(path: Path) -> Floats:
    """Relevance maps of a .npy or safetensors file, or of all such files of a folder in the order of their names.

    A safetensors file holds them as the tensor `maps`, or as its only one. Nothing is unpickled.

    Raises:
        DataError: a file cannot be read, is no number array [image, row, column], or holds NaN or infinity; a folder
            has no such file, or of both formats, its maps differ in size, or they are of several runs of `--save-maps`.
    """
    if not path.is_dir():
        return _read(path)
    saved_rows(path)  # maps of two runs are never read as one
    parts = [_read(file) for file in _shards(path)]
    sizes = {part.shape[1:] for part in parts}
    if len(sizes) > 1:
        raise DataError("The maps of a folder differ in size", found=", ".join(map(str, sizes)), where=str(path))
    return np.concatenate(parts)


def saved_rows(path: Path) -> NDArray[np.int64] | None:
    """Manifest rows of a folder of maps that `--save-maps` wrote; None for other maps, which are one per row.

    Raises:
        DataError: shards of two runs are mixed, so that rows occur twice, or some shards have none.
    """
    if not path.is_dir():
        return None
    shards = _shards(path)
    beside = path.parent / ROWS
    if shards[0].suffix == ".safetensors":
        found = [own_rows(shard) for shard in shards]
        names = [shard.stem for shard, own in zip(shards, found, strict=True) if own is not None]
    elif beside.is_dir():
        found = [read_array(file) for file in _shards(beside)]
        names = [file.stem for file in _shards(beside)]
    else:
        return None
    parts = [own for own in found if own is not None]
    if not parts:
        return None
    rows = np.concatenate(parts).astype(np.int64)
    if (np.diff(rows) <= 0).any():
        raise DataError(
            "The folder holds maps of several runs", where=str(path), advice="Write them again into an empty folder."
        )
    if names != [shard.stem for shard in shards]:
        raise DataError(
            "Not every shard of maps has its rows",
            wanted=f"rows for {len(shards)} shards",
            found=f"rows for {len(names)}",
            where=str(path),
            advice="The run that saved them may have been stopped: run the same command again.",
        )
    return rows


def digest_of(path: Path) -> str:
    """SHA-256 of a file, or over those of a folder's shards."""
    if not path.is_dir():
        return file_sha256(path)
    return hashlib.sha256("".join(file_sha256(file) for file in _shards(path)).encode()).hexdigest()


def fitting_masks(region: str, masks: NDArray[np.bool_], maps: Floats) -> NDArray[np.bool_]:
    """The masks, one per map.

    Raises:
        RegionError: there is another number of them, or they have another size.
    """
    if masks.shape != maps.shape:
        raise RegionError(
            f'The region "{region}" does not lie in the maps',
            wanted=f"masks {list(maps.shape)}",
            found=f"{list(masks.shape)}",
            where=f"regions.{region}",
            advice="preprocess.size must be the size of the maps.",
        )
    return masks


def _shards(folder: Path) -> list[Path]:
    files = {kind: sorted(folder.glob(f"*.{kind}")) for kind in FORMATS}
    some = [found for found in files.values() if found]
    if not some:
        raise DataError("The folder holds no maps", wanted=".npy or .safetensors files", where=str(folder))
    if len(some) > 1:
        raise DataError(
            "The folder holds maps in two formats",
            wanted="one of .npy and .safetensors",
            found=", ".join(f"{len(found)} .{kind}" for kind, found in files.items()),
            where=str(folder),
            advice="Move one of them away.",
        )
    return some[0]


def _read(path: Path) -> Floats:
    maps = read_array(path)
    real = np.issubdtype(maps.dtype, np.floating) or np.issubdtype(maps.dtype, np.integer)
    if maps.ndim != 3 or not real or not maps.size:
        found = f"{maps.dtype} {list(maps.shape)}"
        raise DataError("The file holds no maps", wanted="numbers [image, row, column]", found=found, where=str(path))
    if not np.isfinite(maps).all():
        raise DataError("The maps hold NaN or infinity", where=str(path))
    return maps.astype(np.float64)


def box_mask(region: str, box: Sequence[float], height: int, width: int) -> NDArray[np.bool_]:
    """Pixels [row, column] of a box x0, y0, x1, y1 in pixels, end-exclusive: those whose centre is inside.

    Raises:
        RegionError: the box has no area or leaves the maps.

    >>> box_mask("tie", (1, 0, 3, 1), height=2, width=3).astype(int).tolist()
    [[0, 1, 1], [0, 0, 0]]
    """
    x0, y0, x1, y1 = box
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise RegionError(
            f'The region "{region}" does not lie in the maps',
            wanted=f"0 <= x0 < x1 <= {width} and 0 <= y0 < y1 <= {height}, in pixels of the maps",
            found=f"{x0:g}, {y0:g}, {x1:g}, {y1:g}",
            where="--region-box",
        )
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    return ((rows >= y0) & (rows < y1))[:, None] & ((columns >= x0) & (columns < x1))[None, :]
