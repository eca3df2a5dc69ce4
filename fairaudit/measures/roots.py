"""Where a function of one number is zero.

`scipy.optimize` takes a fifth of a second to import, in every command that tells an interval; this is its method.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

MOST_STEPS = 100
_RELATIVE = 4 * sys.float_info.epsilon


def root(function: Callable[[float], float], low: float, high: float, *, within: float) -> float:
    """A zero of a continuous function between two places where it has opposite signs.

    Brent's method: inverse quadratic steps, or secants, as long as they shrink the bracket fast, halving where not.
    Brent, Algorithms for Minimization Without Derivatives, 1973, chapter 4. The steps are those of SciPy's `brentq`.

    Args:
        function: the function.
        low: one end.
        high: the other end.
        within: how near the zero is found.

    Raises:
        ValueError: the function has the same sign at both ends, or no zero is found.

    >>> round(root(lambda x: x**2 - 2, 0.0, 2.0, within=1e-12), 6)
    1.414214
    """
    last, here = low, high
    f_last, f_here = function(last), function(here)
    if f_last == 0:
        return last
    if f_here == 0:
        return here
    if (f_last < 0) == (f_here < 0):
        raise ValueError(f"the function has the same sign at {low} and {high}")
    other, f_other, before, step = last, f_last, 0.0, 0.0
    for _ in range(MOST_STEPS):
        if f_last != 0 and f_here != 0 and (f_last < 0) != (f_here < 0):
            other, f_other = last, f_last
            before = step = here - last
        if abs(f_other) < abs(f_here):
            last, here, other = here, other, here
            f_last, f_here, f_other = f_here, f_other, f_here
        near, half = (within + _RELATIVE * abs(here)) / 2, (other - here) / 2
        if f_here == 0 or abs(half) < near:
            return here
        tried = None
        if abs(before) > near and abs(f_here) < abs(f_last):
            tried = _guess((last, f_last), (here, f_here), (other, f_other))
        if tried is not None and 2 * abs(tried) < min(abs(before), 3 * abs(half) - near):
            before, step = step, tried
        else:
            before = step = half
        last, f_last = here, f_here
        here += step if abs(step) > near else near if half > 0 else -near
        f_here = function(here)
    raise ValueError(f"no zero was found between {low} and {high} in {MOST_STEPS} steps")


def _guess(last: tuple[float, float], here: tuple[float, float], other: tuple[float, float]) -> float | None:
    """The step to where a secant, or an inverse parabola through three points, is zero; None where it is flat."""
    (x0, f0), (x1, f1), (x2, f2) = last, here, other
    if x0 == x2:
        return -f1 * (x1 - x0) / (f1 - f0)
    slope, across = (f0 - f1) / (x0 - x1), (f2 - f1) / (x2 - x1)
    divisor = across * slope * (f2 - f0)
    return -f1 * (f2 * across - f0 * slope) / divisor if divisor != 0 else None
