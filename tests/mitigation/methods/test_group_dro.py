"""The cells' weights by hand: q grows with exp(η · loss) and stays a distribution."""

import math

import pytest
import torch

from fairaudit.mitigation.methods.group_dro import CellWeights


def test_one_step_by_hand():
    weights = CellWeights(3, step=0.5)
    losses = torch.tensor([1.0, 3.0, 2.0, 9.0], requires_grad=True)
    value = weights.weigh(losses, torch.tensor([0, 0, 1, -1]))  # means 2 and 2; the third cell is not there
    grown = math.exp(0.5 * 2)
    total = 2 * grown + 1
    assert weights.values.tolist() == pytest.approx([grown / total, grown / total, 1 / total])
    assert float(value.detach()) == pytest.approx(2 * grown / total * 2)
    value.backward()
    assert losses.grad.tolist() == pytest.approx([grown / total / 2, grown / total / 2, grown / total, 0.0])


def test_the_worst_cell_comes_to_count_most():
    weights = CellWeights(2, step=0.5)
    for _ in range(20):
        weights.weigh(torch.tensor([0.1, 2.0]), torch.tensor([0, 1]))
    assert weights.values[1] > 0.99
    assert float(weights.values.sum()) == pytest.approx(1.0)
