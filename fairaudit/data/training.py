"""Target and attributes of the rows that a model was trained on, as far as the table states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fairaudit.config.schema import Aligned, Split
from fairaudit.data.categorical import Categorical
from fairaudit.data.chosen_rows import split_rows
from fairaudit.data.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The training rows' target and attributes, with the codes of the audited rows."""

    split: str
    """Value of the split's column that names them."""
    target: Categorical
    attributes: Mapping[str, Categorical]


def training_rows(
    table: Table,
    target: Categorical | None,
    attributes: Mapping[str, Categorical],
    *,
    aligned: Aligned | None,
    split: Split | None,
    optional: bool = False,
) -> Training | None:
    """The rows that `audit.aligned` names; None where it names no split, or nothing is predicted.

    Args:
        table: the whole table, before a split is taken.
        target: its target column.
        attributes: its attributes.
        aligned: what the configuration says.
        split: the audited split, whose column is looked at; the column "split" without one.
        optional: whether a table without such rows has none, as one of predictions may.

    Raises:
        DataError: there is no such column, or no row has the value.
    """
    if aligned is None or aligned.split is None or target is None:
        return None
    column = Split().column if split is None else split.column
    if optional and aligned.split not in table.columns.get(column, ()):
        return None
    rows, _ = split_rows(table, Split(column=column, use=aligned.split))
    known = rows[np.asarray(target.codes[rows] >= 0)]
    return Training(
        split=aligned.split,
        target=target.take(known),
        attributes={name: each.take(known) for name, each in attributes.items()},
    )
