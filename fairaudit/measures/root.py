"""A zero of a continuous function, without the import of `scipy.optimize`, which takes longer than the search."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_RELATIVE: Final = 4 * 2.0**-52
_MOST: Final = 100


def root(function: Callable[[float], float], low: float, high: float, *, within: float) -> float:
    """The x in [low, high] at which a continuous function is 0, by Brent's method (1973, chapter 4).

    Interpolates between the ends of a bracket, and halves it where a step would not shrink it enough: never more steps
    than a few per bisection. The same steps as `scipy.optimize.brentq`.

    Args:
        function: of one number, with opposite signs at the two ends.
        low: lower end.
        high: upper end.
        within: how far x may be from the zero, beyond four units in its last place.

    Raises:
        ValueError: the signs at the ends are the same.

    >>> round(root(lambda x: x * x - 2, 0, 2, within=1e-9), 6)
    1.414214
    """
    before, now = low, high
    at_before, at_now = function(before), function(now)
    if at_before == 0 or at_now == 0:
        return before if at_before == 0 else now
    if (at_before < 0) == (at_now < 0):
        raise ValueError(f"the function has one sign at {low:g} and {high:g}: {at_before:g} and {at_now:g}")
    other, at_other, last, step = before, at_before, now - before, now - before
    for _ in range(_MOST):
        if at_before != 0 and at_now != 0 and (at_before < 0) != (at_now < 0):
            other, at_other, last, step = before, at_before, now - before, now - before
        if abs(at_other) < abs(at_now):
            before, now, other = now, other, now
            at_before, at_now, at_other = at_now, at_other, at_now
        least, half = (within + _RELATIVE * abs(now)) / 2, (other - now) / 2
        if at_now == 0 or abs(half) < least:
            break
        tried = half
        if abs(last) > least and abs(at_now) < abs(at_before):
            tried = _step((before, at_before), (now, at_now), (other, at_other))
        short = 2 * abs(tried) < min(abs(last), 3 * abs(half) - least)
        last, step = (step, tried) if short else (half, half)
        before, at_before = now, at_now
        now += step if abs(step) > least else (least if half > 0 else -least)
        at_now = function(now)
    return now


def _step(before: tuple[float, float], now: tuple[float, float], other: tuple[float, float]) -> float:
    """From the current point to the zero of the line through two points, or of the inverse parabola through three."""
    (x0, y0), (x1, y1), (x2, y2) = before, now, other
    if x0 == x2:
        return -y1 * (x1 - x0) / (y1 - y0)
    first, second = (y0 - y1) / (x0 - x1), (y2 - y1) / (x2 - x1)
    return -y1 * (y2 * second - y0 * first) / (second * first * (y2 - y0))
