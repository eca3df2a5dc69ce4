"""Foreseen images against the gate's own interval, a posterior by importance sampling, and simulated tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from fairaudit.measures.intervals.foreseen import ALIKE, MOST, gap_end, images_needed, likely_rates
from fairaudit.measures.intervals.proportion import normal_quantile
from fairaudit.measures.intervals.simultaneous import difference_interval, range_quantile


def test_the_ends_of_many_tables_are_those_of_the_gates_interval():
    rng = np.random.default_rng(0)
    sizes = np.array([[40.0, 25.5, 300.0], [60.0, 12.0, 80.0]])
    tables = rng.binomial(sizes.astype(int), 0.8, size=(30, 2, 3)).astype(float)
    low = gap_end(tables, sizes, z=range_quantile(0.9, groups=3, rates=2), upper=False)
    high = gap_end(tables, sizes, z=normal_quantile(0.9), upper=True)
    expected = [difference_interval(table, sizes, level=0.9) for table in tables]
    assert np.clip(low, 0, 1) == pytest.approx([one.low for one in expected], abs=1e-12)
    assert np.clip(high, 0, 1) == pytest.approx([one.high for one in expected], abs=1e-12)


@pytest.mark.parametrize("hits", [(90, 88, 91, 70), (90, 91, 89, 90), (80, 99, 60, 95)])
def test_likely_rates_are_the_posterior_of_the_model(hits):
    """The same posterior by weighting 400,000 draws from the prior, within reach of the data, with their likelihood."""
    x, n = np.array(hits, float), np.array([100.0, 100.0, 100.0, 100.0])
    y, error = np.arcsin(np.sqrt((x + 0.375) / (n + 0.75))), np.sqrt(1 / (4 * n + 2))
    rng = np.random.default_rng(1)
    spread = np.where(rng.random(400_000) < ALIKE[1], 0.0, rng.uniform(0.0025, 0.5, 400_000))
    mean = rng.uniform(y.min() - 0.5, y.max() + 0.5, 400_000)
    # θ is integrated out of the weights and drawn given spread and mean, by the normal's own conjugacy.
    weight = norm.pdf(y, mean[:, None], np.hypot(spread[:, None], error)).prod(1)
    weight /= weight.sum()
    kept = spread[:, None] ** 2 / (spread[:, None] ** 2 + error**2)
    theta = mean[:, None] + kept * (y - mean[:, None])
    expected = (weight[:, None] * theta).sum(0)
    found = np.arcsin(np.sqrt(likely_rates(x[None], n[None], draws=20_000, seed=0)[:, 0]))
    assert found.mean(0) == pytest.approx(expected, abs=0.004)
    second = (weight[:, None] * (theta**2 + kept * error**2)).sum(0)
    assert found.std(0) == pytest.approx(np.sqrt(second - expected**2), rel=0.06)


def test_groups_pull_one_another_and_two_less_than_eight():
    several = likely_rates(np.array([[75.0, *[90.0] * 7]]), np.full((1, 8), 100.0), draws=4000, seed=0).mean(0)[0]
    assert 0.75 < several[0] < several[1:].min() < 0.905
    two = likely_rates(np.array([[75.0, 90.0]]), np.full((1, 2), 100.0), draws=4000, seed=0).mean(0)[0]
    assert two[0] < several[0]


@pytest.mark.parametrize(
    ("sizes", "rates", "limit"),
    [((400, 90), (0.93, 0.88), 0.1), ((200, 60), (0.9, 0.78), 0.05), ((150,) * 4, (0.9,) * 4, 0.1)],
)
def test_the_images_needed_decide_in_most_cases(sizes, rates, limit):
    """Tables of a known truth that are inconclusive, then as many more images as are said to be needed."""
    rng, decided, told = np.random.default_rng(0), 0, 0
    for _ in range(60):
        hits = rng.binomial(sizes, rates)
        found = difference_interval([hits], [sizes])
        if found.high <= limit or found.low > limit:
            continue
        goal = images_needed([hits], [sizes], limit=limit)
        if goal is None:
            continue
        more = np.maximum(np.ceil(goal).astype(int) - sizes, 0)
        found = difference_interval([hits + rng.binomial(more, rates)], [sizes + more])
        told, decided = told + 1, decided + (found.high <= limit or found.low > limit)
    assert told > 15
    assert 0.55 < decided / told < 1.0


def test_a_gap_on_the_limit_has_no_number_and_less_room_needs_more():
    assert images_needed([[900, 800]], [[1000, 1000]], limit=0.1) is None
    wide, narrow = (images_needed([[90, 89]], [[100, 100]], limit=limit) for limit in (0.15, 0.1))
    assert wide < narrow
    assert images_needed([[180, 90]], [[200, 100]], limit=0.1, level=0.99) > images_needed(
        [[180, 90]], [[200, 100]], limit=0.1
    )
    # A gap to be proved: the more groups share the level, the more images.
    proved = [[450, 160]], [[500, 200]]
    few, many = (images_needed(*proved, limit=0.05, family=(groups, 1)) for groups in (2, 12))
    assert many > few


def test_no_number_is_told_where_the_side_of_the_limit_is_not_known(monkeypatch):
    """Rates of .88 and .8 of 100 images: the gap is above .06 with probability .5, and enough images would decide."""
    unsure = {"successes": [[88, 80]], "trials": [[100, 100]], "limit": 0.06}
    assert images_needed(**unsure) is None
    monkeypatch.setattr("fairaudit.measures.intervals.foreseen.SURE", 0.0)
    assert images_needed(**unsure) > 1000


def test_the_number_is_bounded_and_the_same_every_time():
    sizes = np.array([[1000.0, 30.0, 10.0]])
    first, again = (images_needed(sizes * 0.9, sizes, limit=0.2) for _ in range(2))
    assert first == again
    assert 10 < first <= max(MOST * 10, 1000)
    assert images_needed(sizes * 0.9, sizes, limit=0.001) is None


@pytest.mark.parametrize(("x", "n"), [([[1]], [[2]]), ([[1, 0]], [[2, 0]]), ([1, 1], [2, 2]), ([[1, 1]], [[2, 2, 2]])])
def test_what_cannot_be_compared_is_refused(x, n):
    with pytest.raises(ValueError, match="two groups with images"):
        images_needed(x, n, limit=0.1)
