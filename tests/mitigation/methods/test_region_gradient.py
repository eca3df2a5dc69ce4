"""The penalty of a region, against the gradient itself."""

import pytest
import torch

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
