"""The search on curves that are written down: what it must find is known from a dense scan of the same curve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fairaudit.counterfactuals.bracket import (
    INWARD,
    OUTWARD,
    REFINE,
    Brackets,
    Mode,
    Probed,
    brackets,
    learn,
    next_steps,
)
from fairaudit.counterfactuals.ladder import Stop

Curve = Callable[[float], float]


def walk(
    gain: Curve,
    *,
    guess: float = 1.0,
    goal: float = 1.0,
    cap: float = np.inf,
    pixels: Curve | None = None,
    pixel_limit: float | None = None,
) -> tuple[Stop, float, list[float]]:
    """One ray to its end: why, the step that is kept, and every step that was tried."""
    search = brackets(np.array([guess]), np.array([goal]), np.array([cap]), pixel_limit, np.array([-1]))
    row, tried = np.array([0]), []
    while search.mode[0] != Mode.DONE:
        step = next_steps(search, row)
        tried.append(float(step[0]))
        found = gain(tried[-1])
        change = np.array([0.0 if pixels is None else pixels(tried[-1])])
        stop = Stop.NONFINITE if not np.isfinite(found) else Stop.REACHED if found > goal else -1
        learn(search, row, Probed(steps=step, gain=np.array([found]), pixels=change, stop=np.array([int(stop)])))
        assert len(tried) <= OUTWARD + INWARD + REFINE
    return Stop(search.stop[0]), _kept(search), tried


def _kept(search: Brackets) -> float:
    return float(search.seen.high[0] if search.keep_high[0] else search.seen.low[0])


def test_a_good_guess_is_one_probe() -> None:
    stop, step, tried = walk(lambda t: t / 3, guess=3.0)
    # 1.01 · 3, a hundredth beyond the goal.
    assert (stop, len(tried)) == (Stop.REACHED, 1)
    assert step == pytest.approx(3.03)


@given(st.floats(0.3, 3.0), st.floats(0.01, 100.0), st.floats(0.5, 20.0))
@settings(max_examples=80, deadline=None)
def test_rising_curves_are_met_within_four_percent(power: float, guess: float, reach: float) -> None:
    """gain = (t / reach)^power passes 1 at t = reach exactly, however wrong the guess is."""
    stop, step, tried = walk(lambda t: (t / reach) ** power, guess=guess)
    assert stop == Stop.REACHED
    assert step > reach * (1 - 1e-9)
    assert step <= 1.0400001 * reach or (step / reach) ** power <= 1.0400001
    assert len(tried) <= OUTWARD + INWARD


@pytest.mark.parametrize("scale", [0.25, 1024.0])
@pytest.mark.parametrize("guess", [0.05, 1.0, 40.0])
def test_the_unit_of_the_gain_does_not_matter(scale: float, guess: float) -> None:
    def gain(t: float) -> float:
        return (t / 3) ** 1.5

    expected = walk(gain, guess=guess)
    assert walk(lambda t: scale * gain(t), guess=guess, goal=scale)[2] == pytest.approx(expected[2])


def _scan(gain: Curve, top: float) -> float:
    """The best step of a dense grid, slow and sure."""
    grid: NDArray[np.float64] = np.linspace(0, top, 20_001)
    return float(grid[int(np.argmax([gain(float(t)) for t in grid]))])


@pytest.mark.parametrize("peak", [0.4, 1.0, 2.5, 9.0])
def test_a_turn_keeps_the_best_point(peak: float) -> None:
    def gain(t: float) -> float:
        return 0.7 * (t / peak) * (2 - t / peak)

    stop, step, _ = walk(gain, guess=1.0)
    assert stop == Stop.TURNED
    # The best there is, 0.7 at the peak, to within a hundredth.
    assert gain(step) >= gain(_scan(gain, 3 * peak)) - 0.01


def test_a_turn_that_hides_the_goal_is_found_by_its_parabola() -> None:
    """The peak of 1.05 at t = 2 lies between probes at 1.5 and 3."""

    def gain(t: float) -> float:
        return 1.05 - 0.2 * (t - 2) ** 2

    stop, step, _ = walk(gain, guess=1.5 / 1.01, goal=1.0)
    assert stop == Stop.REACHED
    assert gain(step) > 1.0


@pytest.mark.parametrize("bend", [1.0, 0.5])
def test_pixels_are_kept_inside_their_limit_and_near_it(bend: float) -> None:
    def pixels(t: float) -> float:
        return 0.05 * t**bend

    stop, step, tried = walk(lambda t: t / 50, guess=1.0, pixels=pixels, pixel_limit=0.1)
    assert stop == Stop.PIXELS
    assert 0.095 <= pixels(step) <= 0.1
    assert len(tried) <= 6


def test_a_goal_beyond_the_pixels_is_not_reached_although_a_probe_saw_it() -> None:
    stop, step, _ = walk(lambda t: t / 3, guess=3.0, pixels=lambda t: t / 20, pixel_limit=0.1)
    assert stop == Stop.PIXELS
    assert 1.9 <= step <= 2.0


def test_a_goal_before_the_pixels_is_reached_although_the_first_probe_broke_their_limit() -> None:
    stop, step, _ = walk(lambda t: t / 3, guess=9.0, pixels=lambda t: t / 40, pixel_limit=0.1)
    assert stop == Stop.REACHED
    assert 3.0 < step <= 3.12


def test_the_cap_ends_the_walk() -> None:
    assert walk(lambda t: t / 100, guess=1.0, cap=20.0)[:2] == (Stop.LIMIT, 20.0)


def test_a_score_that_only_gets_worse_stays_where_it_was() -> None:
    stop, step, _ = walk(lambda t: -t, guess=1.0)
    assert (stop, step) == (Stop.TURNED, 0.0)


def test_nan_keeps_the_last_point_before_it() -> None:
    stop, step, _ = walk(lambda t: t / 10 if t < 4 else float("nan"), guess=1.0)
    assert stop == Stop.NONFINITE
    assert 3.5 < step < 4


def test_rays_do_not_see_each_other() -> None:
    """Ten rays together take the steps that each takes alone."""
    reach = np.linspace(0.5, 8, 10)
    search = brackets(np.ones(10), np.ones(10), np.full(10, np.inf), None, np.full(10, -1))
    tried: list[list[float]] = [[] for _ in reach]
    while (search.mode != Mode.DONE).any():
        rows = np.flatnonzero(search.mode != Mode.DONE)
        steps = next_steps(search, rows)
        for row, step in zip(rows, steps, strict=True):
            tried[row].append(float(step))
        gain = np.sqrt(steps / reach[rows])
        stop = np.where(gain > 1, int(Stop.REACHED), -1)
        learn(search, rows, Probed(steps=steps, gain=gain, pixels=np.zeros(len(rows)), stop=stop))
    for row, far in enumerate(reach):
        assert walk(lambda t, far=far: float(np.sqrt(t / far)))[2] == pytest.approx(tried[row])  # type: ignore[misc]
