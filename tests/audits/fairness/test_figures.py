"""Figures of the fairness audit: each is drawn where it is legible, and shows no cell that is too small."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve as sklearn_roc

from fairaudit.audits.fairness.figures import roc_curve
from fairaudit.audits.fairness.read import read_fairness


def test_figures_that_nobody_could_read_are_left_out_with_a_note(column, inputs):
    rng = np.random.default_rng(0)
    many, truth = rng.integers(0, 13, 400), rng.integers(0, 2, 400)
    found = read_fairness(inputs([column("many", many, tuple(map(str, range(13))))], truth, truth))
    assert [drawing.name for drawing in found.drawings] == ["disparities.png"]
    assert any("13 groups × 2 target values are too many to read" in note for note in found.notes)


def test_every_figure_can_be_drawn(drawn, column, inputs):
    hat, _, truth, scores = drawn
    found = read_fairness(inputs([column("hat", hat)], truth, scores >= 0.5, scores=scores))
    names = [drawing.name.split("-")[0].split(".")[0] for drawing in found.drawings]
    assert names == ["disparities", "confusion", "reliability", "roc", "sweep", "scores", "precision"]
    for drawing in found.drawings:
        assert drawing.draw().startswith(b"\x89PNG")


def test_groups_with_a_cell_too_small_to_print_are_in_no_figure(drawn, monkeypatch, column, inputs):
    hat, _, truth, scores = drawn
    rare = np.where((hat == 1) & (truth == 1) & (np.arange(600) > 20), 0, hat)
    shown = []
    monkeypatch.setattr(
        "fairaudit.report.figures.confusion.confusion", lambda counts, *, groups, **_: shown.extend(groups) or b""
    )
    found = read_fairness(inputs([column("hat", rare)], truth, scores > 0.5, scores=scores, min_cell=10))
    next(drawing for drawing in found.drawings if drawing.name == "confusion-hat.png").draw()
    assert shown == ["hat=0"]
    assert any(
        note == "Not in the figures per hat: 1, with fewer than 10 images of a target value." for note in found.notes
    )


def test_no_curve_is_drawn_of_groups_that_may_not_be_shown(column, inputs):
    # Group 0 has three positives, too few to be shown; group 1 has none at all.
    hat, truth = np.repeat([0, 1], [103, 100]), np.zeros(203, np.int32)
    truth[:3] = 1
    scores = np.linspace(0, 1, 203)
    found = read_fairness(inputs([column("hat", hat)], truth, scores > 0.5, scores=scores, min_cell=5))
    names = [drawing.name for drawing in found.drawings]
    assert "roc-hat.png" not in names
    assert "precision-recall-hat.png" not in names
    for drawing in found.drawings:
        assert drawing.draw()


@pytest.mark.parametrize("weighted", [False, True])
def test_the_curve_is_scikit_learns(weighted):
    draw = np.random.default_rng(0)
    scores, positive = draw.integers(0, 9, 60) / 8, draw.random(60) < 0.4
    weights = draw.random(60) if weighted else None
    fpr, tpr = roc_curve(scores, positive, weights=weights)
    wanted = sklearn_roc(positive, scores, sample_weight=weights, drop_intermediate=False)
    np.testing.assert_allclose((fpr, tpr), wanted[:2], atol=1e-12)
