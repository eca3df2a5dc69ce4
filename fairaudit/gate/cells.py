"""The cells that a gap between groups compares, with their counts, from the gap itself or from the rows beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fairaudit.measures.counts.confusion import Floats
from fairaudit.measures.counts.disparities import DISPARITIES
from fairaudit.measures.counts.rates import RATES
from fairaudit.results.measurement import Measurement

_GAP: Final = "_difference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Counts of every rate and group that are compared."""

    successes: Floats
    """[rate, group], at their effective sizes."""
    trials: Floats
    """[rate, group], at their effective sizes."""
    images: Floats
    """[rate, group] images, or their weight, behind the trials."""
    rates: Sequence[tuple[str, str | None]]
    """Name and class of every rate; the class is None where the rate has none."""
    groups: Sequence[str]
    """Name of every group."""


def compared_cells(gap: Measurement, rows: Sequence[Measurement]) -> Cells | None:
    """All cells of a gap from the rows of its report, or the two that it names itself if it compares no others.

    None where they are not all there: the gap is of another kind, a group's rate does not exist or rests on too few
    images to be printed, or the rows were left out.

    Args:
        gap: a disparity between groups, of all reported classes or of one.
        rows: rows of the report that it is from.
    """
    facts = gap.extra
    if (facts.get("groups_compared"), facts.get("rates_compared")) == (2, 1):
        return named_pair(gap, "")
    names = _rates(gap)
    cells = [row for row in rows if row.metric in names and _beside(row, gap)]
    groups = list(dict.fromkeys(str(row.group) for row in cells))
    rates = list(dict.fromkeys((row.metric, row.class_) for row in cells))
    if (len(groups), len(rates)) != (facts.get("groups_compared"), facts.get("rates_compared")):
        return None
    found = {((row.metric, row.class_), str(row.group)): (row.numerator, row.denominator) for row in cells}
    counts = np.array([[found.get((rate, group), (None, None)) for group in groups] for rate in rates], np.float64)
    if not (np.isfinite(counts).all() and (counts[..., 1] > 0).all()):
        return None
    worth = _worth(gap)
    return Cells(
        successes=counts[..., 0] * worth,
        trials=counts[..., 1] * worth,
        images=counts[..., 1],
        rates=rates,
        groups=groups,
    )


def named_pair(gap: Measurement, prefix: str) -> Cells | None:
    """The two cells that the gap names; None where it does not, or one is too small to be printed.

    Args:
        gap: a disparity with its pairs in `extra`.
        prefix: `limiting_` for the pair that leaves most room, empty for the one found farthest apart.
    """
    facts = gap.extra
    sides = [f"{prefix}{side}" for side in ("highest", "lowest")]
    numbers = np.array(
        [[as_number(facts.get(f"{side}_{fact}")) for side in sides] for fact in ("value", "n")], np.float64
    )
    if not (np.isfinite(numbers).all() and (numbers[1] > 0).all()):
        return None
    worth = np.array([as_number(facts.get(f"{side}_worth")) or n for side, n in zip(sides, numbers[1], strict=True)])
    class_ = facts.get(f"{prefix}class")
    return Cells(
        successes=(numbers[0] * worth)[None],
        trials=worth[None],
        images=numbers[1][None],
        rates=[(str(facts.get(f"{prefix}rate")), None if class_ is None else str(class_))],
        groups=[str(facts.get(side)) for side in sides],
    )


def _rates(gap: Measurement) -> tuple[str, ...]:
    """Names of the rates that a gap is the largest of; none where it is no gap between groups' rates."""
    if gap.metric in DISPARITIES and gap.class_ is None:
        return DISPARITIES[gap.metric].rates
    base = gap.metric.removesuffix(_GAP)
    return (base,) if base in RATES and gap.class_ is not None else ()


def _worth(gap: Measurement) -> float:
    """Independent images that an image counts for, with clusters or weights; that of the pair that leaves most room."""
    pair = named_pair(gap, "limiting_") or named_pair(gap, "")
    return 1.0 if pair is None else float((pair.trials / pair.images).mean())


def as_number(fact: float | int | str | bool | None) -> float | None:
    """A fact of a row as a number; None where it is text or missing."""
    return None if fact is None or isinstance(fact, str) else float(fact)


def _beside(row: Measurement, gap: Measurement) -> bool:
    """Whether a row is a group's rate of the same table."""
    same = (row.audit, row.attribute, row.region, row.method, row.baseline) == (
        gap.audit, gap.attribute, gap.region, gap.method, gap.baseline,
    )  # fmt: skip
    return same and row.group is not None and gap.class_ in (None, row.class_)
