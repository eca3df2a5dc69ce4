"""What a finished run's store still knows of every image: its labels and what the model decided about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fairaudit.audits.core.stream.columns import under
from fairaudit.engine.part import merge
from fairaudit.engine.place import stores_of
from fairaudit.engine.store import RunStore
from fairaudit.errors import FairauditError
from fairaudit.results.report import Report

ROWS: Final = "rows"
"""Name of the stream's own state: which rows were scored and which were not, with the labels of the scored ones."""
DECIDED: Final = "decided"
"""Name of the stream's own state: what the candidate decided about every scored row."""
TARGET: Final = "target"
ATTRIBUTE: Final = "attribute"
"""First part of the names of columns with an attribute's codes; the second is its name."""
LAYOUT: Final = 2
"""Version of the names of columns; what was stored under other names is computed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRows:
    """Scored rows in order; all arrays run over them."""

    rows: NDArray[np.int64]
    """Rows of the manifest."""
    target: NDArray[np.int64]
    """Codes of the target."""
    attributes: Mapping[str, NDArray[np.int64]]
    """Attribute → codes of its values, −1 for unknown."""
    decisions: NDArray[np.int64]
    """Codes of what the model decided."""


def stored_rows(report: Report, folder: Path) -> StoredRows | None:
    """The rows behind a report, where its run store is at hand, is this user's, and agrees with the report.

    Whatever is wrong with the store, the answer is None: a comparison can do without.
    """
    model = next((model for model in report.models if model.role == "candidate"), None)
    if model is None:
        return None
    wanted = {"candidate": json.dumps(model.sha256), "data": json.dumps(report.data.digest)}
    for path in stores_of(folder):
        if path.is_file():
            try:
                for store in RunStore.existing(path, wanted):
                    with store:
                        found = _read(store)
                    if found is not None and _agrees(found, report):
                        return found
            except (FairauditError, KeyError, ValueError, TypeError):
                continue
    return None


def _read(store: RunStore) -> StoredRows | None:
    chunks = sorted(store.done())
    if not chunks or not {ROWS, DECIDED} <= set(store.names(chunks[0])):
        return None
    rows, decided = (merge(store.part(chunk, name) for chunk in chunks).columns for name in (ROWS, DECIDED))
    if TARGET not in rows:
        return None
    return StoredRows(
        rows=rows["row"].astype(np.int64),
        target=rows[TARGET].astype(np.int64),
        attributes={name: codes.astype(np.int64) for name, codes in under(rows, ATTRIBUTE).items()},
        decisions=decided["decision"].astype(np.int64),
    )


def _agrees(found: StoredRows, report: Report) -> bool:
    """Whether the rows give the accuracy of every group that the report has; another run's rows would not."""
    if len(found.rows) != report.data.scored or len(found.decisions) != len(found.rows):
        return False
    right = found.decisions == found.target
    checked = 0
    for m in report.measurements:
        codes = found.attributes.get(m.attribute or "")
        values = report.data.attributes.get(m.attribute or "", [])
        if m.audit == "fairness" and m.metric == "accuracy" and m.group in values and codes is not None:
            members = (codes == values.index(m.group)) & (found.target >= 0)
            if m.value is None or m.class_ is not None or m.baseline is not None or not members.any():
                continue
            if abs(float(right[members].mean()) - m.value) > 1e-9:
                return False
            checked += 1
    return checked > 0
