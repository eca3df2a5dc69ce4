"""Models that an earlier run of the same command has finished, so that the run continues after them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from fairaudit.config.options import RunOptions
from fairaudit.engine.part import Part
from fairaudit.engine.place import ready_store
from fairaudit.engine.store import RunStore
from fairaudit.errors import DataError, StoreError
from fairaudit.report.zoo.row import ModelRow, as_dict, from_dict
from fairaudit.results.provenance import file_sha256

_PART: Final = "model"


class Finished:
    """The models that are done, sealed in a run store of the whole run.

    A model counts where its file is the same, and its folder still holds the report with the same bytes and every
    other file with the same size.
    """

    def __init__(self, store: RunStore, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._known = store.done()

    @classmethod
    @contextmanager
    def open(cls, settings: str, options: RunOptions) -> Iterator[Finished]:
        """Those of a run with these settings.

        Args:
            settings: digest of everything but the models that the numbers depend on.
            options: where the run writes, in which formats, and on what it computes.

        Raises:
            StoreError: the store is damaged or in use.
            OutputError: it cannot be written.
        """
        computed = [options.device, options.batch_size, sorted(options.formats), options.timeout_per_batch]
        key = {"finished models": settings, "computed": json.dumps(computed)}
        path = ready_store(options.output, output=options.root or options.output)
        with RunStore.open(path, key=key, fresh=options.fresh) as store:
            yield cls(store, options.output)

    def row(self, name: str, model: Path) -> ModelRow | None:
        """The row of a model that is done; None for others."""
        number = _number(name, model)
        if number is None or number not in self._known:
            return None
        try:
            columns = self._store.part(number, _PART).columns
            row = from_dict(json.loads(str(columns["row"][0])))
            whole = _sizes(self._folder / name) == json.loads(str(columns["files"][0]))
            same = whole and _report(self._folder / name) == str(columns["report"][0])
        except (DataError, StoreError, KeyError, IndexError, ValueError, OSError):
            return None
        return row if same and row.model == name else None

    def keep(self, row: ModelRow, model: Path) -> None:
        """Take note of a model that is done; one that could not be audited is tried again."""
        number = _number(row.model, model)
        folder = self._folder / row.model
        if row.report is None or number is None:
            return
        texts = {"row": json.dumps(as_dict(row)), "files": json.dumps(_sizes(folder)), "report": _report(folder)}
        self._store.save(number, {_PART: Part(columns={name: np.array([text]) for name, text in texts.items()})})


def _number(name: str, model: Path) -> int | None:
    """A number for a model's name and bytes; None for what is no file, such as a folder or a sum of outputs."""
    if not model.is_file():
        return None
    try:
        text = f"{file_sha256(model)}/{name}"
    except DataError:
        return None
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:7], "big")


def _sizes(folder: Path) -> list[list[str | int]]:
    """Path and size of every file of a report's folder."""
    found = [(str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*") if path.is_file()]
    return [[name, size] for name, size in sorted(found)]


def _report(folder: Path) -> str:
    return hashlib.sha256((folder / "report.json").read_bytes()).hexdigest()
