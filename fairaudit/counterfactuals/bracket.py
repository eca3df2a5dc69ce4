"""Where the fast search probes next on each of many rays, from what it has seen there; numbers only, no images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from fairaudit.counterfactuals.ladder import Stop
from fairaudit.ratio import ratio

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

CLOSE = 0.04
"""How far beyond the point that is sought the one that is kept may be: as a share of the way in log-odds, or in λ."""
AIM = 1.01
"""Share of the way that is aimed at: just beyond, so that a good guess ends the search."""
GROWTH = 4.0
"""Largest factor between two steps outwards."""
OUTWARD, INWARD, REFINE = 12, 10, 4
"""Probes at most while going outwards, inside a bracket, and around a turn."""
_LEAST = 0.02
_PIXEL_AIM, _PIXEL_CLOSE = 0.985, 0.96
_ENDS = (int(Stop.REACHED), int(Stop.FLOOR))


class Mode(IntEnum):
    """The stage of a ray's search."""

    OUT = 0
    """Going outwards: nothing has ended the walk yet."""
    IN = 1
    """The end lies between `low` and `high`."""
    TURN = 2
    """The score moved back between `low` and `high`; the best point lies between `back` and `high`."""
    DONE = 3
    """The ray is finished."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """Up to three points per ray: step, progress towards the goal, and pixel change at each."""

    back: Floats
    """Step before `low`."""
    back_gain: Floats
    back_pixels: Floats
    low: Floats
    """Largest step at which nothing ended the walk, or the best one around a turn; 0 is the reconstruction."""
    low_gain: Floats
    low_pixels: Floats
    high: Floats
    """Smallest step known to be too far; NaN where there is none."""
    high_gain: Floats
    high_pixels: Floats


@dataclass(slots=True, kw_only=True)
class Brackets:
    """The search on every ray, [ray] each."""

    mode: Rows
    """`Mode`."""
    stop: Rows
    """`Stop` of the point that is kept; −1 while that is open."""
    keep_high: NDArray[np.bool_]
    """Whether `high` is the answer, else `low`."""
    high_stop: Rows
    """Why `high` is too far."""
    seen: Seen
    tries: Rows
    """Probes in this mode."""
    side: Rows
    """−2 … 2: how often in a row the same side of the bracket moved."""
    guess: Floats
    """Step at which a linear model reaches the goal."""
    goal: Floats
    """Progress that is needed, in the units of `gain`."""
    cap: Floats
    """Largest step."""
    pixel_limit: float
    """Largest pixel change; infinite for none."""


def brackets(guess: Floats, goal: Floats, cap: Floats, pixel_limit: float | None, stop: Rows) -> Brackets:
    """All rays at their reconstructions; rays with a stop code already are finished.

    Args:
        guess: step at which a linear model reaches the goal, above 0.
        goal: progress that ends its walk, above 0.
        cap: largest step.
        pixel_limit: largest relative pixel change.
        stop: `Stop` codes of rays that cannot be walked, −1 for the others.
    """
    count = len(guess)
    zero, none = np.zeros(count), np.full(count, np.nan)
    seen = Seen(
        back=zero.copy(),
        back_gain=zero.copy(),
        back_pixels=zero.copy(),
        low=zero.copy(),
        low_gain=zero.copy(),
        low_pixels=zero.copy(),
        high=none.copy(),
        high_gain=none.copy(),
        high_pixels=none.copy(),
    )
    return Brackets(
        mode=np.where(stop < 0, int(Mode.OUT), int(Mode.DONE)).astype(np.int64),
        stop=stop.copy(),
        keep_high=np.zeros(count, bool),
        high_stop=np.full(count, -1, np.int64),
        seen=seen,
        tries=np.zeros(count, np.int64),
        side=np.zeros(count, np.int64),
        guess=guess,
        goal=goal,
        cap=cap,
        pixel_limit=np.inf if pixel_limit is None else pixel_limit,
    )


def next_steps(search: Brackets, rows: Rows) -> Floats:
    """The step to probe next on each of the rows, none of which is finished."""
    mode = search.mode[rows]
    steps = np.zeros(len(rows))
    for kind, rule in ((Mode.OUT, _outward), (Mode.IN, _inward), (Mode.TURN, _around)):
        mine = mode == kind
        if mine.any():
            steps[mine] = rule(search, rows[mine])
    return steps


def _outward(search: Brackets, rows: Rows) -> Floats:
    """A secant through the last two points towards the goal, at most `GROWTH` times as far and not past the pixels."""
    seen, low = search.seen, search.seen.low[rows]
    slope = ratio(seen.low_gain[rows] - seen.back_gain[rows], low - seen.back[rows])
    wanted = low + ratio(AIM * search.goal[rows] - seen.low_gain[rows], slope)
    wanted = np.where(np.isfinite(wanted), wanted, np.inf).clip(1.02 * low, GROWTH * low)
    wanted = np.where(low > 0, wanted, AIM * search.guess[rows])
    if np.isfinite(search.pixel_limit):
        # Pixels change less and less along a ray, so this falls short of their limit, not beyond it.
        wanted = np.fmin(
            wanted, np.where(low > 0, low * ratio(_PIXEL_AIM * search.pixel_limit, seen.low_pixels[rows]), np.nan)
        )
    return np.minimum(wanted, search.cap[rows])


def _inward(search: Brackets, rows: Rows) -> Floats:
    """Regula falsi towards whatever ends the walk first; the middle where one side has stood still twice."""
    seen, low, high = search.seen, search.seen.low[rows], search.seen.high[rows]
    width = high - low
    wanted = _crossing(search.seen.low_gain[rows], seen.high_gain[rows], AIM * search.goal[rows])
    heavy = search.high_stop[rows] == Stop.PIXELS
    pixels = np.where(
        heavy, _crossing(seen.low_pixels[rows], seen.high_pixels[rows], _PIXEL_AIM * search.pixel_limit), np.nan
    )
    share = np.fmin(wanted, pixels)
    tired = (np.abs(search.side[rows]) >= 2) | np.isnan(share)
    middle = np.where(low > 0, ratio(np.sqrt(low * high) - low, width), 0.5)
    return np.asarray(low + width * np.where(tired, middle, share).clip(0.02, 0.98), dtype=np.float64)


def _crossing(low: Floats, high: Floats, aim: Floats | float) -> Floats:
    """Share of the way from low to high at which a straight line meets the aim; NaN where it does not."""
    share = ratio(aim - low, high - low)
    return np.where((share >= 0) & (share <= 1), share, np.nan)


def _around(search: Brackets, rows: Rows) -> Floats:
    """The top of a parabola through the three points; a quarter of the way while nothing better is known."""
    seen = search.seen
    a, b, c = seen.back[rows], seen.low[rows], seen.high[rows]
    fall, rise = seen.low_gain[rows] - seen.high_gain[rows], seen.low_gain[rows] - seen.back_gain[rows]
    left, right = b - a, c - b
    top = b - 0.5 * ratio(left**2 * fall - right**2 * rise, left * fall + right * rise)
    larger = np.where(left > right, (a + b) / 2, (b + c) / 2)
    near = ~(np.abs(top - b) > 0.02 * (c - a))
    inside = np.where(near, larger, top).clip(a + 0.05 * (c - a), c - 0.05 * (c - a))
    return np.where(b > 0, inside, c / 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """The values at the requested steps, [row] each."""

    steps: Floats
    gain: Floats
    """Progress towards the goal in its units."""
    pixels: Floats
    stop: Rows
    """`Stop` code that the score alone gives at this point: REACHED, FLOOR, NONFINITE, or −1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Which of the new points are `low` or `high` of their rays now, [row] each."""

    low: NDArray[np.bool_]
    high: NDArray[np.bool_]


def learn(search: Brackets, rows: Rows, found: Probed) -> Kept:
    """Enter the new points and finish the rays that have their answer.

    Args:
        search: changed in place.
        rows: rays that were probed.
        found: what was seen there.
    """
    before, around = search.seen.low[rows].copy(), search.mode[rows] == Mode.TURN
    over = found.pixels > search.pixel_limit
    broken = (found.stop == Stop.NONFINITE) | ~np.isfinite(found.gain)
    ended = broken | over | (found.stop >= 0)
    why = np.where(broken, int(Stop.NONFINITE), np.where(over, int(Stop.PIXELS), found.stop))
    # Around a turn nothing short of the best point can end the walk; a point that goes far enough does, wherever it is.
    ended &= ~around | (found.steps > before) | np.isin(why, _ENDS)
    # A turn nearer than the end ends the walk there, as the ladder's rule does.
    turned = ~ended & ~around & (found.gain < search.seen.low_gain[rows])
    search.tries[rows] += 1
    low = _in_turn(search, rows, found, around & ~ended)
    low |= _move_low(search, rows, found, ~around & ~ended & ~turned)
    high = ended | turned | (around & ~low & (found.steps > before))
    _move_high(search, rows, found, high, np.where(ended, why, search.high_stop[rows]))
    _take_high(search, rows[around & ended & np.isin(why, _ENDS)])
    _change_mode(search, rows, ended, turned)
    _finish(search, rows)
    return Kept(low=low, high=high)


def _move_low(search: Brackets, rows: Rows, found: Probed, mine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    seen, at = search.seen, rows[mine]
    seen.back[at], seen.back_gain[at], seen.back_pixels[at] = seen.low[at], seen.low_gain[at], seen.low_pixels[at]
    seen.low[at], seen.low_gain[at], seen.low_pixels[at] = found.steps[mine], found.gain[mine], found.pixels[mine]
    search.side[at] = np.minimum(search.side[at], 0) - 1
    return mine


def _move_high(search: Brackets, rows: Rows, found: Probed, mine: NDArray[np.bool_], why: Rows) -> None:
    seen, at = search.seen, rows[mine]
    seen.high[at], seen.high_gain[at], seen.high_pixels[at] = found.steps[mine], found.gain[mine], found.pixels[mine]
    search.high_stop[at] = why[mine]
    search.side[at] = np.maximum(search.side[at], 0) + 1


def _in_turn(search: Brackets, rows: Rows, found: Probed, mine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Points around a turn: a better one becomes `low`, with its neighbours as `back` and `high`."""
    seen, beyond = search.seen, found.steps > search.seen.low[rows]
    better = mine & (found.gain > seen.low_gain[rows])
    # A better point short of the old one makes that one the new far end.
    swap = rows[better & ~beyond]
    seen.high[swap], seen.high_gain[swap], seen.high_pixels[swap] = (
        seen.low[swap],
        seen.low_gain[swap],
        seen.low_pixels[swap],
    )
    back = (seen.back[swap].copy(), seen.back_gain[swap].copy(), seen.back_pixels[swap].copy())
    _move_low(search, rows, found, better)
    seen.back[swap], seen.back_gain[swap], seen.back_pixels[swap] = back
    worse = mine & ~better & ~beyond
    seen.back[rows[worse]], seen.back_gain[rows[worse]] = found.steps[worse], found.gain[worse]
    return better


def _change_mode(search: Brackets, rows: Rows, ended: NDArray[np.bool_], turned: NDArray[np.bool_]) -> None:
    for mode, mine in ((Mode.IN, ended), (Mode.TURN, turned)):
        new = rows[mine & (search.mode[rows] != mode) & (search.mode[rows] != Mode.DONE)]
        search.mode[new], search.tries[new], search.side[new] = int(mode), 0, 0


def _finish(search: Brackets, rows: Rows) -> None:
    """Close the rays whose answer is near enough, or whose probes are used up."""
    seen, mode, tries = search.seen, search.mode[rows], search.tries[rows]
    heavy = (seen.low_pixels[rows] >= _PIXEL_CLOSE * search.pixel_limit) & np.isfinite(search.pixel_limit)
    out, inside = mode == Mode.OUT, mode == Mode.IN
    _close(search, rows[out & heavy], Stop.PIXELS)
    _close(search, rows[out & ~heavy & ((seen.low[rows] >= search.cap[rows]) | (tries >= OUTWARD))], Stop.LIMIT)
    _close(search, rows[(mode == Mode.TURN) & (tries > REFINE)], Stop.TURNED)
    usable = np.isin(search.high_stop[rows], _ENDS)
    slack = np.maximum(CLOSE * search.goal[rows], _LEAST)
    near = usable & (seen.high_gain[rows] - search.goal[rows] <= slack)
    near |= seen.high[rows] - seen.low[rows] <= CLOSE * seen.high[rows]
    near |= heavy & (search.high_stop[rows] == Stop.PIXELS)
    _take_high(search, rows[inside & (near | (tries > INWARD))])


def _take_high(search: Brackets, rows: Rows) -> None:
    """Finish with the reason of `high`, and with `high` itself where that reason is what was sought."""
    search.keep_high[rows] = np.isin(search.high_stop[rows], _ENDS)
    search.stop[rows], search.mode[rows] = search.high_stop[rows], int(Mode.DONE)


def _close(search: Brackets, rows: Rows, stop: Stop) -> None:
    search.stop[rows], search.mode[rows] = int(stop), int(Mode.DONE)
