"""Disparities between groups, against fairlearn on images, slow loops on tables, and their invariances."""

import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import accuracy_score, precision_score, recall_score

from fairaudit.measures.counts.confusion import confusion
from fairaudit.measures.counts.disparities import (
    DISPARITIES,
    aligned_cells,
    bias_conflict_accuracy,
    compared,
    disparity,
    impact_ratio,
    unbiased_accuracy,
    worst_attribute_group_accuracy,
    worst_cell_accuracy,
)
from fairaudit.measures.counts.rates import accuracy, rate


def images(seed, groups, classes=2):
    rng, number = np.random.default_rng(seed), max(400, 40 * groups)
    group, true = rng.integers(0, groups, number), rng.integers(0, classes, number)
    right = rng.random(number) < 0.5 + 0.4 * rng.random(groups)[group]
    return group, true, np.where(right, true, rng.integers(0, classes, number))


def frame(metric, true, predicted, group):
    return fl.MetricFrame(metrics=metric, y_true=true, y_pred=predicted, sensitive_features=group)


FRAMES = {
    "demographic_parity": fl.selection_rate,
    "equal_opportunity": recall_score,
    "predictive_parity": precision_score,
    "accuracy": accuracy_score,
}


@pytest.mark.parametrize("groups", [2, 3, 20, 60])
@pytest.mark.parametrize("base", sorted(FRAMES))
@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_gaps_and_ratios_equal_fairlearn(base, groups, method):
    group, true, predicted = images(groups, groups)
    counts = confusion(group, true, predicted, groups=groups, classes=2).counts
    found = frame(FRAMES[base], true, predicted, group)
    end = "_to_overall" if method == "to_overall" else ""
    np.testing.assert_allclose(disparity(counts, f"{base}_difference{end}"), found.difference(method=method))
    np.testing.assert_allclose(disparity(counts, f"{base}_ratio{end}"), found.ratio(method=method))


@pytest.mark.parametrize("groups", [2, 3, 20, 60])
def test_equalized_odds_equals_fairlearn(groups):
    group, true, predicted = images(10 + groups, groups)
    counts = confusion(group, true, predicted, groups=groups, classes=2).counts
    given_ = {"y_true": true, "y_pred": predicted, "sensitive_features": group}
    for agg, name in (("worst_case", "equalized_odds_difference"), ("mean", "equalized_odds_average")):
        np.testing.assert_allclose(disparity(counts, name), fl.equalized_odds_difference(**given_, agg=agg))
    np.testing.assert_allclose(disparity(counts, "equalized_odds_ratio"), fl.equalized_odds_ratio(**given_))


def test_equation_6_of_the_saliency_paper_by_hand():
    counts = [[[8, 2], [1, 9]], [[6, 4], [5, 5]]]  # TPR .9, .5; FPR .2, .4
    assert disparity(counts, "equalized_odds_difference") == pytest.approx(max(abs(0.9 - 0.5), abs(0.2 - 0.4)))
    assert disparity(counts, "equalized_odds_average") == pytest.approx((0.4 + 0.2) / 2)


@pytest.mark.parametrize("name", list(DISPARITIES))
def test_several_classes_take_the_worst_class_against_the_rest(name):
    spec = DISPARITIES[name]
    counts = np.random.default_rng(5).integers(1, 30, size=(6, 5, 5))
    worst = []
    for c in range(5):
        gaps = []
        for rate_name in spec.rates:
            whole = counts.sum(0, keepdims=True)
            if rate_name == "accuracy":
                values, overall = accuracy(counts).value, accuracy(whole).value[0]
            else:
                values, overall = rate(counts, rate_name).value[:, c], rate(whole, rate_name).value[0, c]
            if spec.against == "overall":
                pairs = [(max(v, overall), min(v, overall)) for v in values]
            else:
                pairs = [(max(a, b), min(a, b)) for a in values for b in values]
            gaps.append(max(a - b for a, b in pairs) if spec.form == "difference" else min(b / a for a, b in pairs))
        worst.append(np.mean(gaps) if spec.average else (max if spec.form == "difference" else min)(gaps))
    np.testing.assert_allclose(disparity(counts, name), (max if spec.form == "difference" else min)(worst))


@pytest.mark.parametrize("name", list(DISPARITIES))
@settings(max_examples=20, deadline=None)
@given(counts=arrays(np.int64, (4, 3, 3), elements=st.integers(0, 20)), order=st.permutations(range(4)))
def test_renaming_groups_changes_nothing_and_the_range_holds(name, counts, order):
    value, renamed = disparity(counts, name), disparity(counts[list(order)], name)
    np.testing.assert_allclose(renamed, value)
    assert np.isnan(value) or 0 <= value <= 1


@pytest.mark.parametrize("name", list(DISPARITIES))
def test_equal_groups_have_no_disparity_and_replicate_axes_are_kept(name):
    table = np.random.default_rng(6).integers(1, 9, size=(3, 3))
    equal = np.stack([table, 2 * table, 7 * table])
    best = 0.0 if DISPARITIES[name].form == "difference" else 1.0
    assert disparity(equal, name) == pytest.approx(best, abs=1e-12)
    many = np.random.default_rng(7).integers(1, 9, size=(5, 2, 4, 3, 3))
    assert disparity(many, name).shape == (5, 2)
    np.testing.assert_array_equal(disparity(many, name)[3, 1], disparity(many[3, 1], name))


def test_a_group_without_positives_makes_the_gap_undefined_never_0_or_1():
    counts = [[[8, 2], [0, 0]], [[6, 4], [5, 5]]]
    assert np.isnan(disparity(counts, "equal_opportunity_difference"))
    assert np.isnan(disparity(counts, "equalized_odds_difference"))
    assert disparity(counts, "demographic_parity_difference") == pytest.approx(abs(2 / 10 - 9 / 20))


def test_a_group_without_images_is_not_compared_and_one_group_has_no_gap():
    counts = np.array([[[8, 2], [1, 9]], [[0, 0], [0, 0]], [[6, 4], [5, 5]]])
    assert disparity(counts, "equalized_odds_difference") == disparity(counts[[0, 2]], "equalized_odds_difference")
    assert np.isnan(disparity(counts[:2], "equalized_odds_difference"))
    assert np.isnan(disparity(np.zeros((3, 2, 2)), "accuracy_difference"))


def test_ratios_are_undefined_when_every_rate_is_0():
    counts = [[[5, 0], [5, 0]], [[3, 0], [4, 0]]]
    assert np.isnan(disparity(counts, "demographic_parity_ratio"))
    assert disparity(counts, "demographic_parity_difference") == 0
    assert np.isnan(impact_ratio(counts)).all()


def test_a_group_that_is_never_selected_has_ratio_0():
    counts = [[[5, 0], [5, 0]], [[3, 1], [2, 2]]]
    assert disparity(counts, "demographic_parity_ratio") == 0
    assert disparity(counts, "demographic_parity_ratio_to_overall") == 0
    assert impact_ratio(counts).tolist() == [0.0, 1.0]


def test_impact_ratio_of_a_group_without_images_is_undefined():
    counts = [[[0, 0], [0, 0]], [[3, 1], [2, 2]], [[6, 2], [7, 1]]]
    np.testing.assert_allclose(impact_ratio(counts), [np.nan, 1.0, 0.5])


def test_levels_by_hand():
    counts = np.array([[[8, 2], [1, 9]], [[6, 4], [5, 5]]])
    assert worst_attribute_group_accuracy(counts) == pytest.approx(11 / 20)
    assert unbiased_accuracy(counts) == pytest.approx((0.8 + 0.9 + 0.6 + 0.5) / 4)
    aligned = [[True, False], [False, True]]
    assert bias_conflict_accuracy(counts, aligned) == pytest.approx((0.9 + 0.6) / 2)
    assert np.isnan(unbiased_accuracy([[[8, 2], [0, 0]], [[6, 4], [5, 5]]]))
    assert np.isnan(bias_conflict_accuracy(counts, np.ones((2, 2), bool)))
    with pytest.raises(ValueError, match="aligned"):
        bias_conflict_accuracy(counts, [True, False])


def test_unbiased_accuracy_is_the_accuracy_on_a_balanced_set():
    rng = np.random.default_rng(8)
    cells = rng.multinomial(60, rng.dirichlet(np.ones(4), size=(3, 4)))  # 60 images in every cell
    assert unbiased_accuracy(cells) == pytest.approx(accuracy(cells.sum(0, keepdims=True)).value[0])


def test_the_group_that_goes_with_a_class_is_over_represented_not_just_frequent():
    # Group 0 has most images of both classes, but class 1 is over-represented in group 1.
    assert aligned_cells([[900, 100], [30, 20]]).tolist() == [[True, False], [False, True]]
    # Colours of Biased-MNIST: every class has its own.
    relation = np.full((10, 10), 5) + 900 * np.eye(10, dtype=int)[:, ::-1]
    assert (aligned_cells(relation) == np.eye(10, dtype=bool)[:, ::-1]).all()
    assert aligned_cells([[3, 0], [0, 0]]).tolist() == [[True, False], [False, False]]


def test_compared_rates_carry_their_class_and_rate_axes():
    counts = np.random.default_rng(9).integers(1, 9, size=(5, 4, 3, 3))
    found = compared(counts, DISPARITIES["equalized_odds_difference"])
    assert found.value.shape == (5, 3, 2, 4)
    np.testing.assert_array_equal(found.value[2, 1, 1], rate(counts[2], "fpr").value[:, 1])
    assert compared(counts, DISPARITIES["accuracy_difference"]).value.shape == (5, 1, 1, 4)


@pytest.mark.parametrize("seed", range(3))
def test_worst_cell_is_fairlearns_smallest_group_of_attribute_and_target(seed):
    fairlearn = pytest.importorskip("fairlearn.metrics")
    sklearn = pytest.importorskip("sklearn.metrics")
    generator = np.random.default_rng(seed)
    group, true, predicted = generator.integers(0, 3, (3, 400))
    frame = fairlearn.MetricFrame(
        metrics=sklearn.accuracy_score, y_true=true, y_pred=predicted, sensitive_features=np.stack([group, true], 1)
    )
    counts = confusion(group, true, predicted, groups=3, classes=3).counts
    assert worst_cell_accuracy(counts) == pytest.approx(frame.group_min())


def test_worst_cell_is_never_above_the_worst_group_and_needs_every_cell():
    counts = np.random.default_rng(4).integers(1, 30, (50, 3, 4, 4))
    assert (worst_cell_accuracy(counts) <= worst_attribute_group_accuracy(counts)).all()
    assert np.isnan(worst_cell_accuracy([[[8, 2], [0, 0]], [[6, 4], [5, 5]]]))
    assert worst_cell_accuracy([[[0, 0], [0, 0]], [[6, 4], [5, 5]]]) == 0.5  # a group that nobody is in has no cells
    assert np.isnan(worst_cell_accuracy(np.zeros((2, 2, 2))))
