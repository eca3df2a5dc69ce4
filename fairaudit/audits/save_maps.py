"""Writes relevance maps as .npy shards, one per batch, for tools that want every map."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fairaudit.audits.base import Context, Findings, Total
from fairaudit.audits.map_files import ROWS
from fairaudit.audits.study import Study
from fairaudit.engine.part import Part
from fairaudit.results.strict_json import write_bytes
from fairaudit.saliency.method import Method


class SavedMaps:
    """Maps as float32 [image, row, column] in `maps/<model>/<method>/<first row>.npy`, rows in `maps/<model>/rows/`.

    With a baseline its maps are in `maps/<model>/baseline-<method>/`. `fairaudit roi-metrics --maps` reads the folders.
    """

    name = "saved-maps"

    def __init__(self, study: Study, methods: Sequence[Method]) -> None:
        self._methods = methods
        self._folder = study.options.output / "maps" / study.candidate.path.stem

    def settings(self) -> Mapping[str, Any]:
        """The methods and the folder: maps written elsewhere are written anew."""
        return {
            "methods": [repr(method) for method in self._methods],
            "folder": str(self._folder.resolve()),
            "layout": 2,
        }

    def map(self, context: Context) -> Part:
        """Write the batch's maps; nothing is kept but their number."""
        shard = f"{int(context.batch.rows[0]):08d}.npy"
        roles = [("", context.candidate)]
        if context.baseline is not None:
            roles.append(("baseline-", context.baseline))
        for method in self._methods:
            for prefix, predictions in roles:
                maps = context.attribution(method, predictions).maps.detach().cpu().numpy().astype(np.float32)
                write_bytes(self._folder / f"{prefix}{method.name}" / shard, _npy(maps))
        write_bytes(self._folder / ROWS / shard, _npy(context.batch.rows.astype(np.int64)))
        return Part(sums={"maps": np.array(len(context.batch.rows), np.int64)})

    def measure(self, total: Total) -> Findings:
        """Where the maps are."""
        count = int(total.part.sums["maps"])
        return Findings(notes=[f"{count} maps per method are in {_short(self._folder)}, with their manifest rows."])


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _short(folder: Path) -> str:
    return "/".join(folder.parts[-2:])
