"""Draws under a null: by shuffled labels of whole images, by pooled draws of weighted ones."""

import numpy as np
import pytest

from fairaudit.measures.counts.disparities import DISPARITIES, disparity
from fairaudit.measures.counts.paper_measures import dp_mi
from fairaudit.tables.fairness.nulls import BUDGET, affordable, evaluated, named, null_values
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

COUNTS = np.array([[[80, 20], [10, 90]], [[60, 40], [50, 50]]])
SPEC = FairnessSpec(
    attribute="hat", groups=("no", "yes"), classes=("0", "1"), statistics=Statistics(replicates=400, seed=1)
)
GAP = "equal_opportunity_difference"


def test_replicates_are_fewer_for_large_tables_and_never_below_400():
    assert affordable(8, SPEC) == 400
    spec = FairnessSpec(attribute="a", groups=(), classes=(), statistics=Statistics(replicates=10_000))
    assert affordable(8, spec) == 10_000
    assert affordable(BUDGET // 1000, spec) == 1000
    assert affordable(BUDGET, spec) == 400


def test_statistics_taken_together_are_those_taken_alone():
    found = evaluated(COUNTS.astype(float), {name: named(disparity, name) for name in DISPARITIES} | {"mi": dp_mi})
    for name in DISPARITIES:
        np.testing.assert_allclose(found[name], disparity(COUNTS, name))
    assert found["mi"] == pytest.approx(float(dp_mi(COUNTS)))


def test_shuffled_labels_give_a_p_value_and_a_chance_level():
    nulls = null_values(COUNTS, SPEC, names=[GAP])
    assert nulls.exact
    assert set(nulls.values) == {GAP}
    draws = nulls.values[GAP]
    # Two groups of 100 positives, 140 hits in all: the difference has the standard deviation of the hypergeometric law.
    spread = np.sqrt(140 * 60 / 199) / 100
    assert draws.mean() == pytest.approx(spread * np.sqrt(2 / np.pi), rel=0.1)
    assert nulls.test(GAP, 0.4).p_value == pytest.approx(1 / 401)
    assert nulls.proves(GAP, 0.4, level=0.95)
    assert not nulls.proves(GAP, float(np.median(draws)), level=0.95)


def test_weighted_images_have_intervals_and_no_p_value():
    spec = FairnessSpec(
        attribute="hat", groups=("no", "yes"), classes=("0", "1"), squared=COUNTS * 1.0, statistics=SPEC.statistics
    )
    nulls = null_values(COUNTS * 1.0, spec, names=[GAP])
    assert not nulls.exact
    assert np.isnan(nulls.test(GAP, 0.4).p_value)
    assert nulls.proves(GAP, 0.4, level=0.95)
