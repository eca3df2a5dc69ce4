"""The published search, rung by rung, with finished rays leaving the batch and new ones entering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairaudit.counterfactuals.heads import Heads
from fairaudit.counterfactuals.ladder import LadderSettings, ladder, stop_codes
from fairaudit.counterfactuals.rays import AutoEncoder, Jobs, Reconstruction
from fairaudit.counterfactuals.walk import Floats, Prober, Walk, base_values, first_stop


@dataclass(slots=True, kw_only=True)
class _State:
    """Progress of every job: rung to try next, score at the rung before, and where it ended."""

    rung: NDArray[np.int64]
    previous: Floats
    stop: NDArray[np.int64]
    shift: Floats
    values: NDArray[np.float64]
    pixels: Floats
    probes: NDArray[np.int64]


def walk_ladder(
    generator: AutoEncoder, heads: Heads, start: Reconstruction, jobs: Jobs, settings: LadderSettings
) -> Walk:
    """Walk every ray up the published ladder to the first rung at which a stop rule fires, and keep that rung.

    The rungs do not depend on the image, so a window of them is decoded together and the first stop is looked up
    afterwards. As in the program, the rung that fired is the answer even where it is worse than the one before.

    Args:
        generator: decoder.
        heads: the scores; a job's base column is the one that stops it.
        start: reconstructions with the gradient of the score itself.
        jobs: the rays.
        settings: ladder and limits.
    """
    rungs = np.asarray(ladder(settings.step, settings.limit), dtype=np.float64)
    prober = Prober(generator, heads, start, jobs, settings)
    before = base_values(start, jobs)
    state = _start(start, jobs, settings, before)
    waiting = np.flatnonzero(state.stop < 0)
    capacity = max(1, settings.batch_size // settings.window)
    active = np.zeros(0, np.int64)
    while len(active) or len(waiting):
        room = capacity - len(active)
        active, waiting = np.concatenate([active, waiting[:room]]), waiting[room:]
        _climb(active, state, rungs, before, prober, settings)
        active = active[state.stop[active] < 0]
    return Walk(shift=state.shift, stop=state.stop, values=state.values, pixels=state.pixels, probes=state.probes)


def _start(start: Reconstruction, jobs: Jobs, settings: LadderSettings, before: Floats) -> _State:
    count = len(jobs)
    return _State(
        rung=np.ones(count, np.int64),
        previous=before.copy(),
        stop=first_stop(start, jobs, settings),
        shift=np.zeros(count),
        values=start.values.double().cpu().numpy()[jobs.image],
        pixels=np.zeros(count),
        probes=np.zeros(count, np.int64),
    )


def _climb(
    active: NDArray[np.int64],
    state: _State,
    rungs: Floats,
    before: Floats,
    prober: Prober,
    settings: LadderSettings,
) -> None:
    """Try the next window of rungs of every active job and write down what it found."""
    # A window may not reach past the last rung; there the job ends by the cap, which always fires on it.
    steps = np.minimum(state.rung[active][:, None] + np.arange(settings.window), len(rungs) - 1)
    lams = rungs[steps]
    rows = np.repeat(active, settings.window)
    probes = prober(rows, settings.sign * lams.reshape(-1))
    shape = (len(active), settings.window)
    base = probes.values[np.arange(len(rows)), prober.jobs.base[rows]].reshape(shape)
    previous = np.concatenate([state.previous[active][:, None], base[:, :-1]], axis=1)
    codes = stop_codes(before[active][:, None], base, previous, lams, probes.pixels.reshape(shape), settings)
    fired = codes >= 0
    ended = fired.any(axis=1)
    at = np.where(ended, fired.argmax(axis=1), settings.window - 1)
    pick = np.arange(len(active)) * settings.window + at
    state.stop[active] = np.where(ended, codes.reshape(-1)[pick], -1)
    state.shift[active] = settings.sign * lams.reshape(-1)[pick]
    state.values[active] = probes.values[pick]
    state.pixels[active] = probes.pixels[pick]
    state.previous[active] = base.reshape(-1)[pick]
    state.probes[active] += settings.window
    state.rung[active] += settings.window
