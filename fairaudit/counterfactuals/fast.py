"""The fast search: a first step scaled by the log-odds that must be crossed, then secants; about four probes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.counterfactuals.bracket import Brackets, Mode, Probed, brackets, learn, next_steps
from fairaudit.counterfactuals.heads import Heads
from fairaudit.counterfactuals.ladder import LadderSettings, Stop, stop_codes
from fairaudit.counterfactuals.rays import AutoEncoder, Jobs, Reconstruction
from fairaudit.counterfactuals.walk import Floats, Prober, Probes, Walk, base_values, first_stop
from fairaudit.ratio import ratio

Rows = NDArray[np.int64]
_EDGE = 1e-6


def walk_bracket(
    generator: AutoEncoder, heads: Heads, start: Reconstruction, jobs: Jobs, settings: LadderSettings
) -> Walk:
    """Find, on every ray, the nearest point at which the base score has moved far enough.

    The first step is what a linear model of the log-odds needs; secants of the log-odds go on from there, outwards
    until a rule ends the walk and then between the last two points, until the point that is kept lies at most 4 % of
    the way beyond the one that is sought (in log-odds or in λ). Where the score turns back first, parabolas look for
    the best point before it, not the first worse one. Where the image changes too much first, the largest step found
    inside the pixel limit is kept. Every ray takes its own steps, so a batch gives what batches of one do; finished
    rays leave and new ones enter, one probe of every ray in a pass.

    Args:
        generator: decoder.
        heads: the scores; a job's base column is the one that stops it.
        start: reconstructions with the gradient of the log-odds where there are any.
        jobs: the rays.
        settings: limits; `limit` caps λ in the units of eq. 1.
    """
    climb = _climb(heads, start, jobs, settings)
    stop, cap = first_stop(start, jobs, settings), _cap(start, jobs, settings)
    search = brackets(_guess(climb, start, jobs), climb.goal, cap, settings.pixel_limit, stop)
    values = start.values.double().cpu().numpy()[jobs.image]
    ends = _Ends(low=values, high=values.copy(), probes=np.zeros(len(jobs), np.int64))
    prober = Prober(generator, heads, start, jobs, settings, steering=True)
    waiting = np.flatnonzero(search.mode != Mode.DONE)
    active = np.zeros(0, np.int64)
    while len(active) or len(waiting):
        room = settings.batch_size - len(active)
        active, waiting = np.concatenate([active, waiting[:room]]), waiting[room:]
        _probe(active, search, climb, ends, prober, settings)
        active = active[search.mode[active] != Mode.DONE]
    seen, far = search.seen, search.keep_high
    return Walk(
        shift=settings.sign * np.where(far, seen.high, seen.low),
        stop=search.stop,
        values=np.where(far[:, None], ends.high, ends.low),
        pixels=np.where(far, seen.high_pixels, seen.low_pixels),
        probes=ends.probes,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Climb:
    """How far every ray has to go, in log-odds wherever its score is or looks like a probability; [job] each."""

    before: Floats
    """Base score of the reconstruction."""
    steers: NDArray[np.bool_]
    """Whether the head's own log-odds are used."""
    squashed: NDArray[np.bool_]
    """Whether the log-odds of the score are used: a sum of probabilities that starts inside (0, 1)."""
    origin: Floats
    """Log-odds (or score) at the reconstruction."""
    goal: Floats
    """Distance to the log-odds (or score) at which a rule fires; above 0."""


@dataclass(slots=True, kw_only=True)
class _Ends:
    """Every head's score at both ends of every bracket, [job, M], and the probes taken."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]
    probes: Rows


def _climb(heads: Heads, start: Reconstruction, jobs: Jobs, settings: LadderSettings) -> _Climb:
    before = base_values(start, jobs)
    steers = np.asarray([heads.is_probability(int(base)) for base in jobs.base], dtype=bool)
    squashed = ~steers & (before > _EDGE) & (before < 1 - _EDGE)
    origin = _units(before, _per_job(start.odds, jobs), steers, squashed)
    down = settings.direction == "down"
    aim = np.maximum(before - settings.drop, settings.floor) if down else before + settings.drop
    aim = aim if down else np.minimum(aim, 1 - settings.floor)
    # An end at 0 or 1 itself is infinitely far in log-odds.
    end = np.where(steers | squashed, _log_odds(aim, 1e-3), aim)
    goal = np.maximum(settings.sign * (end - origin), 1e-3)
    return _Climb(before=before, steers=steers, squashed=squashed, origin=origin, goal=goal)


def _units(values: Floats, odds: Floats, steers: NDArray[np.bool_], squashed: NDArray[np.bool_]) -> Floats:
    return np.where(steers, odds, np.where(squashed, _log_odds(values, _EDGE), values))


def _log_odds(values: Floats, edge: float) -> Floats:
    inside = np.clip(values, edge, 1 - edge)
    return np.asarray(np.log(inside) - np.log1p(-inside), dtype=np.float64)


def _guess(climb: _Climb, start: Reconstruction, jobs: Jobs) -> Floats:
    """Step along the slope that a linear model needs: goal / ‖slope‖²; 1 where that is undefined."""
    norms = {base: slope.double().flatten(1).square().sum(dim=1) for base, slope in start.slopes.items()}
    norm = _per_job(norms, jobs)
    # The slope of a squashed score is that of its log-odds times p (1 − p).
    per_slope = np.where(climb.squashed, climb.before * (1 - climb.before), 1.0)
    steps = ratio(climb.goal * per_slope, norm)
    return np.where(np.isfinite(steps) & (steps > 0), steps, 1.0)


def _cap(start: Reconstruction, jobs: Jobs, settings: LadderSettings) -> Floats:
    """The limit on λ as a step along the slope that is stored: λ · d score / d steering."""
    scales = _per_job(start.scale, jobs)
    # A saturated score has no λ in the units of eq. 1; its walk is bounded by the number of probes alone.
    return np.where(scales > 1e-12, settings.limit * scales, np.inf)


def _per_job(columns: Mapping[int, Tensor], jobs: Jobs) -> Floats:
    """Base head → [image] as [job]; NaN for bases that are not there."""
    found = np.full(len(jobs), np.nan)
    for base, values in columns.items():
        mine = jobs.base == base
        found[mine] = values.double().cpu().numpy()[jobs.image[mine]]
    return found


def _probe(rows: Rows, search: Brackets, climb: _Climb, ends: _Ends, prober: Prober, settings: LadderSettings) -> None:
    """One new point on every row's ray."""
    steps = next_steps(search, rows)
    found = prober(rows, settings.sign * steps)
    kept = learn(search, rows, _judged(rows, steps, found, climb, prober, settings))
    ends.low[rows[kept.low]], ends.high[rows[kept.high]] = found.values[kept.low], found.values[kept.high]
    ends.probes[rows] += 1


def _judged(
    rows: Rows, steps: Floats, found: Probes, climb: _Climb, prober: Prober, settings: LadderSettings
) -> Probed:
    base = found.values[np.arange(len(rows)), prober.jobs.base[rows]]
    units = _units(base, found.odds, climb.steers[rows], climb.squashed[rows])
    nothing = np.zeros(len(rows))
    codes = stop_codes(climb.before[rows], base, base, nothing, nothing, settings)
    codes = np.where(np.isin(codes, (Stop.REACHED, Stop.FLOOR, Stop.NONFINITE)), codes, -1)
    gain = settings.sign * (units - climb.origin[rows])
    return Probed(steps=steps, gain=gain, pixels=found.pixels, stop=codes)
