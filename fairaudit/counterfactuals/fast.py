"""The fast search: a bracket scaled by the log-odds that must be crossed, then bisection; about 12 probes an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.counterfactuals.heads import Heads
from fairaudit.counterfactuals.ladder import SearchSettings, Stop, stop_codes
from fairaudit.counterfactuals.rays import AutoEncoder, Jobs, Reconstruction
from fairaudit.counterfactuals.walk import Floats, Prober, Walk, base_values, first_stop
from fairaudit.ratio import ratio

Rows = NDArray[np.int64]
_GRID = 2.0 ** np.arange(-3, 5)
_ROUNDS = 3
_REFINE = 4
# These keep the last point before the rule fired; the others keep the point at which it fired.
_BEFORE = (int(Stop.TURNED), int(Stop.PIXELS), int(Stop.NONFINITE))


@dataclass(slots=True, kw_only=True)
class _State:
    """Point that every job would keep so far, and the bracket [low, high] of steps around the one that is sought."""

    stop: NDArray[np.int64]
    shift: Floats
    values: NDArray[np.float64]
    pixels: Floats
    probes: NDArray[np.int64]
    low: Floats
    high: Floats


def walk_bracket(
    generator: AutoEncoder, heads: Heads, start: Reconstruction, jobs: Jobs, settings: SearchSettings
) -> Walk:
    """Find, on every ray, the nearest point at which the base score has moved far enough.

    The first guess is what a linear model of the log-odds needs; eight probes from an eighth to sixteen times the
    guess bracket the point, four bisections of log λ bring it to within 5 % (2^(1/16)). Where the score turns back
    first, four probes inside the turn pick the best point before it, not the first worse one. Where the image changes
    too much first, the largest step found inside the pixel limit is kept.

    Args:
        generator: decoder.
        heads: the scores; a job's base column is the one that stops it.
        start: reconstructions with the gradient of the log-odds where there are any.
        jobs: the rays.
        settings: limits; `limit` caps λ in the units of eq. 1.
    """
    prober = Prober(generator, heads, start, jobs, settings)
    state = _start(start, jobs, settings)
    guess, cap = _guess(heads, start, jobs, settings), _cap(start, jobs, settings)
    for number in range(_ROUNDS):
        rows = np.flatnonzero(state.stop < 0)
        steps = np.minimum(guess[rows, None] * _GRID * 2.0 ** (len(_GRID) * number), cap[rows, None])
        _bracket(rows, steps, cap, state, prober, settings)
    state.stop[state.stop < 0] = Stop.LIMIT
    walked = state.high > 0
    crossed = np.flatnonzero(walked & np.isin(state.stop, (Stop.REACHED, Stop.FLOOR)))
    heavy = np.flatnonzero(walked & (state.stop == Stop.PIXELS))
    for _ in range(_REFINE):
        _bisect(crossed, state, prober, settings)
        _bisect(heavy, state, prober, settings)
    _inside(np.flatnonzero(walked & (state.stop == Stop.TURNED)), state, prober, settings)
    shift = settings.sign * state.shift
    return Walk(shift=shift, stop=state.stop, values=state.values, pixels=state.pixels, probes=state.probes)


def _start(start: Reconstruction, jobs: Jobs, settings: SearchSettings) -> _State:
    count = len(jobs)
    return _State(
        stop=first_stop(start, jobs, settings),
        shift=np.zeros(count),
        values=start.values.double().cpu().numpy()[jobs.image],
        pixels=np.zeros(count),
        probes=np.zeros(count, np.int64),
        low=np.zeros(count),
        high=np.zeros(count),
    )


def _guess(heads: Heads, start: Reconstruction, jobs: Jobs, settings: SearchSettings) -> Floats:
    """Step along the slope that a linear steering needs: Δsteering / ‖slope‖²; 1 where that is undefined."""
    before = base_values(start, jobs)
    aim = np.clip(before + settings.sign * settings.drop, settings.floor, 1 - settings.floor)
    odds = np.asarray([heads.is_probability(int(base)) for base in jobs.base], dtype=bool)
    inside, goal = np.clip(before, 1e-7, 1 - 1e-7), np.clip(aim, 1e-3, 1 - 1e-3)
    crossing = np.abs(np.log(inside / (1 - inside)) - np.log(goal / (1 - goal)))
    norms = {base: slope.double().flatten(1).square().sum(dim=1).cpu().numpy() for base, slope in start.slopes.items()}
    norm = np.asarray([norms[int(base)][row] for base, row in zip(jobs.base, jobs.image, strict=True)], np.float64)
    steps = ratio(np.where(odds, np.maximum(crossing, 0.1), settings.drop), norm)
    return np.where(np.isfinite(steps) & (steps > 0), steps, 1.0)


def _cap(start: Reconstruction, jobs: Jobs, settings: SearchSettings) -> Floats:
    """The limit on λ as a step along the slope that is stored: λ · d score / d steering."""
    scale = {base: values.cpu().numpy() for base, values in start.scale.items()}
    scales = np.asarray([scale[int(base)][row] for base, row in zip(jobs.base, jobs.image, strict=True)], np.float64)
    # A saturated score has no λ in the units of eq. 1; its walk is bounded by the rounds alone.
    return np.where(scales > 1e-12, settings.limit * scales, np.inf)


def _bracket(rows: Rows, steps: Floats, cap: Floats, state: _State, prober: Prober, settings: SearchSettings) -> None:
    """Eight probes of every row; where a rule fires, a bracket around the point and the best one so far."""
    if not len(rows):
        return
    width, index = steps.shape[1], np.arange(len(rows))
    table = _Table(rows, steps, prober, settings)
    last = _own(state.values, rows, prober)
    codes = table.codes(last, np.where(steps >= cap[rows, None], settings.limit, 0.0))
    ended = (codes >= 0).any(axis=1)
    at = np.where(ended, (codes >= 0).argmax(axis=1), width - 1)
    code = np.where(ended, codes[index, at], -1)
    # Steps with the two points before this round in front, so that at + 2 is the point itself.
    known = np.concatenate([state.shift[rows, None] / 2, state.shift[rows, None], steps], axis=1)
    state.low[rows] = known[index, at + np.where(code == Stop.TURNED, 0, 1)]
    state.high[rows] = known[index, at + 2]
    state.stop[rows] = code
    state.probes[rows] += width
    _keep(rows, at - np.isin(code, _BEFORE), table, state)


def _bisect(rows: Rows, state: _State, prober: Prober, settings: SearchSettings) -> None:
    """Halve the brackets in log λ; what is kept is on the side of the rule that may be kept."""
    if not len(rows):
        return
    low, high = state.low[rows], state.high[rows]
    middle = np.where(low > 0, np.sqrt(low * high), high / 2)
    table = _Table(rows, middle[:, None], prober, settings)
    codes = table.codes(table.before, np.zeros((len(rows), 1)))[:, 0]
    heavy = state.stop[rows] == Stop.PIXELS
    over = np.where(heavy, codes == Stop.PIXELS, np.isin(codes, (Stop.REACHED, Stop.FLOOR)))
    state.low[rows], state.high[rows] = np.where(over, low, middle), np.where(over, middle, high)
    state.probes[rows] += 1
    state.stop[rows] = np.where(over & ~heavy, codes, state.stop[rows])
    _keep(rows, np.where(over ^ heavy, 0, -1), table, state)


def _inside(rows: Rows, state: _State, prober: Prober, settings: SearchSettings) -> None:
    """Four probes inside a turn; the best point of them and of the one kept so far stays."""
    if not len(rows):
        return
    low, high = state.low[rows, None], state.high[rows, None]
    share = np.arange(1, _REFINE + 1) / (_REFINE + 1)
    steps = np.where(low > 0, low + (high - low) * share, high * 0.5 ** np.arange(1, _REFINE + 1)[::-1])
    table = _Table(rows, steps, prober, settings)
    gains = settings.sign * np.concatenate([_own(state.values, rows, prober)[:, None], table.base], axis=1)
    best = np.nanargmax(gains, axis=1) - 1
    state.probes[rows] += _REFINE
    _keep(rows, best, table, state)
    moved = settings.sign * (_own(state.values, rows, prober) - table.before)
    state.stop[rows] = np.where(moved > settings.drop, int(Stop.REACHED), int(Stop.TURNED))


class _Table:
    """Scores of several steps on each of several rays, [row, step]."""

    def __init__(self, rows: Rows, steps: Floats, prober: Prober, settings: SearchSettings) -> None:
        repeated = np.repeat(rows, steps.shape[1])
        probes = prober(repeated, settings.sign * steps.reshape(-1))
        columns = prober.jobs.base[repeated]
        self.settings, self.steps = settings, steps
        self.before = base_values(prober.start, prober.jobs)[rows]
        self.values = probes.values.reshape(*steps.shape, -1)
        self.pixels = probes.pixels.reshape(steps.shape)
        self.base = probes.values[np.arange(len(repeated)), columns].reshape(steps.shape)

    def codes(self, last: Floats, lams: Floats) -> Rows:
        """Stop codes of every step, the steps of a row being in order and `last` the score before them."""
        previous = np.concatenate([last[:, None], self.base[:, :-1]], axis=1)
        return stop_codes(self.before[:, None], self.base, previous, lams, self.pixels, self.settings)


def _own(values: NDArray[np.float64], rows: Rows, prober: Prober) -> Floats:
    return np.asarray(values[rows, prober.jobs.base[rows]], dtype=np.float64)


def _keep(rows: Rows, column: Rows, table: _Table, state: _State) -> None:
    """Keep the point in the given column of the table; −1 leaves what is kept."""
    new = np.flatnonzero(column >= 0)
    at = column[new]
    state.shift[rows[new]] = table.steps[new, at]
    state.values[rows[new]] = table.values[new, at]
    state.pixels[rows[new]] = table.pixels[new, at]
