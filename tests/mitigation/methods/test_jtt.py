"""What the first network gets wrong, and which of it goes against the bias, by hand."""

from dataclasses import replace

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Weights
from fairaudit.mitigation.methods import jtt
from fairaudit.mitigation.samples import InMemory, Samples


def coded(target, attribute):
    samples = Samples(images=torch.zeros(len(target), 2, 1, 1), target=torch.tensor(target),
                      attribute=torch.tensor(attribute))  # fmt: skip
    return InMemory(samples=samples, classes=2, groups=2)


def test_decisions_are_those_of_the_other_weights(linear):
    weights = Weights(values={"fc.weight": torch.tensor([[-1.0, 0.0]]), "fc.bias": torch.zeros(1)})
    found = jtt.decisions(linear, weights, linear.debias)
    assert torch.equal(found, (linear.debias.samples.images[:, 0, 0, 0] < 0).long())


def test_errors_count_more_and_those_against_the_bias_are_counted(linear, monkeypatch):
    """Attribute 0 goes with target 0 and 1 with 1; rows 2 and 5 go against it, 0 and 2 are decided wrongly."""
    part = coded([0, 0, 1, 1, 1, 0], [0, 0, 0, 1, 1, 1])
    orders = []
    monkeypatch.setattr(jtt, "decisions", lambda *_: torch.tensor([1, 0, 0, 1, 1, 0]))
    monkeypatch.setattr(jtt, "drawn_order", lambda weights: orders.append(weights.tolist()))
    monkeypatch.setattr(jtt, "learnt", lambda task, **_: task.train.epochs)
    found = jtt.jtt(replace(linear, debias=part, strength=20.0))
    assert orders == [[20.0, 1.0, 20.0, 1.0, 1.0, 1.0]]
    assert found.facts == {"error_set": 2.0, "error_set_conflicting": 1.0}
    monkeypatch.setattr(jtt, "decisions", lambda *_: part.target)
    with pytest.raises(MethodError, match="makes no error"):
        jtt.jtt(replace(linear, debias=part))
