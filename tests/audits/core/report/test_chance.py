"""Decisions that do not go with the labels: misread models, whose groups are always alike."""

import numpy as np
import pytest
from scipy import stats

from fairaudit.audits.core.report.chance import unlike_labels
from fairaudit.config.schema import GateRule
from fairaudit.data.categorical import Categorical
from fairaudit.gate.alike import Unlike
from fairaudit.gate.judge import judge
from fairaudit.results.measurement import Measurement


def target(codes, classes=2):
    return Categorical(name="label", values=tuple(map(str, range(classes))), codes=np.asarray(codes, np.int32))


@pytest.mark.parametrize("classes", [2, 3, 12])
def test_classes_in_another_order_are_found(classes):
    codes = np.arange(600) % classes
    found = unlike_labels((codes + 1) % classes, target(codes, classes))
    assert found is not None
    assert found.against
    assert found.sentence.startswith("Only 0 % of 600 images are decided as they are labelled")
    assert "another order" in found.sentence


@pytest.mark.parametrize("share", [0.9, 0.7])
@pytest.mark.parametrize("positive", [0.5, 0.1])
def test_a_model_that_knows_the_labels_is_left_alone(share, positive):
    generator = np.random.default_rng(0)
    codes = (generator.random(1000) < positive).astype(int)
    decisions = np.where(generator.random(1000) < share, codes, 1 - codes)
    assert unlike_labels(decisions, target(codes)) is None


def test_blind_decisions_are_no_answers():
    generator = np.random.default_rng(1)
    codes = generator.integers(0, 2, 400)
    found = unlike_labels(generator.permutation(codes), target(codes))
    assert found is not None
    assert not found.against
    assert "no sign that the model answers this question" in found.sentence


def test_few_images_and_decisions_alike_say_nothing_here():
    codes = np.array([0, 1] * 10)
    assert unlike_labels(np.array([0, 0, 1, 1] * 5), target(codes)) is None
    assert unlike_labels(np.zeros(20, int), target(codes)) is None
    assert unlike_labels(np.array([], int), target([])) is None


def test_the_limit_is_where_the_exact_distribution_has_it():
    """Two classes: the agreement is 2 × hypergeometric + constant, so two standard errors are its own."""
    codes = np.arange(200) < 80
    law = stats.hypergeom(200, 80, 100)
    for both in range(15, 60):
        decisions = np.zeros(200, int)
        decisions[:both], decisions[80 : 80 + 100 - both] = 1, 1
        distance, found = (both - law.mean()) / law.std(), unlike_labels(decisions, target(codes.astype(int)))
        assert (found is None) == (distance >= 2)
        assert found is None or found.against == (distance < -4)


def test_the_gate_does_not_pass_them():
    reversed_, untrained = Unlike(sentence="Only 0 % …", against=True), Unlike(sentence="50 % …", against=False)
    gate = judge([], [], unlike=reversed_)
    assert (gate.state, gate.exit_code, gate.rules[0].why) == ("inconclusive", 4, "Only 0 % …")
    assert judge([], [], unlike=untrained).state == "none"  # nothing was asked, so nothing passes
    accuracy = Measurement(audit="fairness", metric="accuracy", value=0.5, n=400)
    rule = GateRule(metric="accuracy", min=0.4, on="value")
    assert judge([rule], [accuracy]).state == "pass"
    assert judge([rule], [accuracy], unlike=untrained).state == "inconclusive"
