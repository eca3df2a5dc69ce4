"""What a baseline answers about a chunk, computed for the first of several models that are compared with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.row_cache import room
from fairaudit.engine.part import Array
from fairaudit.engine.seal import secret
from fairaudit.engine.shelf import Shelf
from fairaudit.results.provenance import library_versions

PREFIX: Final = "baseline-"
"""Names of the folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Answers of one model, under everything that they depend on: a name means data, settings, rows and classes."""

    shelf: Shelf
    model: str
    """Digest of the model whose answers are kept."""
    run: str = ""
    """Digest of data, settings and versions."""

    def of_run(self, key: Mapping[str, str]) -> Recall:
        """For a run with this key, whose entries about models and audits do not matter.

        Args:
            key: everything that changes a chunk's state (`run_key`).
        """
        facts = {name: value for name, value in key.items() if name not in ("candidate", "baseline", "audits")}
        return replace(self, run=hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest())

    def keeps(self, model: str) -> bool:
        """Whether answers of the model with this digest are kept."""
        return model == self.model

    def recalled(
        self,
        what: Mapping[str, Any],
        places: Sequence[NDArray[np.int64]],
        compute: Callable[[], Mapping[str, Array]],
    ) -> Mapping[str, Array]:
        """The arrays that `compute` gives, from the shelf if they were kept.

        Args:
            what: JSON values that say what is asked, with all settings of it.
            places: rows of the batch, and per row whatever else the answer depends on, such as the explained class.
            compute: asks the model.
        """
        rows = hashlib.sha256(b"/".join(np.ascontiguousarray(place).tobytes() for place in places)).hexdigest()
        name = json.dumps([self.run, self.model, what, rows], sort_keys=True)
        kept = self.shelf.get(name)
        if kept is None:
            kept = dict(compute())
            self.shelf.put(name, kept)
        return kept


@contextmanager
def recalled_baseline(
    model: str | None, digest: str, folder: Path, *, limit: int, fresh: bool = False
) -> Iterator[Recall | None]:
    """While the context is open, audits against this baseline compute its answers once.

    The answers go when all is done, since maps show the images' shapes; after a kill they are there for the same
    command. Those of other data or another baseline go at once.

    Args:
        model: digest of the baseline; None where there is none.
        digest: of the data.
        folder: the run's working folder.
        limit: largest size of the answers in bytes; 0 keeps nothing.
        fresh: forget what an earlier run left.
    """
    if model is None or limit <= 0:
        yield None
        return
    facts = f"{digest}/{model}/{sorted(library_versions().items())}"
    shelf = Shelf(
        folder=folder / f"{PREFIX}{hashlib.sha256(facts.encode()).hexdigest()[:16]}",
        limit=room(folder, limit),
        secret=secret(),
    )
    for other in folder.glob(f"{PREFIX}*"):
        if fresh or other != shelf.folder:
            replace(shelf, folder=other).clear()
    yield Recall(shelf=shelf, model=model)
    shelf.clear()
