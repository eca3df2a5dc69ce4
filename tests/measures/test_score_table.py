"""Threshold-free measurements: values from their functions, intervals, reasons and suppression."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from fairaudit.measures.rows import Asked
from fairaudit.measures.score_table import score_measurements

NAMES = {"auc", "bnsp_auc", "bpsn_auc", "auc_difference", "ece", "brier"}


def images(classes=2, number=600):
    rng = np.random.default_rng(0)
    group, true = rng.integers(0, 3, number), rng.integers(0, classes, number)
    raw = rng.random((number, classes)) + (0.9 - 0.3 * group)[:, None] * np.eye(classes)[true]
    return raw / raw.sum(1, keepdims=True), true, group


def made(scores, true, group, **arguments):
    names = {"attribute": "hat", "groups": tuple("abc"), "classes": tuple(str(c) for c in range(scores.shape[1]))}
    sampling = {name: arguments.pop(name) for name in ("clusters", "weights") if name in arguments}
    return score_measurements(scores, true, group, Asked(**{**names, "replicates": 200, **arguments}), **sampling)


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
    assert found.high - found.low == pytest.approx(plain.high - plain.low, rel=0.02)


def test_scores_must_fit_the_classes():
    scores, true, group = images()
    with pytest.raises(ValueError, match="scores need shape"):
        made(scores, true, group, classes=("0", "1", "2"))
