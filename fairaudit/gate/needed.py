"""How many more images would decide what is inconclusive now."""

from __future__ import annotations

import math

from fairaudit.gate.evidence import Limits
from fairaudit.results.measurement import Measurement

_HOPELESS = 1000.0


def growth(value: float, low: float, high: float, limits: Limits) -> float:
    """How many times as many images would bring the whole interval to the estimate's side of every limit.

    An interval shrinks with √n, so n grows by (half-width / distance)². Infinite for an estimate at a limit.
    The estimate is taken to stay where it is.
    """
    if limits.allow(value):
        sides = [(high - value, limits.maximum), (value - low, limits.minimum)]
    else:
        over = limits.maximum is not None and value > limits.maximum
        sides = [(value - low, limits.maximum)] if over else [(high - value, limits.minimum)]
    factors = [_squared(half, abs(limit - value)) for half, limit in sides if limit is not None]
    return max(1.0, *factors)


def needed(measurement: Measurement, low: float, high: float, limits: Limits) -> str | None:
    """What would decide an inconclusive rule, in one sentence; the smallest cell is named where the audit named it."""
    value = measurement.value
    if value is None:
        return None
    factor = growth(value, low, high, limits)
    if factor > _HOPELESS:
        return "The estimate is at the limit itself: no feasible number of images decides it."
    cell = measurement.extra.get("smallest_cell")
    place = f", above all of the cell {cell}" if cell else ""
    if measurement.n is None:
        return f"About {factor:.1f} times as many images would decide it{place}, if the estimate stays where it is."
    more = max(1, math.ceil(measurement.n * (factor - 1)))
    return f"About {more:,} more images (now {measurement.n:,}) would decide it{place}, if the estimate stays there."


def _squared(half: float, distance: float) -> float:
    if half <= 0:
        return 1.0
    return (half / distance) ** 2 if distance > 0 else math.inf
