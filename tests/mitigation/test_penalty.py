"""λ = 1 gives both gradients the same size, whatever the penalty's units."""

import pytest
import torch
from torch import nn

from fairaudit.mitigation.penalty import PenaltyScale


def norm(module, value):
    gradients = torch.autograd.grad(value, list(module.parameters()), retain_graph=True, allow_unused=True)
    return float(torch.cat([g.flatten() for g in gradients if g is not None]).norm())


@pytest.fixture
def world():
    torch.manual_seed(0)
    module = nn.Linear(3, 2)
    out = module(torch.randn(5, 3))
    return module, out.square().mean(), out.abs().sum()


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("strength", [0.5, 1.0, 3.0])
def test_the_scaled_penalty_has_the_strength_times_the_losss_gradient(world, unit, strength):
    module, loss, penalty = world
    factor = PenaltyScale(strength).factor(module, loss, unit * penalty)
    assert factor * norm(module, unit * penalty) == pytest.approx(strength * norm(module, loss), rel=1e-5)


def test_it_is_measured_once_and_not_on_a_batch_without_a_gradient(world):
    module, loss, penalty = world
    scale = PenaltyScale(2.0)
    assert scale.factor(module, loss, 0 * penalty) == 2.0
    first = scale.factor(module, loss, penalty)
    assert scale.factor(module, loss, 100 * penalty) == first
