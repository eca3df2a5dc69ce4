"""Rates of every group against statsmodels' Wilson intervals, and what small or empty groups get."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from fairaudit.tables.fairness.groups import group_rows
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

ASKED = FairnessSpec(
    attribute="hat", groups=("no", "yes", "none"), classes=("0", "1"), statistics=Statistics(level=0.9)
)
COUNTS = np.array([[[30, 10], [5, 55]], [[8, 2], [4, 6]], [[0, 0], [0, 0]]])


def found(asked=ASKED, counts=COUNTS):
    return {(row.metric, row.group): row for row in group_rows(counts, asked)}


@pytest.mark.parametrize("group", [0, 1])
def test_rates_and_their_wilson_intervals(group):
    (tn, fp), (fn, tp) = COUNTS[group]
    expected = {
        "accuracy": (tp + tn, COUNTS[group].sum()), "selection_rate": (tp + fp, COUNTS[group].sum()),
        "tpr": (tp, tp + fn), "fpr": (fp, fp + tn), "tnr": (tn, fp + tn), "fnr": (fn, tp + fn), "ppv": (tp, tp + fp),
        "iou": (tp, tp + fp + fn),
    }  # fmt: skip
    rows = found()
    for name, (hits, among) in expected.items():
        row = rows[name, ASKED.groups[group]]
        assert row.value == pytest.approx(hits / among)
        low, high = proportion_confint(hits, among, alpha=0.1, method="wilson")
        assert (row.low, row.high) == pytest.approx((low, high))
        assert (row.numerator, row.denominator, row.level) == (hits, among, 0.9)


def test_f1_is_the_iou_carried_over():
    rows = found()
    iou, f1 = rows["iou", "no"], rows["f1", "no"]
    assert [f1.value, f1.low, f1.high] == pytest.approx([2 * v / (1 + v) for v in (iou.value, iou.low, iou.high)])


def test_a_group_without_images_has_no_rate_and_says_why():
    for row in group_rows(COUNTS, ASKED):
        if row.group == "none":
            cell = f" of class {row.class_}" if row.metric == "cell_accuracy" else ""
            assert (row.value, row.status, row.reason) == (None, "undefined", f"group none has no image{cell}")


def test_a_rate_without_its_images_names_them():
    counts = np.array([[[10, 0], [0, 0]]])
    rows = found(FairnessSpec(attribute="hat", groups=("no",), classes=("0", "smiling")), counts)
    assert rows["tpr", "no"].reason == "group no has no image whose label is smiling"
    assert rows["ppv", "no"].reason == "group no has no image predicted as smiling"


def test_rates_over_few_images_are_not_printed():
    rows = found(
        FairnessSpec(
            attribute="hat", groups=("no", "yes", "none"), classes=("0", "1"), statistics=Statistics(min_cell=20)
        )
    )
    assert rows["tpr", "no"].status == "ok"
    for name in ("tpr", "fpr", "ppv"):  # over 10, 10 and 8 images
        assert (rows[name, "yes"].status, rows[name, "yes"].value, rows[name, "yes"].low) == ("suppressed", None, None)
    assert rows["accuracy", "yes"].status == "ok"
