"""Intervals as small bars on one scale per metric, drawn with nothing but positions in percent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fairaudit.ratio import ratio
from fairaudit.report.rows import Row
from fairaudit.tables.metrics import METRICS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Positions from 0 (left) to 100 (right)."""

    left: float
    """Lower end of the interval."""
    width: float
    """Its length."""
    point: float
    """The estimate."""
    limits: tuple[float, ...]
    """The limits of its rule."""
    chance: float | None
    """What the number is when there is nothing to find."""
    label: str
    """What the picture says, for those who do not see it."""


def bars(rows: Sequence[Row]) -> list[Bar | None]:
    """A bar for every row with a value; rows of one metric share a scale, which holds their limits and chance."""
    scales: dict[str, list[float]] = {}
    for row in rows:
        scales.setdefault(row.metric, []).extend(_numbers(row))
    return [_bar(row, scales[row.metric]) if row.value is not None and row.measurement else None for row in rows]


def _bar(row: Row, scale: Sequence[float]) -> Bar:
    low, high = min(scale), max(scale)
    margin = 0.04 * (high - low)
    span = (low - margin, high + margin)
    value = row.value if row.value is not None else low
    left, right = (value if end is None else end for end in (row.low, row.high))
    chance = _chance(row)
    start = _place(left, span)
    return Bar(
        left=start,
        width=round(_place(right, span) - start, 2),
        point=_place(value, span),
        limits=tuple(_place(number, span) for number in _limits(row)),
        chance=None if chance is None else _place(chance, span),
        label=f"{span[0]:.3g} to {span[1]:.3g}",
    )


def _place(value: float, span: tuple[float, float]) -> float:
    share = float(ratio(value - span[0], span[1] - span[0]))
    return 50.0 if share != share else round(100 * share, 2)


def _numbers(row: Row) -> Iterable[float]:
    return [number for number in (row.value, row.low, row.high, _chance(row), *_limits(row)) if number is not None]


def _chance(row: Row) -> float | None:
    """What was computed for these images, or else the registry's number where it is the same for all images."""
    found = row.measurement
    if found is None or found.chance is not None or found.metric not in METRICS:
        return found.chance if found else None
    try:
        return float(METRICS[found.metric].chance)
    except ValueError:  # words: it depends on the images
        return None


def _limits(row: Row) -> tuple[float, ...]:
    return tuple(number for number in (row.minimum, row.maximum) if number is not None)
