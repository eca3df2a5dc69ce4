"""The penalty of a region, against the gradient itself."""

from dataclasses import replace

import pytest
import torch

from fairaudit.mitigation.methods import region_gradient as method
from fairaudit.mitigation.methods.region_gradient import region_gradient


def test_the_penalty_sees_the_region_alone(task):
    batch = task.debias.take(torch.arange(5))
    batch.masks[0] = False
    batch.masks[0, 0, 0] = True  # a region of one pixel
    _, penalty = region_gradient(task.split.module, task.head, batch)
    images = batch.images.clone().requires_grad_(True)
    evidence = task.head.scores(task.split.module(images)[1]).log().sum()
    (gradient,) = torch.autograd.grad(evidence, images)
    wanted = torch.stack([gradient[i, 0][batch.masks[i]].square().mean() for i in range(5)]).mean()
    assert float(penalty.detach()) == pytest.approx(float(wanted), rel=1e-4)


@pytest.mark.parametrize("strength", [0.0, 0.5, 4.0])
def test_the_penalty_is_added_in_units_of_the_loss(linear, monkeypatch, strength):
    """Cross-entropy 3w and penalty w² at w = 2: slopes 3 and 4, so the loss is 6 + λ · ¾ · 4."""
    module = torch.nn.Module()
    module.w = torch.nn.Parameter(torch.tensor(2.0))
    monkeypatch.setattr(method, "region_gradient", lambda module, head, batch: (None, module.w.square()))
    monkeypatch.setattr(method, "each_loss", lambda head, logits, target: 3 * module.w)
    loss = method.region_loss(replace(linear, strength=strength))
    assert float(loss(module, linear.debias.samples).detach()) == pytest.approx(6 + 3 * strength)
