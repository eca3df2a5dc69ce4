"""The images of saved maps: identified by the ids that were saved with them, never by their place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from fairaudit.audits.regions.map_shards import FORMATS, IDS, ROWS
from fairaudit.errors import DataError
from fairaudit.files import read_bytes, reason, unusual


def maps_folder(path: Path) -> Path:
    """The folder of one method's maps in what `--save-maps` wrote: itself, or the only one below it.

    Raises:
        DataError: there are several, which are named.
    """
    if not path.is_dir() or _shards(path):
        return path
    below = sorted({file.parent for kind in FORMATS for file in path.glob(f"**/*.{kind}") if file.parent.name != ROWS})
    if len(below) > 1:
        raise DataError(
            "The folder holds the maps of several methods",
            wanted=", ".join(str(folder) for folder in below[:8]),
            found=str(path),
            advice="Name one of them with --maps.",
        )
    return below[0] if below else path


def saved_ids(path: Path) -> list[str] | None:
    """Ids of the images of saved maps, in the order of the maps; None for maps that were saved without.

    Raises:
        DataError: the ids cannot be read.
    """
    if not path.is_dir():
        return _of_shard(path) if path.suffix == ".safetensors" and path.is_file() else None
    shards = _shards(path)
    if not shards:
        return None
    if shards[0].suffix == ".npy":
        beside = sorted((path.parent / ROWS).glob("*.json"))
        parts: list[list[str] | None] = [_of_json(file) for file in beside] if beside else [None]
    else:
        parts = [_of_shard(file) for file in shards]
    return [name for part in parts if part is not None for name in part] if None not in parts else None


def manifest_rows(path: Path, ids: Sequence[str], *, manifest: str) -> NDArray[np.int64] | None:
    """Manifest rows of saved maps, by id; None for maps without ids, which are one per row in the file's order.

    Raises:
        DataError: an image of the maps is not in the manifest, or is in the maps twice.
    """
    own = saved_ids(path)
    if own is None:
        return None
    places = {name: row for row, name in enumerate(ids)}
    missing = [name for name in own if name not in places]
    if missing or len(set(own)) != len(own):
        raise DataError(
            "The maps are of other images than the manifest's",
            wanted=f"maps of images of {manifest}, each once",
            found=f"{len(missing)} of {len(own)} ids that are missing, such as {missing[0]}"
            if missing
            else "an id twice",
            where=str(path),
            advice="Give the manifest that the maps were made with, without --limit and with all its splits.",
        )
    return np.array([places[name] for name in own], dtype=np.int64)


def same_ids(maps: Path, baseline: Path) -> None:
    """Check that two sets of saved maps are of the same images in the same order.

    Raises:
        DataError: they are not.
    """
    left, right = saved_ids(maps), saved_ids(baseline)
    if left is not None and right is not None and left != right:
        differ = sum(a != b for a, b in zip(left, right, strict=False)) + abs(len(left) - len(right))
        raise DataError(
            "The baseline's maps are of other images",
            wanted=f"the {len(left)} images of {maps}, in their order",
            found=f"{differ} that differ",
            where=str(baseline),
            advice="Save both in one run with --baseline, or on the same rows.",
        )


def _shards(folder: Path) -> list[Path]:
    return sorted(file for kind in FORMATS for file in folder.glob(f"*.{kind}"))


def _of_json(path: Path) -> list[str]:
    try:
        found = json.loads(read_bytes(path, what="The ids of the maps").decode())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError("The ids of the maps cannot be read", found=reason(error), where=str(path)) from error
    return _texts(found, path)


def _of_shard(path: Path) -> list[str] | None:
    strange = unusual(path)
    if strange is not None:
        raise DataError("The ids of the maps cannot be read", wanted="a file", found=strange, where=str(path))
    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(IDS)
        return None if text is None else _texts(json.loads(text), path)
    except DataError:
        raise
    except Exception as error:  # safetensors and JSON of a damaged file
        raise DataError("The ids of the maps cannot be read", found=reason(error), where=str(path)) from error


def _texts(found: object, path: Path) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise DataError("The ids of the maps are not a list of texts", where=str(path))
    return found
