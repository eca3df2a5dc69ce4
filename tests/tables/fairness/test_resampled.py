"""Resampled gaps keep their level when there is no disparity, and still find one."""

import numpy as np
import pytest
from scipy.stats import norm

from fairaudit.measures.counts.disparities import bias_conflict_accuracy, unbiased_accuracy
from fairaudit.measures.counts.paper_measures import PAPER_MEASURES
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


LARGE = np.array([[[700, 300], [250, 750]], [[850, 150], [450, 550]]]) * 1000


def large():
    names = {"groups": ("g0", "g1"), "classes": ("0", "1"), "attribute": "a"}
    asked = FairnessSpec(**names, statistics=Statistics(replicates=2000, seed=0))
    aligned = np.eye(2, dtype=bool)
    return {m.metric: m for m in resampled_rows(LARGE * 1.0, asked, null_values(LARGE, asked), aligned)}


def test_the_values_are_those_of_the_equations():
    # Called 1: (300 + 750) / 2000 and (150 + 550) / 2000, .4375 together; equal groups and equal classes.
    g0, g1, both = 0.525, 0.35, 0.4375
    entropy = lambda p: -p * np.log(p) - (1 - p) * np.log(1 - p)  # noqa: E731
    # Overlaps: right / (true + called - right), the mean over classes.
    overlaps = [(700 / 1250 + 750 / 1300) / 2, (850 / 1450 + 550 / 1150) / 2, (1550 / 2700 + 1300 / 2450) / 2]
    wanted = {
        "dp_l2": 4 * (0.175 / 2) ** 2,
        "eo_l2": 4 * (0.15 / 2) ** 2 + 4 * (0.2 / 2) ** 2,
        "dp_mi": entropy(both) - (entropy(g0) + entropy(g1)) / 2,
        "eo_mi": entropy(0.225)
        - (entropy(0.3) + entropy(0.15)) / 2
        + entropy(0.65)
        - (entropy(0.75) + entropy(0.55)) / 2,
        "iou_l2": (overlaps[0] - overlaps[2]) ** 2 + (overlaps[1] - overlaps[2]) ** 2,
        "iou_std": abs(overlaps[0] - overlaps[1]) / np.sqrt(2),
        "unbiased_accuracy": (0.7 + 0.75 + 0.85 + 0.55) / 4,
        "bias_aligned_accuracy": (0.7 + 0.55) / 2,
        "bias_conflict_accuracy": (0.75 + 0.85) / 2,
    }
    assert {name: row.value for name, row in large().items()} == pytest.approx(wanted)


def spread_of(statistic, *, within):
    """Standard error by the delta method: slopes in the counts, images drawn within every cell or every group."""
    slopes = np.zeros(LARGE.shape)
    for place in np.ndindex(LARGE.shape):
        step = np.zeros(LARGE.shape)
        step[place] = 1.0
        slopes[place] = (statistic(LARGE + step) - statistic(LARGE - step)) / 2
    drawn = LARGE.reshape(-1, 2 if within == "cell" else 4)
    slopes = slopes.reshape(drawn.shape)
    return np.sqrt(((drawn * slopes**2).sum(1) - (drawn * slopes).sum(1) ** 2 / drawn.sum(1)).sum())


def test_many_images_give_the_ends_of_the_delta_method():
    # Where chance adds next to nothing every construction is value ± 1.96 standard errors, up to 2000 replicates.
    aligned = np.eye(2, dtype=bool)
    wanted = {name: (PAPER_MEASURES[name], "cell" if name.startswith("eo") else "group") for name in PAPER_MEASURES}
    wanted["unbiased_accuracy"] = (unbiased_accuracy, "cell")
    wanted["bias_conflict_accuracy"] = (lambda c: bias_conflict_accuracy(c, aligned), "cell")
    wanted["bias_aligned_accuracy"] = (lambda c: bias_conflict_accuracy(c, ~aligned), "cell")
    rows = large()
    assert set(rows) == set(wanted)
    for name, (statistic, within) in wanted.items():
        room = norm.ppf(0.975) * spread_of(statistic, within=within)
        sides = [rows[name].value - rows[name].low, rows[name].high - rows[name].value]
        assert sides == pytest.approx([room, room], rel=0.15), name  # a quantile of 2000 is uncertain by 3 %
