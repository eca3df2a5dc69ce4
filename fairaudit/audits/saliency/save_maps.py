"""Writes relevance maps as shards, for tools that want every map."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.audit import Context, Findings, Predictions, Total
from fairaudit.audits.core.study.study import Study
from fairaudit.audits.regions.map_files import saved_rows
from fairaudit.audits.regions.map_shards import FORMATS, ROWS, MapFormat, blocks, npy, tensors
from fairaudit.counted import counted
from fairaudit.engine.part import Part
from fairaudit.errors import OutputError
from fairaudit.results.strict_json import write_bytes, write_text
from fairaudit.saliency.method import Method


class SavedMaps:
    """Maps as float32 [image, row, column] in `maps/<model>/<method>/<first row>.npy` or `.safetensors`.

    With .npy the manifest rows and the ids of every shard are in `maps/<model>/rows/`, as .npy and .json; safetensors
    shards hold their own. With a baseline its maps are in `maps/<model>/baseline-<method>/`. No shard is longer than a
    batch or `map_shards.MOST_BYTES`. `fairaudit roi-metrics --maps` reads the folders.
    """

    name = "saved-maps"

    def __init__(self, study: Study, methods: Sequence[Method], *, kind: MapFormat = "npy") -> None:
        self._methods = methods
        self._kind = kind
        self._model = study.candidate.path.stem
        self._ids = study.manifest.ids
        self._folder = study.options.output / "maps" / self._model

    def settings(self) -> Mapping[str, Any]:
        """The methods, the format and the folder: maps written elsewhere are written anew."""
        return {
            "methods": [repr(method) for method in self._methods],
            "folder": str(self._folder.resolve()),
            "layout": 3,
            "kind": self._kind,
        }

    def map(self, context: Context) -> Part:
        """Write the batch's maps; nothing is kept but their number."""
        roles: list[tuple[str, Predictions]] = [("", context.candidate)]
        if context.baseline is not None:
            roles.append(("baseline-", context.baseline))
        rows = context.batch.rows.astype(np.int64)
        parts = list(blocks(len(rows), 4 * math.prod(context.batch.images.shape[-2:])))
        for method in self._methods:
            for prefix, predictions in roles:
                maps = context.attribution(method, predictions).maps.detach().cpu().numpy().astype(np.float32)
                for part in parts:
                    self._write(f"{prefix}{method.name}", maps[part], rows[part])
        if self._kind == "npy":
            for part in parts:
                # Last, so that a shard whose rows are there is complete for every method.
                self._write_rows(rows[part])
        return Part(sums={"maps": np.array(len(rows), np.int64)})

    def measure(self, total: Total) -> Findings:
        """Where the maps are.

        Raises:
            OutputError: maps that an earlier run wrote are not there any more.
        """
        count = int(total.part.sums["maps"])
        self._check(total.rows)
        maps = counted(count, "map per method is", "maps per method are")
        return Findings(notes=[f"{maps} in {_short(self._folder)}, with their manifest rows."])

    def _check(self, rows: NDArray[np.int64]) -> None:
        for method in self._methods:
            folder = self._folder / method.name
            there = saved_rows(folder) if folder.is_dir() else None
            missing = len(rows) if there is None else int((~np.isin(rows, there)).sum())
            if missing:
                raise OutputError(
                    "Maps that an earlier run wrote are gone",
                    wanted=f"maps of {len(rows)} rows",
                    found=f"{missing} missing",
                    where=str(folder),
                    advice="Give --fresh to make them again, or another folder with -o.",
                )

    def _write(self, name: str, maps: NDArray[np.float32], rows: NDArray[np.int64]) -> None:
        shard = MapShard(folder=self._folder / name, first=int(rows[0]), last=int(rows[-1]))
        shard.clear()
        if self._kind == "npy":
            write_bytes(shard.file("npy"), npy(maps))
            return
        about = {"model": self._model, "method": name}
        write_bytes(shard.file("safetensors"), tensors(maps, rows, self._ids_of(rows), about=about))

    def _write_rows(self, rows: NDArray[np.int64]) -> None:
        shard = MapShard(folder=self._folder / ROWS, first=int(rows[0]), last=int(rows[-1]))
        shard.clear()
        write_text(shard.file("json"), json.dumps(self._ids_of(rows), ensure_ascii=True) + "\n")
        write_bytes(shard.file("npy"), npy(rows))

    def _ids_of(self, rows: NDArray[np.int64]) -> list[str]:
        return [str(self._ids[row]) for row in rows.tolist()]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapShard:
    """Where the maps of consecutive rows are."""

    folder: Path
    """Of one method, or of the rows."""
    first: int
    """The first manifest row, which gives the file its name."""
    last: int
    """The last one."""

    def file(self, suffix: str) -> Path:
        """The shard's file."""
        return self.folder / f"{self.first:08d}.{suffix}"

    def clear(self) -> None:
        """Remove shards that begin within these rows.

        A run that was stopped may have cut its shards elsewhere, by another batch size, or written another format.

        Raises:
            OutputError: they cannot be removed.
        """
        for suffix in (*FORMATS, "json"):
            for path in self.folder.glob(f"{'[0-9]' * 8}.{suffix}"):
                if self.first <= int(path.stem) <= self.last:
                    _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "A shard of an earlier run cannot be removed",
            found=error.strerror or str(error),
            where=str(path),
            advice="Remove it, or choose another folder with -o.",
        ) from error


def _short(folder: Path) -> str:
    return "/".join(folder.parts[-2:])
