"""Shards of relevance maps as bytes: .npy or safetensors, without pickle, with the rows and ids they belong to."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save

from fairaudit.errors import DataError
from fairaudit.files import reason, unusual
from fairaudit.results.tensor_file import in_order

MapFormat = Literal["npy", "safetensors"]
FORMATS: tuple[MapFormat, ...] = get_args(MapFormat)
MAPS, ROWS, IDS = "maps", "rows", "ids"
"""Tensors and metadata of a safetensors shard; `rows` is also the folder beside .npy shards."""
MOST_BYTES = 2**26
"""Maps in one shard at most."""

Array = NDArray[Any]


def blocks(count: int, size: int, *, most: int = MOST_BYTES) -> Iterator[slice]:
    """Slices of `count` maps of `size` bytes each that are as long as fits into `most` bytes, one map at least.

    >>> [(part.start, part.stop) for part in blocks(5, 16, most=32)]
    [(0, 2), (2, 4), (4, 5)]
    """
    step = max(1, most // max(1, size))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))


def npy(array: Array) -> bytes:
    """A .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def tensors(maps: Array, rows: Array, ids: Sequence[str], *, about: Mapping[str, str]) -> bytes:
    """A safetensors file: `maps` [image, row, column], `rows` [image] of the manifest, `ids` as JSON in the metadata.

    Args:
        maps: float32.
        rows: int64.
        ids: of the images, in order.
        about: further metadata, such as the model and the method.
    """
    names = {**about, IDS: json.dumps(list(ids), ensure_ascii=True)}
    arrays = {MAPS: np.ascontiguousarray(maps), ROWS: np.ascontiguousarray(rows)}
    return in_order(save(arrays, metadata=names))


_NPY: Final = b"\x93NUMPY"
"""How a file of one array begins."""


def read_array(path: Path) -> Array:
    """The array of a .npy file; of a safetensors file its tensor `maps`, or its only one.

    Raises:
        DataError: it cannot be read, or holds several tensors and none is called `maps`.
    """
    found = unusual(path)
    if found is not None:
        raise DataError("The maps cannot be read", wanted="a file", found=found, where=str(path))
    try:
        return _tensor(path) if path.suffix == ".safetensors" else _npy(path)
    except Exception as error:  # NumPy raises nearly anything on a damaged header
        raise DataError(
            "The maps cannot be read",
            wanted="a .npy or .safetensors file with numbers [image, row, column]",
            found=reason(error),
            where=str(path),
        ) from error


def own_rows(path: Path) -> Array | None:
    """The manifest rows in a safetensors shard that `tensors` made; None for another file.

    Raises:
        DataError: it is a pipe or a device.
    """
    found_there = unusual(path)
    if found_there is not None:
        raise DataError("The maps cannot be read", wanted="a file", found=found_there, where=str(path))
    with safe_open(path, framework="numpy") as file:
        if ROWS not in file.keys():  # noqa: SIM118 (no mapping)
            return None
        found: Array = file.get_tensor(ROWS)
    return found


def _npy(path: Path) -> Array:
    with path.open("rb") as file:
        start = file.read(len(_NPY))
    if start != _NPY and not start.startswith(b"PK"):
        raise ValueError("a file of another kind")  # NumPy takes it for a pickle, and says how to run that
    found = np.load(path, allow_pickle=False)
    if not isinstance(found, np.ndarray):
        found.close()
        raise ValueError("an archive of several arrays")
    return found


def _tensor(path: Path) -> Array:
    with safe_open(path, framework="numpy") as file:
        names = list(file.keys())
        if MAPS not in names and len(names) != 1:
            raise ValueError(f'no tensor "{MAPS}" among {", ".join(sorted(names)[:5]) or "none"}')
        found: Array = file.get_tensor(MAPS if MAPS in names else names[0])
    return found
