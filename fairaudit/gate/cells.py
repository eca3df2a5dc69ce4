"""The rates of all groups that a gap compares, found among the rows of its report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import DISPARITIES
from fairaudit.measures.counts.rates import RATES
from fairaudit.results.measurement import Measurement

_GAP = "_difference"


def compared_cells(gap: Measurement, rows: Sequence[Measurement]) -> tuple[Floats, Floats] | None:
    """Successes and trials of every rate and group that a gap is the largest of: [rate, group] each.

    None where the rows do not hold them all: the gap is of another kind, a group's rate does not exist or rests on too
    few images to be printed, or the rows were left out.

    Args:
        gap: a disparity between groups, of all reported classes or of one.
        rows: rows of the report that it is from.
    """
    base = gap.metric.removesuffix(_GAP)
    if gap.metric in DISPARITIES and gap.class_ is None:
        names: tuple[str, ...] = DISPARITIES[gap.metric].rates
    elif base in RATES and gap.class_ is not None:
        names = (base,)
    else:
        return None
    cells = [row for row in rows if row.metric in names and _beside(row, gap)]
    groups = list(dict.fromkeys(row.group for row in cells))
    of_rates = list(dict.fromkeys((row.metric, row.class_) for row in cells))
    found = {(row.metric, row.class_, row.group): (row.numerator, row.denominator) for row in cells}
    counts = [[found.get((*rate, group), (None, None)) for group in groups] for rate in of_rates]
    if len(groups) != gap.extra.get("groups_compared") or len(of_rates) != gap.extra.get("rates_compared"):
        return None
    table = np.array(counts, np.float64)
    known = bool(np.isfinite(table).all() and (table[..., 1] > 0).all())
    return (table[..., 0], table[..., 1]) if known else None


def _beside(row: Measurement, gap: Measurement) -> bool:
    """Whether a row is a group's rate of the same table."""
    same = (row.audit, row.attribute, row.region, row.method, row.baseline) == (
        gap.audit, gap.attribute, gap.region, gap.method, gap.baseline,
    )  # fmt: skip
    return same and row.group is not None and gap.class_ in (None, row.class_)
