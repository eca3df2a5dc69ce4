"""Adversary and prior in one loss, by hand: the prior's gradient is scaled to that of the rest."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from fairaudit.mitigation.methods import prior_training


class Scalar(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(2.0))


@pytest.mark.parametrize("strength", [0.0, 0.5, 4.0])
def test_the_loss_by_hand(linear, loss_of, monkeypatch, strength):
    """Adversarial loss 3w and penalty w² at w = 2: slopes 3 and 4, so the loss is 6 + λ · ¾ · 4."""
    strengths = []

    def adversarial(task):
        strengths.append(task.strength)
        return lambda module, batch: 3 * module.w

    monkeypatch.setattr(prior_training, "adversarial_loss", adversarial)
    monkeypatch.setattr(prior_training, "region_gradient", lambda module, head, batch: (None, module.w.square()))
    loss, _ = loss_of(prior_training, prior_training.prior_training, replace(linear, strength=strength))
    assert float(loss(Scalar(), None).detach()) == pytest.approx(6 + 3 * strength)
    assert strengths == [1.0]  # the adversary keeps the weight that LAFTR has by default
