"""Changes of gaps between two models: signs, agreement with one pair's own interval, what a swap of models does."""

import numpy as np
import pytest

from fairaudit.measures.counts.disparities import DISPARITIES, disparity
from fairaudit.tables.changes.counts import CHANGES
from fairaudit.tables.changes.gaps import cells_as_groups, disparity_change, worst_cell_change, worst_group_change
from fairaudit.tables.rows import FairnessSpec

GROUPS = ("a", "b", "c")


def asked(**more):
    return FairnessSpec(attribute="x", groups=GROUPS, classes=("0", "1"), **more)


def models(seed, old, new, sizes=(200, 100, 60)):
    """Counts [group, true, candidate, baseline] of two independent models with these shares of right decisions."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((3, 2, 2, 2))
    for group, size in enumerate(sizes):
        for true in (0, 1):
            first, second = (rng.random(size) < share[group] for share in (new, old))
            np.add.at(counts, (group, true, np.where(first, true, 1 - true), np.where(second, true, 1 - true)), 1)
    return counts


@pytest.mark.parametrize("name", CHANGES)
def test_an_interval_holds_the_truth_and_turns_with_the_models(name):
    spec = DISPARITIES[name]
    counts = models(1, (0.9, 0.7, 0.9), (0.9, 0.9, 0.9), sizes=(2000, 2000, 2000))
    ends = disparity_change(counts, spec, asked())
    value = disparity(counts.sum(-1), name) - disparity(counts.sum(-2), name)
    assert ends.low <= value <= ends.high
    if not name.startswith("demographic"):  # every group is selected as often
        assert ends.high < 0 if spec.form == "difference" else ends.low > 0
    turned = disparity_change(counts.swapaxes(-1, -2), spec, asked())
    assert [-turned.high, -turned.low] == pytest.approx([float(end) for end in ends])


def test_models_that_agree_more_have_shorter_intervals():
    same = models(2, (0.9, 0.8, 0.85), (0.9, 0.8, 0.85))
    equal = np.zeros_like(same)
    for true in (0, 1):
        for decision in (0, 1):
            equal[:, true, decision, decision] = same.sum(-1)[:, true, decision]
    spec = DISPARITIES["equal_opportunity_difference"]
    apart, together = (disparity_change(counts, spec, asked()) for counts in (same, equal))
    assert together.high - together.low < 0.7 * (apart.high - apart.low)
    assert together.low < 0 < together.high


def test_a_ratio_whose_rates_may_be_0_has_no_bound():
    counts = models(3, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), sizes=(30, 30, 30))
    assert disparity_change(counts, DISPARITIES["equalized_odds_ratio"], asked()) == (-1, 1)


def test_persons_count_as_what_they_are_worth():
    counts = models(4, (0.9, 0.7, 0.9), (0.9, 0.9, 0.9))
    flat = np.repeat(np.eye(counts.size), counts.ravel().astype(int), axis=0).reshape(-1, *counts.shape)
    spec = DISPARITIES["equal_opportunity_difference"]
    alone = disparity_change(counts, spec, asked())
    ends = disparity_change(4 * counts, spec, asked(cluster_counts=4 * flat))
    assert [float(end) for end in ends] == pytest.approx([float(end) for end in alone], abs=0.03)
    worst = worst_group_change(4 * counts, asked(cluster_counts=4 * flat))
    assert worst.low < 0.2 < worst.high


def test_one_group_has_no_gap():
    counts = models(5, (0.9, 0.7, 0.9), (0.9, 0.9, 0.9))
    counts[1:] = 0
    assert np.isnan(disparity_change(counts, DISPARITIES["accuracy_difference"], asked()).low)


def test_a_cell_as_a_group_keeps_its_images_and_both_models_right_decisions():
    counts = np.random.default_rng(5).integers(0, 9, (4, 3, 3, 3, 3))
    cells = cells_as_groups(counts).reshape(4, 3, 3, 2, 2, 2)
    for t in range(3):
        own, cell = counts[:, :, t], cells[:, :, t, 0]
        np.testing.assert_array_equal(cell.sum((-2, -1)), own.sum((-2, -1)))
        np.testing.assert_array_equal(cell[..., 0, :].sum(-1), own[..., t, :].sum(-1))
        np.testing.assert_array_equal(cell[..., :, 0].sum(-1), own[..., :, t].sum(-1))
    assert (cells[..., 1, :, :] == 0).all()


def test_the_change_of_the_worst_cell_turns_with_the_models_and_sees_a_rise():
    counts = models(6, (0.9, 0.6, 0.9), (0.9, 0.9, 0.9), sizes=(400, 400, 400))
    found, turned = worst_cell_change(counts, asked()), worst_cell_change(counts.swapaxes(-1, -2), asked())
    assert found.low > 0
    assert [-turned.high, -turned.low] == pytest.approx([float(end) for end in found])
    flat = counts.reshape(1, *counts.shape)
    persons = worst_cell_change(4 * counts, asked(cluster_counts=4 * flat))  # one person has everything
    assert persons.low < 0 < persons.high
