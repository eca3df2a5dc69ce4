"""Disparities within a control's values: per value, for the worst value, and against fairlearn's control features."""

import fairlearn.metrics as fl
import numpy as np
import pytest
from sklearn.metrics import recall_score

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import disparity
from fairaudit.tables.fairness.within import within_measurements
from fairaudit.tables.rows import FairnessSpec
from fairaudit.tables.statistics import Statistics

FIELDS = {"level", "replicates", "seed", "min_cell"}


def made(counts, **arguments):
    statistics = Statistics(**{"replicates": 100, **{k: arguments.pop(k) for k in FIELDS & set(arguments)}})
    controls, groups, classes = counts.shape[:3]
    names = {"groups": tuple(f"g{g}" for g in range(groups)), "classes": tuple(f"c{c}" for c in range(classes))}
    levels = arguments.pop("levels", [f"v{v}" for v in range(controls)])
    asked = FairnessSpec(**{"attribute": "hat", "statistics": statistics, **names, **arguments})
    return within_measurements(counts, asked, control="age", levels=levels)


def one(table, metric, attribute):
    (found,) = [m for m in table if (m.metric, m.attribute) == (metric, attribute)]
    return found


def images(seed=0, number=2000):
    rng = np.random.default_rng(seed)
    control, group, true = rng.integers(0, 3, number), rng.integers(0, 2, number), rng.integers(0, 2, number)
    right = rng.random(number) < 0.9 - 0.15 * control * group
    return control, group, true, np.where(right, true, 1 - true)


def counted(control, group, true, predicted):
    joint = confusion(control * 2 + group, true, predicted, groups=6, classes=2).counts
    return joint.reshape(3, 2, 2, 2)


def test_gaps_within_values_equal_fairlearn_with_a_control_feature():
    control, group, true, predicted = images()
    table = made(counted(control, group, true, predicted))
    frame = fl.MetricFrame(
        metrics=recall_score, y_true=true, y_pred=predicted, sensitive_features=group, control_features=control
    )
    gaps = frame.difference(method="between_groups")
    for value in range(3):
        found = one(table, "equal_opportunity_difference", f"hat within age=v{value}")
        assert found.value == pytest.approx(gaps.loc[value])
    worst = one(table, "equal_opportunity_difference", "hat within age")
    assert worst.value == pytest.approx(gaps.max())
    assert worst.extra == {"worst_value": "v2"}
    assert worst.low <= worst.value <= worst.high


def test_a_difference_between_values_is_no_disparity_within_them():
    counts = np.zeros((2, 2, 2, 2), int)
    counts[0], counts[1] = [[90, 10], [10, 90]], [[60, 40], [40, 60]]
    counts[0, 0] *= 9  # group 0 is mostly of the value that is decided well
    across = float(disparity(counts.sum(0), "equalized_odds_difference"))
    found = one(made(counts), "equalized_odds_difference", "hat within age")
    assert across > 0.1
    assert found.value == 0
    assert found.low == 0


@pytest.mark.slow
def test_few_alarms_over_many_values_without_disparity():
    rng = np.random.default_rng(1)
    alarms = []
    for _ in range(20):
        hits = rng.binomial(150, 0.85, size=(4, 3))
        counts = np.stack(
            [np.stack([np.full_like(hits, 100), np.full_like(hits, 20)], -1), np.stack([150 - hits, hits], -1)], 2
        )
        alarms.append(one(made(counts), "equal_opportunity_difference", "hat within age").low > 0)
    assert np.mean(alarms) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 20)


def test_a_value_without_a_rate_makes_the_worst_undefined_and_an_empty_value_does_not():
    counts = counted(*images())
    empty = counts.copy()
    empty[1] = 0
    assert one(made(empty), "accuracy_difference", "hat within age").value is not None
    counts[1, 0, 1] = 0
    found = one(made(counts), "equal_opportunity_difference", "hat within age")
    assert found.reason == "it does not exist within v1"
    assert found.low is not None
    assert one(made(counts), "accuracy_ratio", "hat within age").value is not None
    assert one(made(counts * 0), "accuracy_ratio", "hat within age").reason == "no value has images"


def test_whole_clusters_are_the_units_within_every_value():
    """Five copies of every image, each image a cluster: the interval is that of the images, not of the copies."""
    control, group, true, predicted = images(number=600)
    each = np.stack([counted(*(part[[row]] for part in (control, group, true, predicted))) for row in range(600)]) * 5
    copies, clusters = made(each.sum(0)), made(each.sum(0), cluster_counts=each)
    plain = made(each.sum(0) // 5)
    for naive, ours, one_each in zip(copies, clusters, plain, strict=True):
        assert ours.value == pytest.approx(naive.value)
        assert (ours.unit, naive.unit) == ("cluster", "image")
        assert ours.high - ours.low == pytest.approx(one_each.high - one_each.low, rel=0.08)
        assert ours.high - ours.low > 1.2 * (naive.high - naive.low)


def test_weights_are_worth_kishs_size_within_every_value():
    counts = counted(*images())
    plain = made(counts)
    for ours, theirs in zip(made(counts * 0.5, squared=counts * 0.25), plain, strict=True):
        assert (ours.value, ours.low, ours.high) == pytest.approx((theirs.value, theirs.low, theirs.high))
        assert ours.p_value is None


def test_counts_must_fit_the_names():
    with pytest.raises(ValueError, match="counts need shape"):
        made(counted(*images()), levels=["a"])
