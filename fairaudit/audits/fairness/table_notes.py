"""What a reader of a predictions table's numbers must know about how its columns were taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fairaudit.counted import counted
from fairaudit.data.categorical import encode
from fairaudit.data.tables import Table

_UNIQUE: Final = 0.9
"""Share of rows from which the values of a column tell them apart, as names, ids and scores do."""
_ALIKE: Final = 0.9
"""Share of the pairs of rows with one score that are alike in everything, from which these are copies."""
_BY_CHANCE: Final = 1e-3
"""Probability below which that many pairs are not alike by chance."""


def table_notes(table: Table, labels: Sequence[str], *, unknown: Sequence[str], ids: bool) -> list[str]:
    """How the columns of labels were taken, and rows that look like copies.

    Args:
        table: all rows of the file.
        labels: its columns of true labels and attributes.
        unknown: texts that mean that a label is not known.
        ids: whether a column with ids was named, in which nothing can occur twice.
    """
    return [*_taken(table, labels, unknown), *([] if ids else _repeated(table))]


def contradicted(decisions: NDArray[np.int32], implied: NDArray[np.int32]) -> list[str]:
    """A note where most predictions are not those that the scores beside them decide for.

    Args:
        decisions: the predictions, -1 where missing.
        implied: what the scores decide for, -1 where missing.

    >>> contradicted(np.array([0, 1, 1, -1], np.int32), np.array([1, 0, 1, 1], np.int32))
    ['Predictions and scores decide otherwise in 2 of 3 rows: look whether the scores are those of the other class.']
    """
    known = (decisions >= 0) & (implied >= 0)
    apart, rows = int((decisions != implied)[known].sum()), int(known.sum())
    if 2 * apart <= rows:
        return []
    return [
        f"Predictions and scores decide otherwise in {apart:,} of {counted(rows, 'row')}: look whether the scores are "
        "those of the other class."
    ]


def _taken(table: Table, labels: Sequence[str], unknown: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(labels):
        if name in table.columns:
            yield from encode(name, table.columns[name], unknown=unknown, where=table.file).notes


def _repeated(table: Table) -> Iterator[str]:
    """A note where rows repeat others in all columns although their values would tell rows apart.

    In a table of a few labels rows are alike by chance; with a column such as a name they are not, and with scores
    only where rows of the same score are alike in everything else, too (`_alike_in_all`).

    >>> columns = {"file": ["a.png", "b.png", "c.png"] * 2, "y": list("010010")}
    >>> list(_repeated(Table(file="t.csv", columns=columns, places=list("234567"))))
    ['t.csv: 3 of 6 rows repeat another row in every column. Copies of the same images make intervals too narrow: \
remove them, or name the column with ids (--id) or persons (--cluster).']
    >>> list(_repeated(Table(file="t.csv", columns={"y": ["0", "1", "0"]}, places=["line 2", "line 3", "line 4"])))
    []
    """
    rows = Counter(zip(*table.columns.values(), strict=True))
    copies = len(table) - len(rows)
    if not copies:
        return
    distinct, name = max((len(set(values)), name) for name, values in table.columns.items())
    if distinct < max(3, _UNIQUE * len(rows)):
        return
    if not _names(table.columns[name]) and not _alike_in_all(table, rows, name):
        return
    repeat = "repeats" if copies == 1 else "repeat"
    yield (
        f"{table.file}: {copies:,} of {counted(len(table), 'row')} {repeat} another row in every column. "
        "Copies of the same images make intervals too narrow: remove them, or name the column with ids (--id) or "
        "persons (--cluster)."
    )


def _names(values: Sequence[str]) -> bool:
    """Whether a column holds texts, of which two are not the same by chance, and no numbers."""
    return not any(_is_number(value) for value in values[:20])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _alike_in_all(table: Table, rows: Counter[tuple[str, ...]], name: str) -> bool:
    """Whether rows with the same number are alike in the other columns far more often than any two rows are.

    Scores of few digits meet by chance, but then the labels beside them are those of two images.
    """
    others = [values for column, values in table.columns.items() if column != name]
    same, alike = _pairs(Counter(table.columns[name])), _pairs(rows)
    chance = _pairs(Counter(zip(*others, strict=True))) / _pairs(Counter(all=len(table))) if others else 1.0
    return alike >= _ALIKE * same and chance**alike < _BY_CHANCE


def _pairs(counts: Counter[Any]) -> int:
    """Pairs of equal ones."""
    return sum(count * (count - 1) // 2 for count in counts.values())
