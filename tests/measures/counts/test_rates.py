"""Rates per group and class, against scikit-learn on the images themselves."""

import numpy as np
import pytest
from sklearn import metrics

from fairaudit.errors import UsageError
from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.rates import RATES, accuracy, cell_accuracy, macro, rate, reported_classes

NAN = np.nan
SKLEARN = {
    "tpr": lambda t, p, c: metrics.recall_score(t == c, p == c, zero_division=NAN),
    "tnr": lambda t, p, c: metrics.recall_score(t != c, p != c, zero_division=NAN),
    "ppv": lambda t, p, c: metrics.precision_score(t == c, p == c, zero_division=NAN),
    "f1": lambda t, p, c: metrics.f1_score(t == c, p == c, zero_division=NAN),
    "iou": lambda t, p, c: NAN if not ((t == c) | (p == c)).any() else metrics.jaccard_score(t == c, p == c),
    "selection_rate": lambda t, p, c: (p == c).mean(),
}


def table(seed, groups, classes, images):
    rng = np.random.default_rng(seed)
    group, true = rng.integers(0, groups, images), rng.integers(0, classes, images)
    predicted = np.where(rng.random(images) < 0.6, true, rng.integers(0, classes, images))
    # Group 1 never has class 0, and the last group has no image.
    true = np.where((group == 1) & (true == 0), classes - 1, true)
    group = np.where(group == groups - 1, 0, group)
    return group, true, predicted


@pytest.mark.parametrize(
    ("groups", "classes", "images"), [(3, 2, 40), (5, 3, 200), (8, 7, 300), (60, 2, 900), (3, 40, 400)]
)
@pytest.mark.parametrize("name", sorted(SKLEARN))
def test_rates_equal_scikit_learn_for_every_group_and_class(name, groups, classes, images):
    group, true, predicted = table(groups, groups, classes, images)
    counts = confusion(group, true, predicted, groups=groups, classes=classes).counts
    values = rate(counts, name).value
    for g in range(groups - 1):
        for c in range(classes):
            expected = SKLEARN[name](true[group == g], predicted[group == g], c)
            np.testing.assert_allclose(values[g, c], expected, rtol=1e-12)
    assert np.isnan(values[-1]).all()


def test_accuracy_equals_the_share_of_right_images_also_with_weights():
    group, true, predicted = table(1, 4, 5, 300)
    weights = np.random.default_rng(2).random(300)
    counts = confusion(group, true, predicted, groups=4, classes=5, weights=weights).counts
    for g in range(3):
        own = group == g
        expected = metrics.accuracy_score(true[own], predicted[own], sample_weight=weights[own])
        np.testing.assert_allclose(accuracy(counts).value[g], expected, rtol=1e-12)


@pytest.mark.parametrize(("groups", "classes"), [(3, 2), (12, 5), (3, 40)])
def test_weighted_rates_equal_scikit_learn_with_sample_weights(groups, classes):
    group, true, predicted = table(7, groups, classes, 60 * groups)
    weights = np.random.default_rng(8).random(len(group))
    counts = confusion(group, true, predicted, groups=groups, classes=classes, weights=weights).counts
    tpr, ppv = rate(counts, "tpr").value, rate(counts, "ppv").value
    for g in range(groups - 1):
        own = group == g
        given = {"sample_weight": weights[own], "labels": range(classes), "average": None, "zero_division": NAN}
        np.testing.assert_allclose(tpr[g], metrics.recall_score(true[own], predicted[own], **given))
        np.testing.assert_allclose(ppv[g], metrics.precision_score(true[own], predicted[own], **given))


def test_complements_and_bounds_hold_on_forty_classes_and_sixty_groups():
    counts = np.random.default_rng(3).poisson(0.3, size=(60, 40, 40))
    tpr, fnr, fpr, tnr = (rate(counts, name).value for name in ("tpr", "fnr", "fpr", "tnr"))
    np.testing.assert_allclose(tpr + fnr, np.where(np.isnan(tpr), np.nan, 1.0))
    np.testing.assert_allclose(fpr + tnr, np.where(np.isnan(fpr), np.nan, 1.0))
    for name in RATES:
        values = rate(counts, name).value
        assert np.nanmin(values) >= 0
        assert np.nanmax(values) <= 1
    f1, iou = rate(counts, "f1").value, rate(counts, "iou").value
    np.testing.assert_allclose(f1, 2 * iou / (1 + iou))


def test_leading_axes_are_kept():
    counts = np.random.default_rng(4).poisson(3.0, size=(7, 2, 3, 4, 4))
    one = rate(counts[5, 1], "ppv").value
    np.testing.assert_array_equal(rate(counts, "ppv").value[5, 1], one)
    assert accuracy(counts).value.shape == (7, 2, 3)


def test_cells_and_macro_averages():
    counts = np.array([[[3, 1], [2, 4]], [[5, 0], [0, 0]]])
    np.testing.assert_allclose(cell_accuracy(counts).value, [[3 / 4, 4 / 6], [1.0, np.nan]])
    # The second group has no image of class 1, so its macro TPR does not exist.
    np.testing.assert_allclose(macro(counts, "tpr"), [(3 / 4 + 4 / 6) / 2, np.nan])


def test_two_classes_report_the_positive_one():
    assert reported_classes(2) == (1,)
    assert reported_classes(4) == (0, 1, 2, 3)


def test_an_unknown_rate_gets_a_suggestion():
    with pytest.raises(UsageError, match='Did you mean "tpr"'):
        rate([[[1, 0], [0, 1]]], "tprr")


def test_counts_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="predicted"):
        rate([[1, 2], [3, 4]], "tpr")
