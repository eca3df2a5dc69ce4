from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.counterfactuals.ladder import STOP_TEXTS, LadderSettings, Stop, ladder, stop_codes
from fairaudit.errors import UsageError


def test_the_printed_ladder() -> None:
    assert ladder(10, 140) == (0, 10, 21, 34, 48, 63, 80, 98, 118, 140)


@pytest.mark.parametrize(
    ("step", "at_least", "rung"),
    [(10, 118, 8), (10, 500, 19), (10, 1000, 25), (10, 2105, 33), (10, 3000, 36), (10, 10_000, 49), (10, 500_000, 89)],
)
def test_rungs_until_a_distance_as_published(step: int, at_least: int, rung: int) -> None:
    assert len(ladder(step, at_least)) - 1 == rung


def test_step_two_reaches_2105_at_rung_47() -> None:
    rungs = ladder(2, 2105)
    assert (len(rungs) - 1, rungs[-1]) == (47, 2105)


@given(st.integers(1, 50), st.floats(1, 1e5))
def test_equals_the_programs_walk_through_negative_numbers(step: int, limit: float) -> None:
    lam, walked = 0, [0]
    while abs(lam) < limit:
        lam = lam - step + int(np.floor(lam / 10))
        walked.append(-lam)
    assert ladder(step, limit) == tuple(walked)


def _reference(p0: float, p: float, previous: float, lam: float, pixel: float, direction: str) -> int:
    if direction == "up":
        p0, p, previous = 1 - p0, 1 - p, 1 - previous
    if p > previous:
        return Stop.TURNED
    if p < 0.05:
        return Stop.FLOOR
    if p0 - p > 0.6:
        return Stop.REACHED
    if lam >= 1000:
        return Stop.LIMIT
    if pixel > 0.05:
        return Stop.PIXELS
    return -1


@pytest.mark.parametrize("direction", ["down", "up"])
def test_the_truth_table_of_the_rules(direction: str) -> None:
    settings = LadderSettings(direction=direction, limit=1000, pixel_limit=0.05)  # type: ignore[arg-type]
    grid = [0.03125, 0.25, 0.5, 0.9375]
    for p0, p, previous, lam, pixel in itertools.product(grid, grid, grid, [10.0, 1000.0], [0.01, 0.06]):
        found = stop_codes(*(np.array([v]) for v in (p0, p, previous, lam, pixel)), settings)
        assert found[0] == _reference(p0, p, previous, lam, pixel, direction), (p0, p, previous, lam, pixel)


def test_equal_scores_are_no_turn_and_a_nan_is_its_own_reason() -> None:
    one = np.array([0.9])
    settings = LadderSettings()
    assert stop_codes(one, one, one, np.array([5.0]), np.array([9.0]), settings)[0] == -1
    assert stop_codes(one, one * np.nan, one, np.array([5.0]), np.array([0.0]), settings)[0] == Stop.NONFINITE


@pytest.mark.parametrize(
    "wrong",
    [{"search": "slow"}, {"direction": "left"}, {"drop": 0}, {"step": -1}, {"floor": 1.0}, {"pixel_limit": 0.0}],
)
def test_settings_that_no_search_can_use_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong)).split("_")[0]):
        LadderSettings(**wrong)  # type: ignore[arg-type]


def test_every_stop_has_words() -> None:
    assert set(STOP_TEXTS) == set(Stop)
