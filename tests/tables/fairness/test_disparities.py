"""Disparities by hand: the largest gap, the pair it rests on, and where it does not exist."""

import numpy as np
import pytest

from fairaudit.tables.fairness.disparities import CLASS_GAPS, PAIRWISE, disparity_rows
from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

# TPR .9, .5 and .6; FPR .2, .4 and .4.
COUNTS = np.array([[[80, 20], [10, 90]], [[60, 40], [50, 50]], [[60, 40], [40, 60]]])


def spec(groups=("a", "b", "c"), **more):
    return FairnessSpec(
        attribute="hat", groups=groups, classes=("0", "1"), statistics=Statistics(replicates=400, seed=1), **more
    )


def rows(counts=COUNTS, asked=None):
    asked = spec() if asked is None else asked
    found = disparity_rows(counts, asked, null_values(counts, asked, names=["equal_opportunity_difference"]))
    return {(m.metric, m.class_): m for m in found}


def test_the_largest_gap_and_its_pair():
    found = rows()["equal_opportunity_difference", None]
    assert found.value == pytest.approx(0.4)
    assert (found.extra["highest"], found.extra["lowest"], found.extra["rate"]) == ("a", "b", "tpr")
    assert (found.extra["highest_value"], found.extra["lowest_value"]) == pytest.approx((0.9, 0.5))
    assert (found.extra["highest_n"], found.extra["groups_compared"]) == (100, 3)
    assert found.low <= found.value <= found.high
    odds = rows()["equalized_odds_difference", None]
    assert odds.value == pytest.approx(0.4)  # the larger of .4 and .2
    assert rows()["demographic_parity_difference", None].value == pytest.approx(110 / 200 - 90 / 200)


def test_every_pairwise_disparity_and_class_gap_has_a_row():
    found = rows()
    assert set(PAIRWISE) <= {name for name, _ in found}
    assert {f"{name}_difference" for name in CLASS_GAPS} <= {name for name, _ in found}
    assert found["fpr_difference", "1"].value == pytest.approx(0.2)


def test_a_group_without_positives_makes_it_undefined_and_is_named():
    counts = COUNTS.copy()
    counts[1, 1] = 0
    found = rows(counts)["equal_opportunity_difference", None]
    assert (found.value, found.status) == (None, "undefined")
    assert "group b" in found.reason
    assert found.low < 0.4 < 0.9 < found.high  # its rate may be anything from 0 to 1


def test_groups_without_images_are_left_out_and_named():
    counts = np.concatenate([COUNTS, np.zeros((1, 2, 2), int)])
    found = rows(counts, spec(("a", "b", "c", "d")))["equal_opportunity_difference", None]
    assert found.value == pytest.approx(0.4)
    assert found.extra["groups_without_images"] == "d"
    alone = rows(counts[[0, 3]], spec(("a", "d")))["equal_opportunity_difference", None]
    assert (alone.value, alone.reason) == (None, "fewer than two groups have images")


def test_small_cells_do_not_show_their_rates():
    hidden = spec()
    hidden = FairnessSpec(attribute="hat", groups=hidden.groups, classes=hidden.classes,
                          statistics=Statistics(replicates=400, seed=1, min_cell=101))  # fmt: skip
    extra = rows(COUNTS, hidden)["equal_opportunity_difference", None].extra
    assert extra["highest"] == "a"
    assert "highest_value" not in extra
