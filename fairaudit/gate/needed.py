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
    """What would decide an inconclusive rule, in one sentence; it names the cell that matters where the audit tells."""
    value = measurement.value
    if value is None:
        return None
    factor = growth(value, low, high, limits)
    if factor > _HOPELESS:
        return "The estimate is at the limit itself: no feasible number of images decides it."
    cell = scarce_cell(measurement, inside=limits.allow(value))
    place = f", above all of {cell}" if cell else ""
    if measurement.n is None:
        return f"About {factor:.1f} times as many images would decide it{place}, if the estimate stays where it is."
    more = max(1, math.ceil(measurement.n * (factor - 1)))
    return f"About {more:,} more images (now {measurement.n:,}) would decide it{place}, if the estimate stays there."


def scarce_cell(measurement: Measurement, *, inside: bool) -> str | None:
    """The cell whose images narrow the interval most: the smaller one of the pair of groups that sets its end.

    Args:
        measurement: a disparity whose `extra` names the pair, or the `smallest_cell` itself; else there is no answer.
        inside: whether the estimate is inside the limits, so that the pair leaving most room (`limiting_…`) counts,
            and not the pair that was found farthest apart.
    """
    facts = measurement.extra
    if facts.get("smallest_cell"):
        return f"the cell {facts['smallest_cell']}"
    prefix = "limiting_" if inside else ""
    sides = [(facts.get(f"{prefix}{side}_n"), facts.get(f"{prefix}{side}")) for side in ("highest", "lowest")]
    sized = [(float(n), name) for n, name in sides if n is not None and name is not None]
    if len(sized) < 2:
        return None
    count, group = min(sized, key=lambda side: side[0])
    rate = facts.get(f"{prefix}rate")
    return f"group {group} (now {count:,.0f} for its {rate})" if rate else f"group {group} (now {count:,.0f})"


def _squared(half: float, distance: float) -> float:
    if half <= 0:
        return 1.0
    return (half / distance) ** 2 if distance > 0 else math.inf
