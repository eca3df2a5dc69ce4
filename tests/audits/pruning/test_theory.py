"""ρ, φ and K read from decisions made by hand, and the values that the notes work out for N = 10 and ρ = 0.9."""

import numpy as np
import pytest

from fairaudit.audits.pruning.theory import METRICS, place, placed, theory_rows

CLASSES = 10
# 81 images of every class in its own colour, one in each other colour: ρ = 81 / 90.
TARGET = np.repeat(np.arange(CLASSES), 90)
COLOUR = np.concatenate([[k] * 81 + [j for j in range(CLASSES) if j != k] for k in range(CLASSES)])


@pytest.fixture
def models(decided):
    """Always right, always the colour, and blind: wrong on a third of what the colour would have told."""
    half = np.where((COLOUR != TARGET) & (TARGET % 2 == 0), COLOUR, TARGET)
    decisions = {"vanilla": TARGET, "follower": COLOUR, "half": half}
    return decided(TARGET, {"colour": COLOUR}, decisions, classes=CLASSES)


def numbers(models, name):
    rows = list(theory_rows(models, models.named(name)[0], 0))
    assert [row.metric for row in rows] == list(METRICS)
    return {row.metric: row for row in rows}


def test_a_model_that_is_always_right_lies_on_equation_3(models):
    rows = numbers(models, "vanilla")
    assert rows["bias_information"].extra == {"rho": 0.9, "phi": 0.0, "classes": 10}
    for metric in ("bias_information", "bias_information_perfect", "bias_information_expected"):
        assert rows[metric].value == pytest.approx(0.7634, abs=5e-5)
    for metric in ("task_information", "task_information_expected", "task_information_bounded"):
        assert rows[metric].value == pytest.approx(1.0)
    assert rows["task_biasedness"].value == 0


def test_a_model_that_follows_the_bias_shows_all_of_it_and_equation_3_of_the_target(models):
    rows = numbers(models, "follower")
    assert rows["bias_information"].value == pytest.approx(1.0)
    assert rows["bias_information_expected"].value == pytest.approx(1.0)
    assert rows["task_information"].value == pytest.approx(0.7634, abs=5e-5)
    # K is 0 / 0 for a model that makes no aligned error and follows every conflict: the theory says nothing of it.
    assert (rows["task_biasedness"].value, rows["task_biasedness"].status) == (None, "undefined")
    assert rows["task_information_bounded"].value is None


def test_half_of_the_way_lies_on_equation_15(models):
    rows = numbers(models, "half")
    assert rows["bias_information"].extra["phi"] == 0.5
    assert rows["bias_information_expected"].value == pytest.approx(0.8661, abs=5e-5)


def test_needed_is_the_aligned_error_over_what_is_not_followed(decided):
    # 4 aligned images, 1 wrong: ε = 1/4; 4 conflicting, 2 followed: φ = 1/2; K = ε / (1 − φ) = 1/2.
    target, bias = [0, 0, 1, 1, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1, 0, 0]
    found = decided(target, {"tie": bias}, {"vanilla": [1, 0, 1, 1, 1, 0, 0, 1]}, classes=2)
    at = place(found, found.named("vanilla")[0], 0)
    assert (at.rho, at.phi, at.needed, at.classes) == (0.5, 0.5, 0.5, 2)
    assert [name for name, _ in placed(found, ["vanilla"], 0)] == ["vanilla"]


def test_without_conflicting_images_nothing_is_placed(decided):
    found = decided([0, 1], {"tie": [0, 1]}, {"vanilla": [0, 1]}, classes=2)
    assert placed(found, ["vanilla"], 0) == []
    rows = {row.metric: row for row in theory_rows(found, found.named("vanilla")[0], 0)}
    assert rows["task_information"].value == pytest.approx(1.0)
    assert rows["bias_information_expected"].status == "undefined"
    assert rows["bias_information_expected"].reason
