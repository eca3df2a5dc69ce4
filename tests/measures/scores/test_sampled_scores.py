"""Score measures of weighted and clustered images: repeated images, people, coverage, and scikit-learn with weights."""

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.metrics import brier_score_loss, precision_recall_curve, roc_auc_score, roc_curve

from fairaudit.measures.intervals.proportion import wilson
from fairaudit.measures.scores.calibration import (
    brier,
    calibration_error,
    calibration_interval,
    reliability,
    reliability_curve,
)
from fairaudit.measures.scores.ranking import auc, group_auc, ranked
from fairaudit.measures.scores.sampled_scores import bin_sizes, precision_sizes, recall_sizes, sampled_calibration
from fairaudit.measures.scores.score_histogram import score_histogram, sweep_counts
from fairaudit.measures.scores.thresholds import precision_recall, roc

BINS = 50


def images(seed=0, number=600, groups=3):
    """Scores in the middles of bins, so that curves over bins are exact; whole weights and some zeros among them."""
    rng = np.random.default_rng(seed)
    group, truth = rng.integers(0, groups, number), rng.random(number) < 0.4
    scores = np.clip(0.3 + 0.3 * truth - 0.05 * group + rng.normal(0, 0.2, number), 0, 1)
    scores = np.minimum(np.floor(scores * BINS) + 0.5, BINS - 0.5) / BINS
    return scores, truth, group, rng.integers(0, 4, number)


def test_weighted_values_are_scikit_learns():
    scores, truth, group, weights = images()
    found = reliability(scores, truth, group, groups=3, weights=weights)
    value, _ = brier(found, z=1.96)
    areas = group_auc(scores, truth, group, groups=3, weights=weights)
    for g in range(3):
        own = group == g
        assert areas[g].value == pytest.approx(roc_auc_score(truth[own], scores[own], sample_weight=weights[own]))
        assert value[g] == pytest.approx(brier_score_loss(truth[own], scores[own], sample_weight=weights[own]))


def test_weighted_curves_are_scikit_learns():
    scores, truth, group, weights = images(1)
    histogram = score_histogram(scores, truth, group, groups=3, bins=BINS, weights=weights)
    curve, precision = roc(histogram), precision_recall(histogram)
    for g in range(3):
        own = (group == g) & (weights > 0)
        columns = (truth[own], scores[own])
        fpr, tpr, _ = roc_curve(*columns, sample_weight=weights[own], drop_intermediate=False)
        ours = {(round(x, 9), round(y, 9)) for x, y in zip(curve.x[g], curve.y[g], strict=True)}
        assert {(round(x, 9), round(y, 9)) for x, y in zip(fpr, tpr, strict=True)} <= ours
        p, r, _ = precision_recall_curve(*columns, sample_weight=weights[own])
        ours = {(round(x, 9), round(y, 9)) for x, y in zip(precision.x[g], precision.y[g], strict=True)}
        assert {(round(x, 9), round(y, 9)) for x, y in zip(r[:-1], p[:-1], strict=True)} <= ours


def test_whole_weights_give_the_values_of_repeated_images():
    scores, truth, group, weights = images(2)
    repeated = [np.repeat(part, weights) for part in (scores, truth, group)]
    one = reliability(scores, truth, group, groups=3, weights=weights)
    many = reliability(*repeated, groups=3)
    np.testing.assert_allclose(calibration_error(one), calibration_error(many))
    for weighted, plain in zip(
        group_auc(scores, truth, group, groups=3, weights=weights, across="bnsp"),
        group_auc(*repeated, groups=3, across="bnsp"),
        strict=True,
    ):
        assert weighted.value == pytest.approx(plain.value)
        assert weighted.size < plain.size  # repeats are no new images
    own = [part[(group == 0)] for part in (scores, truth, weights)]
    slow = sum(
        w * v * ((a > b) + 0.5 * (a == b))
        for a, w in zip(own[0][own[1]], own[2][own[1]], strict=True)
        for b, v in zip(own[0][~own[1]], own[2][~own[1]], strict=True)
    )
    pairs = own[2][own[1]].sum() * own[2][~own[1]].sum()
    found = auc(own[0][own[1]], own[0][~own[1]], positive_weights=own[2][own[1]], negative_weights=own[2][~own[1]])
    assert found == pytest.approx(slow / pairs)


def test_without_weights_and_clusters_the_intervals_are_those_of_images():
    scores, truth, group, _ = images(3, number=1500)
    plain = reliability(scores, truth, group, groups=3)
    ends = sampled_calibration(
        scores, truth, group, groups=3, replicates=4000, generator=np.random.default_rng(0), units=np.arange(1500)
    )
    resampled = calibration_interval(plain, replicates=4000, generator=np.random.default_rng(0))
    for ours, theirs in ((ends.error, resampled), (ends.brier, brier(plain, z=1.96)[1])):
        np.testing.assert_allclose(ours.low, theirs.low, atol=0.012)
        np.testing.assert_allclose(ours.high, theirs.high, atol=0.012)
    sizes = bin_sizes(scores, truth, group, groups=3, units=np.arange(1500))
    shares = reliability_curve(plain)[1]
    open_ = (plain.images > 20) & (shares > 0) & (shares < 1)
    np.testing.assert_allclose(sizes[open_], plain.images[open_], rtol=0.16)


def test_the_unit_of_the_weights_changes_no_interval():
    scores, truth, group, weights = images(4)
    made = []
    for unit in (1.0, 1e-3):
        arguments = {"groups": 3, "weights": (weights + 0.5) * unit}
        ends = sampled_calibration(
            scores, truth, group, **arguments, replicates=200, generator=np.random.default_rng(1)
        )
        sizes = recall_sizes(scores, truth, group, **arguments, bins=BINS)
        made.append(
            [*ends.error, *ends.brier, sizes, [one.size for one in group_auc(scores, truth, group, **arguments)]]
        )
    for first, second in zip(*made, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-6)


def people(rng, number=40, size=8):
    """Persons whose images share truth and most of the score."""
    truth = rng.random(number) < 0.5
    level = np.clip(
        0.5 + 0.25 * (2 * truth - 1) * np.where(rng.random(number) < 0.8, 1, -1) + rng.normal(0, 0.1, number),
        0.02,
        0.98,
    )
    person = np.repeat(np.arange(number), size)
    return np.clip(level[person] + rng.normal(0, 0.02, number * size), 0, 1), truth[person], person


@pytest.mark.slow
def test_intervals_of_clustered_scores_hold_the_truth_and_those_of_images_do_not():
    rng = np.random.default_rng(5)
    scores, truth, _ = people(rng, 40_000, 2)
    nobody = np.zeros(len(scores), int)
    true_brier = float(((scores - truth) ** 2).mean())
    true_auc = group_auc(scores, truth, nobody, groups=1)[0].value
    held = np.zeros((2, 2))
    for _ in range(200):
        scores, truth, person = people(rng)
        nobody = np.zeros(len(scores), int)
        for place, units in enumerate((person, None)):
            ends = sampled_calibration(scores, truth, nobody, groups=1, replicates=50, generator=rng, units=units).brier
            area = group_auc(scores, truth, nobody, groups=1, clusters=units)[0]
            low, high = wilson(area.value * area.size, area.size)
            held[place] += ends.low[0] <= true_brier <= ends.high[0], low <= true_auc <= high
    assert (held[0] / 200 > 0.89).all(), held
    assert (held[1] / 200 < 0.8).all(), held


def test_a_calibrated_model_of_clustered_images_is_not_accused():
    """Persons with one truth drawn from their score: calibrated, but their images all miss together."""
    rng = np.random.default_rng(6)
    accused = np.zeros(2)
    for _ in range(80):
        level = rng.random(30)
        person = np.repeat(np.arange(30), 10)
        truth = (rng.random(30) < level)[person]
        nobody = np.zeros(300, int)
        for place, units in enumerate((person, None)):
            ends = sampled_calibration(
                level[person], truth, nobody, groups=1, replicates=200, generator=rng, units=units
            )
            accused[place] += ends.error.low[0] > 0
    assert accused[0] / 80 <= 0.15
    assert accused[1] / 80 > 0.9


def slow_size(numerator, denominator, units, weights):
    """p (1 − p) / v with v the linearised variance over the units that are counted, from its definition."""
    n, x = weights @ denominator, weights @ (numerator & denominator)
    if n == 0:
        return 0.0
    p, used = x / n, np.unique(units[denominator & (weights > 0)])
    parts = [(weights * ((numerator & denominator) - p * denominator))[units == unit].sum() for unit in used]
    m, kish = len(used), n**2 / (weights**2 @ denominator)
    v = m / (m - 1) * np.square(parts).sum() / n**2 if m > 1 else 0.0
    if v < 1e-12:
        return min(kish, m)
    return min(kish, p * (1 - p) / v * (norm.ppf(0.975) / student.ppf(0.975, m - 1)) ** 2)


def test_sizes_of_curves_are_those_of_their_rates_at_every_threshold():
    scores, truth, group, weights = images(7, number=300)
    units, weight = np.random.default_rng(8).integers(0, 30, 300), weights + 0.5
    arguments = {"groups": 3, "weights": weight, "units": units, "bins": BINS}
    recall = recall_sizes(scores, truth, group, **arguments)
    precision = precision_sizes(scores, truth, group, **arguments)
    for place in (0, 12, 20, 31, 50):
        selected = (scores >= place / BINS) if place < BINS else np.zeros(300, bool)
        for g in range(3):
            own = group == g
            for ours, numerator, denominator in (
                (recall, selected, own & truth),
                (precision, truth, own & selected),
            ):
                assert ours[g, place] == pytest.approx(slow_size(numerator, denominator, units, weight)), (g, place)


def test_weights_alone_give_kishs_sizes():
    scores, truth, group, weights = images(9)
    recall = recall_sizes(scores, truth, group, groups=3, weights=weights, bins=BINS)
    counts = sweep_counts(score_histogram(scores, truth, group, groups=3, bins=BINS, weights=weights))
    squares = sweep_counts(score_histogram(scores, truth, group, groups=3, bins=BINS, weights=weights**2))
    np.testing.assert_allclose(recall, (counts[:, :, 1].sum(-1) ** 2 / squares[:, :, 1].sum(-1)).T)
    sizes = bin_sizes(scores, truth, group, groups=3, weights=weights, bins=5)
    own = (group == 1) & (scores < 0.4) & (scores >= 0.2)
    assert sizes[1, 1] == pytest.approx(weights[own].sum() ** 2 / (weights[own] ** 2).sum())


def test_a_group_of_one_person_has_values_and_no_interval():
    ends = sampled_calibration(
        [0.2, 0.7], [False, True], [0, 0], groups=2, replicates=10, generator=np.random.default_rng(0), units=[3, 3]
    )
    assert np.isnan([*ends.error, *ends.brier]).all()
    assert np.isnan(ranked([0.5], [0.4], positive_weights=[0.0], negative_weights=[1.0]).value)


def test_columns_must_fit():
    with pytest.raises(ValueError, match="weights and units"):
        bin_sizes([0.5], [True], [0], groups=1, weights=[1.0, 2.0])
