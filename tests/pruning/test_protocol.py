"""The small protocol: 10,000 real digits, a biased MLP, and what pruning and its controls do to it, within bands.

The bands are those of a run of another implementation of the method on the same digits; the paper's own protocol needs
60,000 digits and a graphics card.
"""

from dataclasses import replace

import pytest
import torch

from fairaudit.pruning.controls import (
    TuneSettings,
    fine_tuned,
    magnitude_masks,
    masked_weights,
    random_masks,
    retrained_head,
)
from fairaudit.pruning.evaluate import evaluate
from fairaudit.pruning.gated import Gates, gated_weights, run_with
from fairaudit.pruning.probe import KINDS
from fairaudit.pruning.search import MaskSearchSettings, search
from fairaudit.pruning.sparsity import sparsity
from fairaudit.pruning.task import task_loss

pytestmark = pytest.mark.slow
LINEAR = ("linear",)
SETTINGS = MaskSearchSettings(epochs=12, patience=12, levels=7, head_epochs=5, seed=1)


def judged(digits, weights, kinds=KINDS):
    """Task accuracy, and what each kind of probe reads; one probe does not depend on the others."""
    found = evaluate(digits.split, digits.head, weights, digits.fit, digits.report, seed=0, kinds=kinds)
    task = (torch.from_numpy(found.decisions) == digits.report.target).double().mean().item()
    return task, *(found.probes[0, kind].accuracy for kind in kinds)


@pytest.fixture(scope="module")
def found(digits):
    return search(digits.split, digits.head, digits.fit, digits.choose, SETTINGS)


@pytest.fixture(scope="module")
def vanilla(digits):
    return judged(digits, {})


def test_the_biased_model_is_biased(vanilla):
    task, linear, mlp = vanilla
    assert 0.68 <= task <= 0.80
    assert linear > 0.95
    assert mlp > 0.95


def test_pruning_lowers_the_bias_and_raises_the_task(digits, found, vanilla):
    task, linear, mlp = judged(digits, masked_weights(digits.split, found.masks))
    assert task >= vanilla[0] + 0.07
    assert linear <= 0.45
    assert mlp > linear + 0.1  # hidden from a linear head, not gone
    assert 0.40 <= sparsity(digits.split, found.masks) <= 0.55


def test_soft_and_hard_agree_at_the_end(found):
    assert found.history[-1].gap <= 0.02
    assert found.history[-1].agreement >= 0.98


def test_without_the_term_the_task_rises_as_much_and_the_bias_stays(digits, vanilla):
    plain = search(digits.split, digits.head, digits.fit, digits.choose, replace(SETTINGS, gamma=0.0, epochs=8))
    task, linear = judged(digits, masked_weights(digits.split, plain.masks), LINEAR)
    assert task >= vanilla[0] + 0.07
    assert linear > 0.75


def test_pruning_of_equal_size_leaves_the_bias(digits, found, vanilla):
    masks = magnitude_masks(digits.split, found.masks), random_masks(digits.split, found.masks, seed=0)
    magnitude, random = (judged(digits, masked_weights(digits.split, mask), LINEAR) for mask in masks)
    assert abs(magnitude[0] - vanilla[0]) < 0.1
    assert magnitude[1] > 0.95
    assert random[0] < vanilla[0] - 0.05
    assert random[1] > 0.9


def test_training_on_the_balanced_data_raises_the_task_and_leaves_the_bias(digits, vanilla):
    brief = TuneSettings(epochs=20)
    for control, gain in ((retrained_head, 0.02), (fine_tuned, 0.05)):
        task, linear = judged(digits, control(digits.split, digits.head, digits.fit, brief), LINEAR)
        assert task >= vanilla[0] + gain
        assert linear > 0.9


def literal(m, tau):
    """Equation 8 as printed, differentiated with a straight-through step: Θ' := 1 on either side."""
    step = lambda x: (x > 0).to(x.dtype) + x - x.detach()  # noqa: E731
    return step(-m) * 2 * torch.sigmoid(m / tau) + step(m)


def test_the_printed_gate_prunes_nothing(digits):
    gates = Gates(digits.split, "unstructured")
    optimiser = torch.optim.Adam(gates.parameters(), lr=1e-2)
    batch = digits.fit.take(range(100))
    for _ in range(5):
        factors = {name: literal(m, 1.0) for name, m in gates.named().items()}
        # The printed forward is 0 at m = 0; its derivative does not depend on it.
        shifted = {name: 1 + factor - factor.detach() for name, factor in factors.items()}
        logits = run_with(digits.split, batch.images, gated_weights(digits.split, shifted))[1]
        optimiser.zero_grad()
        task_loss(digits.head, logits, batch.target).backward()
        optimiser.step()
    assert sparsity(digits.split, gates.masks()) == 0
