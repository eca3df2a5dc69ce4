"""The rows of a table that are used: those of a split, or a seeded random part of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from fairaudit.config.schema import Split
from fairaudit.data.tables import Table
from fairaudit.errors import DataError, suggestion
from fairaudit.seeds import generator

Rows = NDArray[np.int64]


def split_rows(table: Table, split: Split | None) -> tuple[Rows, tuple[str, ...]]:
    """The split's rows in the table's order, all without a split, and what a reader should know about them.

    Raises:
        DataError: the column is missing, or no row has the value.
    """
    if split is None:
        present = sorted(set(table.columns.get("split", ())) - {""})
        named = "name one with data.split, or with `fairaudit audit --split`"
        several = f"all splits are used ({', '.join(present[:10])}); {named}"
        return np.arange(len(table)), (several,) if len(present) > 1 else ()
    texts = table.column(split.column, asked="data.split.column")
    rows = np.flatnonzero(np.asarray(texts, dtype=np.str_) == split.use)
    if not rows.size:
        counts = ", ".join(f'"{text}" {count}' for text, count in Counter(texts).most_common(20))
        raise DataError(
            f'The split "{split.use}" has no rows',
            found=f"rows by value: {counts}",
            where=f'{table.file}, column "{split.column}"',
            advice=suggestion(split.use, set(texts)),
        )
    return rows, ()


def limited_rows(count: int, limit: int | None, *, seed: int) -> tuple[Rows, tuple[str, ...]]:
    """Ascending row numbers of a seeded random part, and a note if it is not all rows.

    >>> rows, notes = limited_rows(5, 2, seed=0)
    >>> len(rows), notes
    (2, ('A random part of 2 of 5 rows is used (limit).',))

    Raises:
        DataError: the limit is below 1.
    """
    if limit is None or limit >= count:
        return np.arange(count), ()
    if limit < 1:
        raise DataError("The limit leaves no rows", wanted="a limit of at least 1", found=str(limit))
    rows: Rows = generator(seed, "limit").choice(count, size=limit, replace=False)
    return np.sort(rows), (f"A random part of {limit:,} of {count:,} rows is used (limit).",)
