"""The adversary's loss by hand, and that a weight of 0 leaves the cross-entropy alone."""

from dataclasses import replace

import pytest
import torch

from fairaudit.mitigation.methods.laftr import adversarial_loss, group_loss


def test_the_group_loss_weighs_cells_and_not_images():
    logits = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [100.0, 0.0]])
    attribute, target = torch.tensor([0, 0, 0, 1]), torch.zeros(4, dtype=torch.long)
    assert float(group_loss(logits, attribute, target)) == pytest.approx((0.5 + 1.0) / 2)  # a plain mean gives .625
    assert float(group_loss(logits, torch.full((4,), -1), target)) == 0.0


def test_without_weight_the_encoder_sees_the_cross_entropy_alone(linear):
    batch, module = linear.debias.samples, linear.split.module
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(module(batch.images)[1][:, 0], batch.target.float())
    own = torch.autograd.grad(wanted, list(module.parameters()))
    for strength in (0.0, 1.0):
        loss = adversarial_loss(replace(linear, strength=strength))(module, batch)
        found = torch.autograd.grad(loss, list(module.parameters()))
        same = [torch.allclose(one, two, atol=1e-6) for one, two in zip(found, own, strict=True)]
        assert same == [strength == 0.0] * 2 + [True, True]  # the encoder's weight and bias, then the last layer's
