"""Rows of fairness tables: shapes, units, and why there is no number."""

import numpy as np
import pytest

from fairaudit.tables.row import Estimate
from fairaudit.tables.rows import FairnessSpec, listed, measurement, suppressed, why_undefined
from fairaudit.tables.statistics import Statistics

SPEC = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=Statistics(min_cell=9))


def test_counts_of_another_shape_are_refused():
    assert SPEC.fitting(np.zeros((2, 2, 2))).shape == (2, 2, 2)
    assert SPEC.fitting(np.zeros((5, 2, 2, 2, 2)), 5, decisions=2).ndim == 5
    with pytest.raises(ValueError, match=r"need shape \(2, 2, 2\).*found \(3, 2, 2\)"):
        SPEC.fitting(np.zeros((3, 2, 2)))


def test_the_unit_is_the_cluster_where_there_are_clusters():
    row = measurement(SPEC, "tpr", Estimate(value=0.5, low=0.4, high=0.6, interval="wilson"), group="yes")
    assert (row.id, row.unit, row.level) == ("fairness/tpr/attribute=hat/group=yes", "image", 0.95)
    spec = FairnessSpec(attribute="hat", groups=("no",), classes=("0", "1"), cluster_counts=np.zeros((1, 1, 2, 2)))
    assert measurement(spec, "tpr", Estimate(value=0.5, low=0.4, high=0.6, interval="wilson")).unit == "cluster"


def test_an_undefined_number_has_its_reason_and_a_suppressed_one_no_value():
    row = measurement(SPEC, "tpr", Estimate(value=np.nan), reason="no positives")
    assert (row.status, row.reason, row.value) == ("undefined", "no positives", None)
    row = suppressed(SPEC, "tpr", group="yes")
    assert (row.status, row.value, row.reason) == ("suppressed", None, "rests on fewer than 9 images")


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ([[[1, 1], [1, 1]], [[0, 0], [0, 0]]], "fewer than two groups have images"),
        ([[[1, 0], [0, 0]], [[0, 0], [0, 2]]], "2 cells of group and true class have no image"),
        ([[[1, 0], [1, 0]], [[1, 0], [1, 0]]], "a rate that it needs does not exist"),
    ],
)
def test_why_there_is_no_number(counts, reason):
    assert why_undefined(counts) == reason


def test_images_behind_weights_are_counted_where_they_are_known():
    weights, images = np.full((2, 2, 2), 0.5), np.full((2, 2, 2), 3)
    spec = FairnessSpec(attribute="hat", groups=("no", "yes"), classes=("0", "1"), images=images)
    assert spec.counted(weights).sum() == 24
    assert SPEC.counted(weights).sum() == 4


def test_long_lists_are_cut():
    assert listed(["a", "b", "c"]) == "a, b, c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
