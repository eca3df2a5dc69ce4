"""Resampled gaps keep their level when there is no disparity, and still find one."""

import numpy as np
import pytest

from fairaudit.tables.fairness.nulls import null_values
from fairaudit.tables.fairness.resampled import COMPOSED, composed_rows, resampled_rows
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

TESTED = (*COMPOSED, "iou_std")

GROUPS = 6


def table(rng, lower=0.0):
    tpr = np.full(GROUPS, 0.9)
    tpr[0] -= lower
    hits, alarms = rng.binomial(100, tpr), rng.binomial(100, np.full(GROUPS, 0.1))
    return np.stack([np.stack([100 - alarms, alarms], -1), np.stack([100 - hits, hits], -1)], axis=1)


def found(counts, seed, **arguments):
    names = {"groups": tuple(str(g) for g in range(GROUPS)), "classes": ("0", "1"), "attribute": "a"}
    asked = FairnessSpec(**names, statistics=Statistics(replicates=200, seed=seed), **arguments)
    nulls, values = null_values(asked.fitting(counts), asked), np.asarray(counts, np.float64)
    made = [*composed_rows(values, asked, nulls), *resampled_rows(values, asked, nulls, None)]
    return {m.metric: m for m in made if m.metric in TESTED}


def alarms(simulations, lower, scale=None):
    rng = np.random.default_rng(0)
    counted = dict.fromkeys(TESTED, 0)
    for seed in range(simulations):
        counts = table(rng, lower)
        arguments = {} if scale is None else {"squared": counts * scale * scale}
        for name, m in found(counts if scale is None else counts * scale, seed, **arguments).items():
            counted[name] += m.high < 1 if "ratio" in name else m.low > 0
    return {name: number / simulations for name, number in counted.items()}


@pytest.mark.slow
def test_without_disparity_few_ends_prove_one():
    shares = alarms(60, 0.0)
    limit = 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 60)  # the largest of a dozen related shares
    assert {name: share for name, share in shares.items() if share > limit} == {}


def test_with_a_disparity_the_ends_prove_it():
    shares = alarms(10, 0.4)
    assert min(shares[name] for name in shares if name.startswith("equal") and "ratio" not in name) > 0.9


@pytest.mark.slow
def test_weighted_data_are_compared_with_pooled_draws_and_get_no_p_value():
    shares = alarms(30, 0.0, scale=0.5)
    assert max(shares.values()) <= 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / 30)
    counts = table(np.random.default_rng(1))
    for m in found(counts * 0.5, 0, squared=counts * 0.25).values():
        assert m.p_value is None
        assert m.value == pytest.approx(found(counts, 0)[m.metric].value)
