"""What wins: never a constant classifier, never one that costs too much accuracy."""

import numpy as np
import pytest

from fairaudit.audits.mitigation.fits.merit import (
    Merit,
    constant_accuracy,
    mean_cell,
    mean_error,
    merit,
    pick,
    score_error,
)

CONSTANT = np.array([[[20, 0], [20, 0]], [[20, 0], [20, 0]]])
BIASED = np.array([[[19, 1], [10, 10]], [[10, 10], [1, 19]]])
EVEN = np.array([[[17, 3], [3, 17]], [[17, 3], [3, 17]]])
WEAK = np.array([[[13, 7], [7, 13]], [[13, 7], [7, 13]]])


@pytest.mark.parametrize("select", ["worst_cell", "eo"])
@pytest.mark.parametrize("floor", [0.02, 1.0])
def test_a_constant_classifier_never_wins(select, floor):
    before = mean_cell(BIASED)
    assert merit(CONSTANT, select, floor=floor, before=before)[0] == -np.inf
    assert merit(EVEN, select, floor=floor, before=before) > merit(BIASED, select, floor=floor, before=before)


@pytest.mark.parametrize("select", ["worst_cell", "eo"])
def test_what_is_no_better_than_a_constant_never_wins(select):
    coin = np.full((2, 2, 2), 10)  # equal, and worth nothing; the unchanged model may be no better
    assert merit(coin, select, floor=0.02, before=0.45)[0] == -np.inf
    assert merit(WEAK, select, floor=0.02, before=0.45)[0] > -np.inf
    missing = np.array([[[5, 5], [0, 0]], [[5, 5], [4, 6]]])  # three cells, two of them of the first class
    assert constant_accuracy(missing) == pytest.approx(2 / 3)


def test_the_floor_keeps_out_what_costs_too_much():
    before = mean_cell(BIASED)  # .725; the weak one has .65 and a gap of 0
    assert merit(WEAK, "eo", floor=0.02, before=before)[0] == -np.inf
    assert merit(WEAK, "eo", floor=0.1, before=before)[0] == 0.0


def test_a_little_above_a_constant_is_not_surely_better():
    lucky = np.array([[[11, 9], [9, 11]], [[11, 9], [9, 11]]])  # .55 of 20 images per cell
    assert merit(lucky, "worst_cell", floor=0.02, before=0.5)[0] == -np.inf
    assert merit(20 * lucky, "worst_cell", floor=0.02, before=0.5)[0] == 0.55


def test_standard_errors_by_hand():
    assert mean_error(EVEN) == pytest.approx(np.sqrt(4 * 0.85 * 0.15 / 20) / 4)
    one_bad = np.array([[[100, 0], [0, 100]], [[100, 0], [40, 60]]])
    assert score_error(one_bad, "worst_cell") == pytest.approx(np.sqrt(0.6 * 0.4 / 100), rel=0.15)
    assert score_error(one_bad, "eo") == pytest.approx(np.sqrt(0.6 * 0.4 / 100), rel=0.15)  # the other group's is 0
    missing = np.array([[[30, 0], [0, 30]], [[15, 15], [0, 0]]])
    assert np.isfinite(score_error(missing, "worst_cell"))


def redrawn(draw, shares):
    """Counts of 40 images per cell whose cells are right with these probabilities."""
    a, b, c, d = draw.binomial(40, shares).tolist()
    return np.array([[[a, 40 - a], [40 - b, b]], [[c, 40 - c], [40 - d, d]]])


def test_the_luckiest_of_many_is_not_taken_over_a_better_one():
    """Thirty methods of .62 in every cell, and one of .68 in the worst and .8 in the others; drawn 60 times."""
    draw, right = np.random.default_rng(0), {"largest": 0, "picked": 0}
    for _ in range(60):
        found = {}
        for number in range(31):
            counts = redrawn(draw, [0.62] * 4 if number < 30 else [0.68, 0.8, 0.8, 0.8])
            score, mean = merit(counts, "worst_cell", floor=0.02, before=0.5)
            found[str(number)] = Merit(score=score, error=score_error(counts, "worst_cell"), mean=mean)
        right["largest"] += max(found, key=lambda name: found[name].score) == "30"
        right["picked"] += pick(found) == "30"
    assert right["picked"] >= 50
    assert right["largest"] < right["picked"] - 8
