"""Thresholds per group: carried out by drawing, and undefined or suppressed where there is too little."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from fairaudit.audits.fairness.thresholds import cell_images, equalizing, has_curve, has_thresholds, present, printable


def test_the_rules_per_group_equalize_odds_when_they_are_carried_out(drawn, column, view, inputs, one):
    """The rules are carried out by drawing decisions, and the rates counted with scikit-learn."""
    hat, _, truth, scores = drawn
    scores = np.floor(scores * 1000) / 1000  # on the grid, so that thresholds between bins decide exactly
    found = list(equalizing(view(inputs([column("hat", hat)], truth, scores > 0.5, scores=scores))))
    whole = one(found, "equalized_odds_accuracy")
    rng, copies = np.random.default_rng(0), 200
    rates, right = [], 0.0
    for group in (0, 1):
        rule = one(found, "equalized_odds_threshold", group=str(group)).extra
        own = np.tile(scores[hat == group] + 1e-9, copies)
        threshold = np.where(rng.random(len(own)) < rule["mix"], rule["lower"], rule["upper"])
        at_random = rng.random(len(own)) < whole.extra["fpr"]
        decision = np.where(rng.random(len(own)) < rule["keep"], own >= threshold, at_random)
        table = confusion_matrix(np.tile(truth[hat == group], copies), decision, normalize="true")
        rates.append((table[0, 1], table[1, 1]))
        right += accuracy_score(np.tile(truth[hat == group], copies), decision) * (hat == group).mean()
    assert rates[0] == pytest.approx(rates[1], abs=0.01)
    assert rates[0] == pytest.approx((whole.extra["fpr"], whole.extra["tpr"]), abs=0.01)
    assert right == pytest.approx(whole.value, abs=0.01)


def test_without_positives_in_a_group_there_is_no_rule_but_a_reason(column, view, inputs):
    codes, truth, scores = [0, 0, 0, 1, 1, 1], [0, 1, 1, 0, 0, 0], np.linspace(0.1, 0.9, 6)
    found = list(equalizing(view(inputs([column("hat", codes)], truth, [0] * 6, scores=scores))))
    assert [(m.metric, m.status) for m in found] == [
        ("equalized_odds_accuracy", "undefined"),
        ("equal_opportunity_accuracy", "undefined"),
    ]
    assert all("group 1" in m.reason for m in found)


def test_rules_of_small_cells_are_suppressed(drawn, column, view, inputs):
    hat, _, truth, scores = drawn
    found = list(equalizing(view(inputs([column("hat", hat)], truth, scores > 0.5, scores=scores, min_cell=1000))))
    rules = [m for m in found if m.metric.endswith("_threshold")]
    assert len(rules) == 4
    assert {m.status for m in rules} == {"suppressed"}
    assert all(m.value is None and not m.extra for m in rules)


def test_groups_that_figures_may_show(column, inputs, view):
    """Group 0 has 3 + 2 images, 1 has 1 + 4, 2 has none and 3 has positives alone; one row's group is unknown."""
    hat = [0] * 5 + [1] * 5 + [3] * 4 + [-1]
    truth = [0, 0, 0, 1, 1] + [0, 1, 1, 1, 1] + [1] * 4 + [0]
    made = inputs([column("hat", hat, ("a", "b", "c", "d"))], truth, truth, scores=np.linspace(0, 1, 15), min_cell=2)
    assert cell_images(view(made)).tolist() == [[3, 2], [1, 4], [0, 0], [0, 4]]
    assert present(view(made)) == [0, 1, 3]
    assert printable(view(made)) == [0, 3]
    assert has_curve(view(made))
    small = inputs([column("hat", hat, ("a", "b", "c", "d"))], truth, truth, scores=np.linspace(0, 1, 15), min_cell=4)
    assert printable(view(small)) == [3]
    assert not has_curve(view(small))


def test_a_threshold_decides_one_score_of_two_values(column, inputs):
    hat, truth, scores = [column("hat", [0, 1, 1])], [0, 1, 0], np.array([0.1, 0.2, 0.3])
    assert has_thresholds(inputs(hat, truth, truth, scores=scores))
    assert not has_thresholds(inputs(hat, truth, truth))
    assert not has_thresholds(inputs(hat, truth, truth, scores=scores, classes=("0", "1", "2")))
