"""The moving averages of both networks by hand."""

import pytest
import torch

from fairaudit.mitigation.methods.lff import Averages


def test_the_averages_of_lff_by_hand():
    averages = Averages(3)
    rows, target = torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1])
    assert averages.updated(rows, torch.tensor([1.0, 2.0, 3.0]), target).tolist() == [0.5, 1.0, 1.0]
    averages.updated(rows[:1], torch.tensor([2.0]), target[:1])
    assert float(averages.values[0]) == pytest.approx(0.7 * 1.0 + 0.3 * 2.0)
