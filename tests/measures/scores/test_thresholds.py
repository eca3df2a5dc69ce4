"""Sweeps, curves and per-group thresholds against scikit-learn, the tables at each threshold, and simulated rules."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from fairaudit.measures.counts.disparities import disparity
from fairaudit.measures.intervals.proportion import wilson
from fairaudit.measures.scores.score_histogram import score_histogram, sweep_counts
from fairaudit.measures.scores.thresholds import (
    equal_opportunity_thresholds,
    equalized_odds_thresholds,
    precision_recall,
    roc,
    sweep,
)

BINS = 200


def images(seed=0, number=4000, groups=3):
    rng = np.random.default_rng(seed)
    group, truth = rng.integers(0, groups, number), rng.random(number) < 0.4
    quality = np.array([0.5, 0.3, 0.15, 0.4])[group]
    scores = np.clip(0.3 + quality * truth + rng.normal(0, 0.15, number), 0, 1)
    return scores, truth, group


def histogram(*columns, groups=3):
    return score_histogram(*columns, groups=groups, bins=BINS)


def test_a_sweep_equals_the_tables_at_its_thresholds():
    table = histogram(*images())
    found = sweep(table, ["equalized_odds_difference", "demographic_parity_ratio"])
    counts = sweep_counts(table)
    for place in (10, 90, 150):
        assert found.thresholds[place] == pytest.approx(place / BINS)
        right = np.trace(counts[place].sum(0))
        assert found.accuracy[place] == pytest.approx(right / counts[place].sum())
        for name, values in found.disparities.items():
            assert values[place] == pytest.approx(float(disparity(counts[place], name)))


def test_the_roc_of_a_group_is_scikit_learns():
    scores, truth, group = images()
    scores = np.minimum(np.floor(scores * BINS) + 0.5, BINS - 0.5) / BINS  # every bin one score, the ROC is exact
    found = roc(histogram(scores, truth, group))
    own = group == 1
    fpr, tpr, _ = roc_curve(truth[own], scores[own], drop_intermediate=False)
    ours = {(round(x, 9), round(y, 9)) for x, y in zip(found.x[1], found.y[1], strict=True)}
    assert {(round(x, 9), round(y, 9)) for x, y in zip(fpr, tpr, strict=True)} <= ours
    area = -np.trapezoid(found.y[1], found.x[1])
    assert area == pytest.approx(roc_auc_score(truth[own], scores[own]))


def test_curves_carry_wilsons_intervals():
    scores, truth, group = images()
    found = precision_recall(histogram(scores, truth, group))
    place, own = 80, group == 2
    selected = scores >= place / BINS
    low, high = wilson((own & truth & selected).sum(), (own & selected).sum())
    assert found.y[2, place] == pytest.approx((truth & own & selected).sum() / (own & selected).sum())
    assert (found.y_ends.low[2, place], found.y_ends.high[2, place]) == (pytest.approx(low), pytest.approx(high))
    assert np.isnan(found.y[2, BINS])


def decide(scores, group, found, rng):
    """Play the rules: the lower threshold with probability mix, a random decision where the rule is not kept."""
    selected = np.zeros(len(scores), bool)
    for code, rule in enumerate(found.rules):
        own = group == code
        threshold = np.where(rng.random(own.sum()) < rule.mix, rule.lower, rule.upper)
        by_score = scores[own] >= np.where(threshold >= 1, np.inf, threshold)
        by_chance = rng.random(own.sum()) < found.fpr
        selected[own] = np.where(rng.random(own.sum()) < rule.keep, by_score, by_chance)
    return selected


def test_equalized_odds_rules_do_equalize_both_rates():
    rng = np.random.default_rng(1)
    scores, truth, group = (np.tile(part, 20) for part in images())
    found = equalized_odds_thresholds(histogram(scores, truth, group))
    selected = decide(scores, group, found, rng)
    for code in range(3):
        own = group == code
        assert selected[own & truth].mean() == pytest.approx(found.tpr, abs=0.02)
        assert selected[own & ~truth].mean() == pytest.approx(found.fpr, abs=0.02)
    assert (selected == truth).mean() == pytest.approx(found.accuracy, abs=0.01)


def test_equal_opportunity_rules_do_equalize_the_tpr_at_less_cost():
    rng = np.random.default_rng(2)
    scores, truth, group = (np.tile(part, 20) for part in images())
    table = histogram(scores, truth, group)
    found = equal_opportunity_thresholds(table)
    selected = decide(scores, group, found, rng)
    for code in range(3):
        assert selected[(group == code) & truth].mean() == pytest.approx(found.tpr, abs=0.02)
    assert (selected == truth).mean() == pytest.approx(found.accuracy, abs=0.01)
    assert found.accuracy >= equalized_odds_thresholds(table).accuracy
    assert found.accuracy <= max(sweep_accuracy(table))


def sweep_accuracy(table):
    """Best accuracy of any threshold per group: what no equalizing rule can beat."""
    counts = sweep_counts(table)
    right = counts[:, :, 0, 0] + counts[:, :, 1, 1]
    return [right.max(0).sum() / table.sum()]


def test_alike_groups_keep_their_best_threshold():
    scores, truth, _ = images(3)
    group = np.repeat([0, 1], 2000)
    table = histogram(np.tile(scores[:2000], 2), np.tile(truth[:2000], 2), group, groups=2)
    found = equalized_odds_thresholds(table)
    best = sweep(table, []).accuracy.max()
    assert found.accuracy == pytest.approx(best, abs=0.005)
    assert all(rule.keep == pytest.approx(1) for rule in found.rules)


def test_a_group_that_cannot_be_equalized_is_named():
    with pytest.raises(ValueError, match="group 1 has no positive"):
        equal_opportunity_thresholds([[[1, 1], [1, 1]], [[2, 2], [0, 0]]])
    with pytest.raises(ValueError, match="group 0 has no negative"):
        equalized_odds_thresholds([[[0, 0], [1, 1]], [[2, 2], [1, 0]]])
