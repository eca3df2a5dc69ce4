"""A small part of how often the images that a rule asks for decide it, with the benchmark's own functions."""

from pathlib import Path

import numpy as np
import pytest

PROGRAM = Path(__file__).parent / "benchmarks" / "needed.py"


@pytest.fixture(scope="module")
def needed(script):
    return script(PROGRAM)


@pytest.mark.parametrize("place", [0, 3, 7])
def test_as_many_images_as_a_rule_asks_for_decide_it_rightly_in_most_cases(needed, place):
    """Meant are 75 to 90 %; 45, 46 and 4 % it was before the estimate's own error was taken into account."""
    tally = needed.simulate(needed.SCENARIOS[place], 60, 0)
    assert tally.told >= 15
    assert tally.never > 0
    assert tally.decided / tally.told > 0.55
    assert tally.right / tally.told > 0.55


def test_a_truth_on_the_limit_is_hardly_ever_decided_and_often_told_to_be_so_near(needed):
    tally = needed.simulate(needed.SCENARIOS[8], 25, 0)
    assert tally.never > tally.inconclusive / 10
    assert tally.right == 0 or tally.right / tally.told < 0.15


@pytest.mark.parametrize(("text", "added"), [
    ("About 40 more images of group a=g1 whose label is 1 (10 now, 50 then) would decide it", [[0, 0], [0, 40]]),
    (
        "About 40 more images of group a=g1 whose label is 1 (10 now, 50 then; group a=g0 needs 50 too) would",
        [[0, 20], [0, 40]],
    ),
    (
        "About 40 more images of group a=g1 whose label is 1 (10 now, 50 then) would decide it in about four of five "
        "cases, provided that each group then has at least 50 images of each label.",
        [[20, 20], [40, 40]],
    ),
    ("At its distance from the limit the estimate is too uncertain", None),
])  # fmt: skip
def test_images_are_added_as_the_sentence_has_it(needed, text, added):
    counts = np.array([[[15, 15], [20, 10]], [[5, 5], [5, 5]]])
    found = needed.more_images(text, counts, needed.SCENARIOS[0])
    assert (found is None) == (added is None)
    if added is not None:
        assert (found[0].tolist(), found[1]) == (added, 40)


@pytest.mark.parametrize(("sizes", "base"), [((1000, 30, 10), 0.99), ((200, 200), 0.9)])
def test_a_gap_that_a_plan_promises_is_found_about_as_often(needed, sizes, base):
    gap, share = needed.found(sizes, base, 150, 0)
    assert 0 < gap < 1
    assert 0.7 < share < 0.95
