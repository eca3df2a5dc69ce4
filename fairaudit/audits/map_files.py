"""Relevance maps of other tools, or of an earlier run, from files; and regions on them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.errors import DataError, RegionError
from fairaudit.results.provenance import file_sha256

Floats = NDArray[np.float64]

ROWS = "rows"
"""Folder beside those of the methods, with the manifest rows of every shard of maps that a run saved."""


def read_maps(path: Path) -> Floats:
    """Relevance maps of a .npy file, or of all .npy files of a folder in the order of their names.

    Nothing is unpickled.

    Raises:
        DataError: a file cannot be read, is no number array [image, row, column], or holds NaN or infinity; a folder
            has no such file, or its maps differ in size.
    """
    if not path.is_dir():
        return _read(path)
    parts = [_read(file) for file in _shards(path)]
    sizes = {part.shape[1:] for part in parts}
    if len(sizes) > 1:
        raise DataError("The maps of a folder differ in size", found=", ".join(map(str, sizes)), where=str(path))
    return np.concatenate(parts)


def saved_rows(path: Path) -> NDArray[np.int64] | None:
    """Manifest rows of a folder of maps that `--save-maps` wrote; None for other maps, which are one per row.

    Raises:
        DataError: shards of two runs are mixed, so that rows are there twice.
    """
    folder = path.parent / ROWS
    if not path.is_dir() or not folder.is_dir():
        return None
    rows = np.concatenate([np.load(file, allow_pickle=False) for file in _shards(folder)]).astype(np.int64)
    if (np.diff(rows) <= 0).any():
        raise DataError(
            "The folder holds maps of several runs", where=str(path), advice="Write them again into an empty folder."
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
    files = sorted(folder.glob("*.npy"))
    if not files:
        raise DataError("The folder holds no maps", wanted=".npy files", where=str(folder))
    return files


def _read(path: Path) -> Floats:
    try:
        maps = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(
            "The maps cannot be read",
            wanted="a .npy file with numbers [image, row, column]",
            found=str(error).splitlines()[0],
            where=str(path),
        ) from error
    if not isinstance(maps, np.ndarray) or maps.ndim != 3 or not np.issubdtype(maps.dtype, np.number) or not maps.size:
        shape = getattr(maps, "shape", "an archive")
        raise DataError(
            "The file holds no maps", wanted="numbers [image, row, column]", found=f"{shape}", where=str(path)
        )
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
