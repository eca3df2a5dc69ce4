"""The manifest: every row's image, label, attributes and whatever its regions need."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairaudit.counted import counted
from fairaudit.data.categorical import Categorical
from fairaudit.data.source import ImageSource, subset
from fairaudit.data.training import Training

HASHING_THREADS = 4
HASHED_AT_ONCE = 64
"""Files that a thread reads in one go: handing one over takes longer than hashing a small one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Rows of a dataset; every column has one entry per row."""

    name: str
    """File or folder name."""
    ids: tuple[str, ...]
    """Unique row ids."""
    source: ImageSource
    """Where the images come from, row by row."""
    target: Categorical | None
    """The label that the model predicts."""
    attributes: Mapping[str, Categorical]
    """Protected attributes by name."""
    cluster: Categorical | None = None
    """The resampling unit, such as a person."""
    region_columns: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Numeric columns that regions need, NaN where empty."""
    text_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Columns that mask paths need."""
    twins: Mapping[str, ImageSource] = field(default_factory=dict)
    """Attribute → the rows' images with that attribute flipped and nothing else."""
    training: Training | None = None
    """Target and attributes of the rows that the model was trained on, where `audit.aligned` names a split."""
    candidates: tuple[str, ...] = ()
    """Where no attribute was named: other columns of the table that could be one."""
    folder: Path
    """Where relative paths start."""
    notes: tuple[str, ...] = ()
    """What happened on the way that is not an error."""

    def __post_init__(self) -> None:
        lengths = {"source": len(self.source)}
        categories = {"target": self.target, "cluster": self.cluster, **self.attributes}
        lengths |= {name: len(column.codes) for name, column in categories.items() if column is not None}
        lengths |= {name: len(column) for name, column in (*self.region_columns.items(), *self.text_columns.items())}
        lengths |= {f"twins of {name}": len(source) for name, source in self.twins.items()}
        wrong = {name: length for name, length in lengths.items() if length != len(self.ids)}
        if wrong:
            raise ValueError(f"{len(self.ids)} ids, but {wrong}")

    def __len__(self) -> int:
        return len(self.ids)

    def digest(self, fingerprints: Sequence[str] | None = None) -> str:
        """SHA-256 over ids, columns and the bytes of every image.

        Args:
            fingerprints: of all images, where they were taken already.
        """
        state = hashlib.sha256()
        for name, part in self._parts():
            state.update(f"{len(name)}:{name}:{len(part)}:".encode())
            state.update(part)
        for fingerprint in self.fingerprints() if fingerprints is None else fingerprints:
            state.update(f"{fingerprint}\n".encode())
        return state.hexdigest()

    def fingerprints(self) -> list[str]:
        """SHA-256 of the rows' images and then of their twins': reads all of them, in a few threads."""
        sources = (self.source, *(self.twins[name] for name in sorted(self.twins)))
        return [found for source in sources for found in in_spans(source.fingerprint, len(self))]

    def copies(self, fingerprints: Sequence[str]) -> tuple[str, ...]:
        """A note where images hold the same bytes as others and nothing says that they belong together.

        Args:
            fingerprints: of all images.
        """
        own = [found for found in fingerprints[: len(self)] if found != "missing"]
        copies = len(own) - len(set(own))
        if not copies or self.cluster is not None:
            return ()
        holds = "holds the same bytes as another" if copies == 1 else "hold the same bytes as others"
        return (
            f"{self.name}: {copies:,} of {counted(len(self), 'image')} {holds}. Copies make intervals too narrow: "
            "remove them, or name the column with persons (data.cluster).",
        )

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Manifest:
        """The given rows in the given order."""
        index = np.asarray(rows, np.int64).reshape(-1)
        return replace(
            self,
            ids=_pick(self.ids, index),
            source=subset(self.source, index),
            target=self.target.take(index) if self.target else None,
            attributes={name: column.take(index) for name, column in self.attributes.items()},
            cluster=self.cluster.take(index) if self.cluster else None,
            region_columns={name: column[index] for name, column in self.region_columns.items()},
            text_columns={name: _pick(column, index) for name, column in self.text_columns.items()},
            twins={name: subset(source, index) for name, source in self.twins.items()},
        )

    def ordered(self) -> Manifest:
        """The rows in the order of their ids, numbers in them by size, whatever their order in the file.

        Chunks, sums and digest then depend on what the rows say and not on where they stand.
        """
        keys = [_by_size(text) for text in self.ids]
        order = sorted(range(len(keys)), key=keys.__getitem__)
        return self if order == list(range(len(keys))) else self.take(order)

    def noted(self, *notes: str) -> Manifest:
        """The same rows with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def _parts(self) -> list[tuple[str, bytes]]:
        parts = [("ids", _joined(self.ids))]
        columns = [("target", self.target), ("cluster", self.cluster)]
        columns += [(f"attribute {name}", self.attributes[name]) for name in sorted(self.attributes)]
        for name, column in columns:
            if column is not None:
                parts.append((f"{name} {column.name}", _joined(column.values) + column.codes.astype("<i4").tobytes()))
        for name in sorted(self.region_columns):
            parts.append((f"region {name}", self.region_columns[name].astype("<f8").tobytes()))
        for name in sorted(self.text_columns):
            parts.append((f"text {name}", _joined(self.text_columns[name])))
        return parts


def in_spans(fingerprint: Callable[[int], str], rows: int) -> list[str]:
    """The fingerprint of every row, in their order; threads take them in spans, of which one needs no thread.

    >>> in_spans(str, 3)
    ['0', '1', '2']
    """

    def span(start: int) -> list[str]:
        return [fingerprint(row) for row in range(start, min(start + HASHED_AT_ONCE, rows))]

    if rows <= HASHED_AT_ONCE:
        return span(0)
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        return [found for part in pool.map(span, range(0, rows, HASHED_AT_ONCE)) for found in part]


def _pick(texts: tuple[str, ...], rows: NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(texts[row] for row in rows.tolist())


def _by_size(text: str) -> tuple[tuple[str | tuple[int, str], ...], str]:
    """Texts and numbers of an id in turn; a number by its length without leading zeros, then by its digits."""
    parts = re.split("([0-9]+)", text)
    bare = [part.lstrip("0") for part in parts]
    return tuple((len(bare[i]), bare[i]) if i % 2 else part for i, part in enumerate(parts)), text


def _joined(texts: Sequence[str]) -> bytes:
    return "".join(f"{len(text)}:{text}" for text in texts).encode(errors="surrogatepass")
