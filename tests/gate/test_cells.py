"""Cells of a gap: of a real table against its counts, and what is missing or is about something else."""

from __future__ import annotations

import numpy as np
import pytest

from fairaudit.audits.joint.counterfactual_legs import leg_of
from fairaudit.config.schema import GateRule
from fairaudit.gate.cells import as_number, compared_cells, named_pair
from fairaudit.gate.evidence import Limits
from fairaudit.gate.judge import judge
from fairaudit.gate.needed import needed
from fairaudit.results.measurement import Measurement
from fairaudit.tables.fairness.disparities import disparity_rows
from fairaudit.tables.fairness.groups import group_rows
from fairaudit.tables.fairness.nulls import Nulls
from fairaudit.tables.rows import FairnessSpec

COUNTS = np.random.default_rng(0).integers(20, 90, (3, 3, 3)).astype(float)  # [group, true, predicted]
GROUPS = ("a", "b", "c")


def rows_of(counts, classes=("x", "y", "z"), **settings):
    asked = FairnessSpec(attribute="kind", groups=GROUPS[: len(counts)], classes=classes, **settings)
    nulls = Nulls(values={}, exact=False)
    return [*group_rows(counts, asked), *disparity_rows(counts, asked, nulls)]


def gap_of(rows, metric, class_=None):
    return next(row for row in rows if row.metric == metric and row.class_ == class_ and row.group is None)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_cells_of_one_class_are_its_counts(place):
    rows = rows_of(COUNTS)
    cells = compared_cells(gap_of(rows, "tpr_difference", "xyz"[place]), rows)
    assert cells.rates == [("tpr", "xyz"[place])]
    assert list(cells.groups) == list(GROUPS)
    assert cells.successes == pytest.approx(COUNTS[:, place, place][None])
    assert cells.trials == pytest.approx(COUNTS[:, place].sum(-1)[None])


def test_equalized_odds_compares_two_rates_of_every_class():
    rows = rows_of(COUNTS)
    cells = compared_cells(gap_of(rows, "equalized_odds_difference"), rows)
    assert sorted(cells.rates) == sorted((rate, class_) for rate in ("tpr", "fpr") for class_ in "xyz")
    place = cells.rates.index(("fpr", "y"))
    others = [0, 2]
    assert cells.successes[place] == pytest.approx(COUNTS[:, others, 1].sum(-1))
    assert cells.trials[place] == pytest.approx(COUNTS[:, others].sum((-2, -1)))


def test_accuracy_has_no_class():
    rows = rows_of(COUNTS)
    cells = compared_cells(gap_of(rows, "accuracy_difference"), rows)
    assert cells.rates == [("accuracy", None)]
    assert cells.successes[0] == pytest.approx(np.trace(COUNTS, axis1=1, axis2=2))


def test_two_groups_and_one_rate_need_no_rows():
    counts = COUNTS[:2, :2, :2]
    rows = rows_of(counts, classes=("x", "y"))
    gap = gap_of(rows, "equal_opportunity_difference")
    cells = compared_cells(gap, ())
    assert sorted(zip(cells.groups, cells.trials[0], strict=True)) == [
        ("a", counts[0, 1].sum()),
        ("b", counts[1, 1].sum()),
    ]
    assert cells.rates == [("tpr", "y")]


def hats(sizes, rates):
    """Rows of groups of so many positives, and as many negatives, with these true positive rates."""
    found = np.array([[[n - round(0.1 * n), round(0.1 * n)], [n - round(p * n), round(p * n)]]
                      for n, p in zip(sizes, rates, strict=True)], float)  # fmt: skip
    asked = FairnessSpec(attribute="kind", groups=tuple("abcdefgh"[: len(sizes)]), classes=("0", "1"))
    return [*group_rows(found, asked), *disparity_rows(found, asked, Nulls(values={}, exact=False))]


def test_a_gate_and_a_leg_look_at_the_rows_of_all_groups():
    rows = hats([100] * 8, [0.93, 0.87, 0.9, 0.91, 0.89, 0.9, 0.88, 0.91])
    (gap,) = (row for row in rows if row.metric == "equal_opportunity_difference")
    limits = Limits(minimum=None, maximum=0.1)
    told, alone = (needed(gap, gap.low, gap.high, limits, rows=given) for given in (rows, ()))
    assert told != alone
    (result,) = judge([GateRule(metric=gap.metric, max=0.1)], rows).rules
    assert (result.state, result.needed) == ("inconclusive", told)
    assert leg_of(gap, "gap", 0.1, rows).more == told


def test_the_group_with_fewest_images_is_named_where_the_pair_has_enough():
    rows = hats([1000, 1000, 40], [0.95, 0.88, 0.915])
    (gap,) = (row for row in rows if row.metric == "equal_opportunity_difference")
    pair = {**gap.extra, "limiting_highest": "a", "limiting_lowest": "b", "limiting_highest_n": 1000.0,
            "limiting_lowest_n": 1000.0, "limiting_highest_value": 0.95, "limiting_lowest_value": 0.88}  # fmt: skip
    gap = gap.model_copy(update={"extra": pair})
    told = needed(gap, gap.low, gap.high, Limits(minimum=None, maximum=0.15), rows=rows)
    assert "more images of group kind=c whose label is 1 (40 now" in told


def test_weighted_images_count_for_what_they_are_worth():
    """Every weight 3: a third as many independent images as the weights add up to."""
    rows = rows_of(COUNTS * 3, squared=COUNTS * 9, images=COUNTS)
    cells = compared_cells(gap_of(rows, "tpr_difference", "x"), rows)
    assert cells.images == pytest.approx(3 * COUNTS[:, 0].sum(-1)[None])
    assert cells.trials == pytest.approx(COUNTS[:, 0].sum(-1)[None], rel=1e-3)
    assert cells.successes / cells.trials == pytest.approx(COUNTS[:, 0, 0][None] / COUNTS[:, 0].sum(-1)[None])


def test_what_is_missing_or_of_another_table_is_no_cell():
    rows = rows_of(COUNTS)
    gap = gap_of(rows, "equalized_odds_difference")
    assert compared_cells(gap, ()) is None
    assert compared_cells(gap, [row for row in rows if row.group != "b"]) is None
    assert compared_cells(gap, [row for row in rows if row.class_ != "z"]) is None
    other = [row.model_copy(update={"attribute": "other"}) for row in rows]
    assert compared_cells(gap, other) is None
    assert compared_cells(gap, [*rows, *other]) is not None
    hidden = [row.model_copy(update={"denominator": None}) if row.group == "c" else row for row in rows]
    assert compared_cells(gap, hidden) is None
    empty = [row.model_copy(update={"denominator": 0.0}) if row.group == "c" else row for row in rows]
    assert compared_cells(gap, empty) is None


def test_a_pair_too_small_to_print_and_a_number_of_another_kind_have_no_cells():
    rows = rows_of(COUNTS)
    gap = gap_of(rows, "tpr_difference", "x")
    assert named_pair(gap, "limiting_") is not None
    small = gap.model_copy(update={"extra": {k: v for k, v in gap.extra.items() if k != "limiting_lowest_n"}})
    assert named_pair(small, "limiting_") is None
    other = Measurement(audit="saliency", metric="rrf_lift_difference", value=0.1, extra={"groups_compared": 3})
    assert compared_cells(other, rows) is None
    assert (as_number("x"), as_number(None), as_number(2)) == (None, None, 2.0)
