"""The plan: rows cut into chunks, the same whatever the number of workers or the device."""

from __future__ import annotations

from dataclasses import dataclass

from fairaudit.errors import DataError


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of neighbouring rows that is computed, saved and merged as one."""

    index: int
    """Place in the plan, counted from 0; parts are merged in this order."""
    start: int
    """First row."""
    stop: int
    """Row after the last one."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Plan:
    """How many rows there are and how many of them make a chunk.

    >>> [(chunk.start, chunk.stop) for chunk in Plan(rows=5, chunk_rows=2).chunks()]
    [(0, 2), (2, 4), (4, 5)]
    """

    rows: int
    """Rows of the selection."""
    chunk_rows: int
    """Rows of a chunk; the last one may have fewer."""

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise DataError(
                "There is nothing to audit: the selection has no rows",
                advice="Check data.split and the manifest; an audit of nothing never passes.",
            )
        if self.chunk_rows < 1:
            raise ValueError(f"chunk_rows must be at least 1, found {self.chunk_rows}")

    def __len__(self) -> int:
        return -(-self.rows // self.chunk_rows)

    def chunks(self) -> tuple[Chunk, ...]:
        """All chunks in order; together they hold every row once."""
        starts = range(0, self.rows, self.chunk_rows)
        return tuple(Chunk(index, start, min(start + self.chunk_rows, self.rows)) for index, start in enumerate(starts))
