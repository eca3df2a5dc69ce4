"""Threshold-free measurements: values from their functions, intervals, reasons and suppression."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from fairaudit.tables.fairness.scores import score_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

NAMES = {"auc", "bnsp_auc", "bpsn_auc", "auc_difference", "ece", "brier"}


def images(classes=2, number=600):
    rng = np.random.default_rng(0)
    group, true = rng.integers(0, 3, number), rng.integers(0, classes, number)
    raw = rng.random((number, classes)) + (0.9 - 0.3 * group)[:, None] * np.eye(classes)[true]
    return raw / raw.sum(1, keepdims=True), true, group


FIELDS = {"level", "replicates", "seed", "min_cell"}


def made(scores, true, group, **arguments):
    statistics = Statistics(**{"replicates": 200, **{k: arguments.pop(k) for k in FIELDS & set(arguments)}})
    names = {"attribute": "hat", "groups": tuple("abc"), "classes": tuple(str(c) for c in range(scores.shape[1]))}
    sampling = {name: arguments.pop(name) for name in ("clusters", "weights") if name in arguments}
    return score_measurements(
        scores, true, group, FairnessSpec(**{**names, "statistics": statistics, **arguments}), **sampling
    )


def calibrated(number=900):
    """Truths drawn with the scores as probabilities."""
    rng = np.random.default_rng(0)
    group, scores = rng.integers(0, 3, number), rng.random(number)
    return np.stack([1 - scores, scores], axis=1), (rng.random(number) < scores).astype(int), group


def one(table, metric, group=None):
    (found,) = [m for m in table if (m.metric, m.group) == (metric, group)]
    return found


def test_values_equal_scikit_learn_and_lie_in_their_intervals():
    scores, true, group = images()
    table = made(scores, true, group)
    assert {m.metric for m in table} == NAMES
    values = []
    for code, name in enumerate("abc"):
        own = group == code
        values.append(roc_auc_score(true[own], scores[own, 1]))
        assert one(table, "auc", name).value == pytest.approx(values[-1])
        assert one(table, "brier", name).value == pytest.approx(brier_score_loss(true[own], scores[own, 1]))
    for m in table:
        assert m.low <= m.value <= m.high
        assert m.class_ == "1"
    gap = one(table, "auc_difference")
    assert gap.value == pytest.approx(max(values) - min(values))
    assert gap.low > 0
    assert (gap.extra["highest"], gap.extra["lowest"]) == ("a", "c")


def test_several_classes_are_each_set_against_the_rest():
    scores, true, group = images(classes=4)
    table = made(scores, true, group)
    assert {m.class_ for m in table} == {"0", "1", "2", "3"}
    own = group == 1
    (found,) = [m for m in table if (m.metric, m.group, m.class_) == ("auc", "b", "2")]
    assert found.value == pytest.approx(roc_auc_score(true[own] == 2, scores[own, 2]))
    assert len({m.id for m in table}) == len(table)


def test_a_group_without_positives_is_undefined_with_its_reason():
    scores, true, group = images()
    true = np.where(group == 1, 0, true)
    table = made(scores, true, group)
    assert one(table, "auc", "b").reason == "no positive to compare for group b"
    gap = one(table, "auc_difference")
    assert gap.value is None
    assert gap.reason == "auc does not exist for group b: no positive or no negative"
    assert gap.high == 1
    assert one(table, "brier", "b").status == "ok"


def test_images_of_unknown_truth_or_group_count_nowhere():
    scores, true, group = images()
    hidden = made(scores, np.where(group == 2, -1, true), group)
    unknown = made(scores, true, np.where(group == 2, -1, group))
    assert one(hidden, "auc", "a").value == one(unknown, "auc", "a").value
    assert one(hidden, "auc", "c").status == one(unknown, "ece", "c").status == "undefined"
    assert one(hidden, "auc_difference").value == one(unknown, "auc_difference").value is not None


def test_small_groups_are_suppressed():
    scores, true, group = images(number=90)
    table = made(scores, true, group, min_cell=40)
    assert one(table, "auc", "a").status == one(table, "ece", "a").status == "suppressed"
    assert one(table, "auc_difference").status == "ok"


def test_clusters_widen_the_ranking_intervals():
    scores, true, group = images()
    twice = (np.repeat(part, 3, axis=0) for part in (scores, true, group))
    clustered = made(*twice, clusters=np.repeat(np.arange(600), 3))
    alone = made(scores, true, group)
    found, plain = one(clustered, "auc", "c"), one(alone, "auc", "c")
    assert found.value == pytest.approx(plain.value)
    assert found.high - found.low == pytest.approx(plain.high - plain.low, rel=0.06)


def test_scores_must_fit_the_classes():
    scores, true, group = images()
    with pytest.raises(ValueError, match="scores need shape"):
        made(scores, true, group, classes=("0", "1", "2"))


def test_weights_give_scikit_learns_values_and_wider_intervals():
    scores, true, group = calibrated()
    weights = np.random.default_rng(1).exponential(size=900)
    table, plain = made(scores, true, group, weights=weights), made(scores, true, group)
    for code, name in enumerate("abc"):
        own = group == code
        columns, weight = (true[own], scores[own, 1]), {"sample_weight": weights[own]}
        assert one(table, "auc", name).value == pytest.approx(roc_auc_score(*columns, **weight))
        assert one(table, "brier", name).value == pytest.approx(brier_score_loss(*columns, **weight))
    for metric in ("auc", "brier", "bnsp_auc", "bpsn_auc", "ece"):
        pairs = [(one(table, metric, name), one(plain, metric, name)) for name in "abc"]
        assert all(ours.low <= ours.value <= ours.high for ours, _ in pairs)
        assert all((ours.n, ours.unit) == (theirs.n, "image") for ours, theirs in pairs)
        widths = np.array([[m.high - m.low for m in pair] for pair in pairs]).sum(0)
        assert widths[0] > 1.15 * widths[1], metric  # Kish's size of exponential weights is half the images
    assert one(table, "ece", "a").interval == "normal-bootstrap"


def test_equal_weights_are_calibrated():
    scores, true, group = calibrated(1200)
    table, plain = made(scores, true, group, weights=np.full(1200, 0.25)), made(scores, true, group)
    for ours, theirs in zip(table, plain, strict=True):
        assert (ours.id, ours.value) == (theirs.id, pytest.approx(theirs.value))
        assert (ours.low, ours.high) == (pytest.approx(theirs.low, abs=0.015), pytest.approx(theirs.high, abs=0.015))


def test_every_interval_is_of_clusters_where_there_are_some():
    scores, true, group = calibrated()
    twice = [np.repeat(part, 3, axis=0) for part in (scores, true, group)]
    clustered, naive = made(*twice, clusters=np.repeat(np.arange(900), 3)), made(*twice)
    for ours, theirs in zip(clustered, naive, strict=True):
        assert ours.value == pytest.approx(theirs.value)
        assert (ours.unit, theirs.unit) == ("cluster", "image")
        assert ours.high - ours.low > 1.25 * (theirs.high - theirs.low), ours.id


def test_the_order_of_rows_changes_nothing():
    scores, true, group = calibrated()
    people, weights = np.random.default_rng(2).integers(0, 80, 900), np.random.default_rng(3).random(900)
    order = np.random.default_rng(4).permutation(900)
    first = made(scores, true, group, clusters=people, weights=weights)
    second = made(scores[order], true[order], group[order], clusters=people[order], weights=weights[order])
    for ours, theirs in zip(first, second, strict=True):
        assert [ours.value, ours.low, ours.high] == pytest.approx([theirs.value, theirs.low, theirs.high], abs=1e-9)


def test_a_group_without_weight_is_undefined_with_its_reason():
    scores, true, group = calibrated()
    table = made(scores, true, group, weights=(group != 1).astype(float))
    assert one(table, "auc", "b").reason == "the positives or the negatives of group b have no weight"
    assert one(table, "ece", "b").reason == "group b has no weight"
    assert one(table, "auc_difference").value is None
