"""ρ, φ and K read from decisions made by hand, and the values that the notes work out for N = 10 and ρ = 0.9."""

import numpy as np
import pytest

from fairaudit.audits.pruning.theory import METRICS, place, placed, theory_rows

CLASSES = 10
# 81 images of every class in its own colour, one in each other colour: ρ = 81 / 90.
TARGET = np.repeat(np.arange(CLASSES), 90)
COLOUR = np.concatenate([[k] * 81 + [j for j in range(CLASSES) if j != k] for k in range(CLASSES)])
TRAINED = 80 * np.eye(CLASSES) + 1


@pytest.fixture
def models(decided):
    """Always right, always the colour, and blind: wrong on a third of what the colour would have told."""
    half = np.where((COLOUR != TARGET) & (TARGET % 2 == 0), COLOUR, TARGET)
    decisions = {"vanilla": TARGET, "follower": COLOUR, "half": half}
    return decided(TARGET, {"colour": COLOUR}, decisions, classes=CLASSES, training=TRAINED)


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
    training = [[3, 1], [1, 3]]
    found = decided(target, {"tie": bias}, {"vanilla": [1, 0, 1, 1, 1, 0, 0, 1]}, classes=2, training=training)
    at = place(found, found.named("vanilla")[0], 0)
    assert (at.rho, at.phi, at.needed, at.classes) == (0.75, 0.5, 0.5, 2)  # the training's ρ, not the part's 1/2
    assert [name for name, _ in placed(found, ["vanilla"], 0)] == ["vanilla"]


def test_without_conflicting_images_nothing_is_placed(decided):
    found = decided([0, 1], {"tie": [0, 1]}, {"vanilla": [0, 1]}, classes=2, training=[[3, 1], [1, 3]])
    assert placed(found, ["vanilla"], 0) == []
    rows = {row.metric: row for row in theory_rows(found, found.named("vanilla")[0], 0)}
    assert rows["task_information"].value == pytest.approx(1.0)
    assert rows["bias_information_expected"].status == "undefined"
    assert rows["bias_information_expected"].reason


def test_an_even_reporting_part_is_held_against_the_trainings_share(decided):
    """Every cell once: plain information on the colour is 0 for a model that is always right, and .7634 at ρ = 0.9."""
    target, colour = np.divmod(np.arange(CLASSES**2), CLASSES)
    models = {"vanilla": target, "follower": colour}
    found = decided(target, {"colour": colour}, models, classes=CLASSES, training=TRAINED)
    right, follower = (numbers(found, name) for name in models)
    assert right["bias_information"].value == pytest.approx(0.0, abs=1e-12)
    assert right["bias_information_perfect"].value == pytest.approx(0.7634, abs=5e-5)
    expected = right["bias_information_expected"]
    assert expected.value == pytest.approx(0.7634, abs=5e-5)
    assert expected.extra["observed"] == pytest.approx(0.7634, abs=5e-5)
    assert follower["bias_information_expected"].extra["observed"] == pytest.approx(1.0)
    assert follower["task_information"].value == pytest.approx(0.0, abs=1e-12)


def test_without_the_training_rows_there_is_no_share_and_no_expectation(decided):
    found = decided(TARGET, {"colour": COLOUR}, {"vanilla": TARGET}, classes=CLASSES)
    rows = numbers(found, "vanilla")
    for name, row in rows.items():
        if name.endswith(("_perfect", "_expected", "_bounded")):
            assert (row.value, row.status) == (None, "undefined")
            assert row.reason == "the training rows are not known: set audit.aligned to their split"
    assert rows["bias_information"].value == pytest.approx(0.7634, abs=5e-5)
    assert rows["task_biasedness"].value == 0
    assert placed(found, ["vanilla"], 0) == []


def test_values_that_do_not_pair_with_classes_have_no_theory(decided):
    target, bias = [0, 0, 1, 1, 0, 1], [0, 1, 1, 0, 2, 2]
    found = decided(target, {"age": bias}, {"vanilla": target}, classes=2, values=3, training=np.ones((3, 2)))
    rows = {row.metric: row for row in theory_rows(found, found.named("vanilla")[0], 0)}
    assert rows["bias_information_perfect"].reason == "no value goes with each target value, one for one"
