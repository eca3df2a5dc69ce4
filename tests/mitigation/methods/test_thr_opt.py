"""Thresholds: fairlearn as the oracle per group, brute force for all, and the floor that keeps constants out."""

from dataclasses import replace

import numpy as np
import pytest

from fairaudit.errors import MethodError
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.mitigation.features import features_of
from fairaudit.mitigation.methods.thr_opt import GRID, decided, thr_opt, thr_opt_groups, threshold_for


def scored(seed, count=4000):
    draw = np.random.default_rng(seed)
    target, attribute = draw.integers(0, 2, count), draw.integers(0, 2, count)
    logits = 2.5 * (target - 0.5) + 1.2 * (attribute - 0.5) + draw.normal(size=count)
    return 1 / (1 + np.exp(-logits)), target, attribute


def test_the_rule_per_group_is_as_good_as_fairlearns():
    postprocessing = pytest.importorskip("fairlearn.postprocessing", reason="the oracle fairlearn is not installed")
    scores, target, attribute = scored(0)

    from sklearn.base import BaseEstimator, ClassifierMixin

    class Scores(ClassifierMixin, BaseEstimator):
        classes_ = np.array([0, 1])

        def fit(self, *_):
            return self

        def __sklearn_is_fitted__(self):
            return True

        def predict(self, x):
            return np.asarray(x)[:, 0]

    oracle = postprocessing.ThresholdOptimizer(
        estimator=Scores(), constraints="equalized_odds", prefit=True, predict_method="predict", grid_size=1000
    )
    oracle.fit(scores[:, None], target, sensitive_features=attribute)
    chance = oracle._pmf_predict(scores[:, None], sensitive_features=attribute)[:, 1]
    from fairaudit.measures.scores.score_histogram import score_histogram
    from fairaudit.measures.scores.thresholds import equalized_odds_thresholds

    made = equalized_odds_thresholds(score_histogram(scores, target == 1, attribute, groups=2, bins=1000))
    wanted = np.mean(np.where(target == 1, chance, 1 - chance))
    assert made.accuracy == pytest.approx(wanted, abs=0.005)
    for group in (0, 1):
        inside = attribute == group
        assert made.tpr == pytest.approx(chance[inside & (target == 1)].mean(), abs=0.02)
        assert made.fpr == pytest.approx(chance[inside & (target == 0)].mean(), abs=0.02)


def test_the_global_threshold_is_the_best_of_the_grid_above_the_floor():
    scores, target, attribute = scored(1)
    found = threshold_for(scores, target, attribute, groups=2, own=0.5)

    def at(value):
        counts = confusion(attribute, target, (scores >= value).astype(int), groups=2, classes=2).counts
        cell = [counts[g, t, t] / counts[g, t].sum() for g in (0, 1) for t in (0, 1)]
        return float(disparity(counts, "equalized_odds_difference")), np.mean(cell)

    floor = at(0.5)[1] - 0.02
    assert found.gap == min(gap for gap, right in map(at, GRID) if right >= floor)
    assert found.accuracy >= floor


def test_a_constant_classifier_never_wins():
    scores, target, attribute = scored(2)
    scores = 0.3 + 0.4 * scores  # a threshold of the grid below .3 selects everybody
    everything = threshold_for(scores, target, attribute, groups=2, own=0.5, floor=1.0)
    assert threshold_for(scores, target, attribute, groups=2, own=0.5).accuracy > 0.7
    assert (everything.gap, everything.accuracy) == (0.0, 0.5)  # what would be chosen without a floor


def test_an_empty_cell_is_refused():
    with pytest.raises(MethodError, match="threshold cannot be chosen"):
        threshold_for(np.array([0.2, 0.8]), np.array([0, 1]), np.array([0, 1]), groups=2, own=0.5)


def test_the_threshold_is_a_shift_of_the_bias_and_nothing_else(task):
    edit = thr_opt(task)
    own = task.split.module.get_submodule(task.split.head)
    assert (edit.weight.float() == own.weight).all()


@pytest.mark.parametrize("own", [0.2, 0.7])
def test_deciding_at_the_models_threshold_is_then_deciding_at_the_chosen_one(task, own):
    moved = replace(task, head=replace(task.head, threshold=own))
    found = features_of(moved, moved.choose)
    scores = 1 / (1 + np.exp(-found.logits()[:, 0].numpy()))
    chosen = threshold_for(scores, found.target.numpy(), found.attribute.numpy(), groups=2, own=own)
    assert chosen.value != own
    edit = thr_opt(moved)
    shifted = found.values.numpy() @ edit.weight.numpy().T + edit.bias.numpy()
    decisions = 1 / (1 + np.exp(-shifted[:, 0])) >= own
    clear = np.abs(scores - chosen.value) > 1e-9
    assert (decisions == (scores >= chosen.value))[clear].all()
    assert 0 < decisions.mean() < 1


def test_a_cell_of_one_image_counts_as_whole():
    scores, codes = np.array([0.1, 0.9, 0.2, 0.8]), np.array([0, 1, 0, 1])
    assert threshold_for(scores, codes, np.array([0, 0, 1, 1]), groups=2, own=0.5).accuracy == 1.0


def test_the_rule_needs_the_attribute(task, report):
    rule = thr_opt_groups(task)
    draws = np.random.default_rng(0)
    found = decided(rule, np.full(4, 0.99), np.array([-1, 0, 1, -1]), draws)
    assert found[0] == found[3] == -1
    assert set(found[1:3].tolist()) <= {0, 1}
