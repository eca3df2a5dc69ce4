"""Evaluation decides as the model does, and leaves the model as it is."""

import torch

from fairaudit.pruning.evaluate import evaluate, outputs


def test_decisions_are_the_models_own_and_probes_are_of_every_bias(toy):
    cut, head, fit, _, report = toy
    found = evaluate(cut, head, {}, fit, report, seed=0)
    assert found.decisions.tolist() == cut.features(report.images)[1].argmax(1).tolist()
    assert set(found.probes) == {(0, "linear"), (0, "mlp")}
    assert found.probes[0, "linear"].accuracy > 0.9


def test_the_size_of_a_batch_does_not_matter(toy):
    cut, _, fit, _, _ = toy
    for left, right in zip(outputs(cut, {}, fit, 7), outputs(cut, {}, fit, 300), strict=True):
        torch.testing.assert_close(left, right)


def test_replaced_weights_count(toy):
    cut, head, fit, _, report = toy
    zero = {"5.weight": torch.zeros_like(cut.module.get_parameter("5.weight")), "5.bias": torch.tensor([0.0, 1.0])}
    assert set(evaluate(cut, head, zero, fit, report, seed=0).decisions.tolist()) == {1}
