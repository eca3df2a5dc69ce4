"""Arithmetic of signals and constants becomes modules with the same numbers, for any batch."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.models.lift.lift import lift
from tests.models.lift.test_layers import Call

CONSTANT = torch.linspace(0.5, 2.0, 9)


def _squeezed(x):
    """One gate per channel, as efficient channel attention has it."""
    return x.mean((2, 3), keepdim=True).sigmoid()


def _pooled_of_one(x):
    """A gate that is a mean, over a map of one position: it is repeated over larger ones."""
    return x[..., :1, :1].relu() * x[..., :1, :1].mean((2, 3), keepdim=True)


def _gated_twice(x):
    """An activation that is spelled out, times a gate of its size."""
    return x * x.sigmoid() * x.cos().sigmoid()


def _gelu(x):
    return (0.5 * x).flatten(2) * (torch.erf(x / 2**0.5) + 1).flatten(2)


@pytest.mark.parametrize(
    ("kinds", "function"),
    [
        ({"Scale": 1}, lambda x: x * CONSTANT),
        ({"Scale": 1}, lambda x: x.flatten(2) / 3.0),
        ({"Scale": 1}, lambda x: x.flatten(2)[:, :, None, :, None] * torch.ones(1, 3, 1, 72, 1)),  # five axes
        ({"Scale": 1}, lambda x: -x),
        ({"Shift": 1}, lambda x: x + CONSTANT),
        ({"Shift": 1}, lambda x: torch.sub(x, CONSTANT, alpha=2)),
        ({"Shift": 1, "Scale": 1}, lambda x: 1 - x),
        ({"Shift": 1, "Scale": 1}, lambda x: torch.addcmul(CONSTANT, CONSTANT + 1, x, value=0.5)),
        ({"Scale": 1, "Sum": 1, "ReLU": 1, "Tanh": 1}, lambda x: torch.add(x.relu(), x.tanh(), alpha=2)),
        ({"Scale": 1, "Sum": 1, "ReLU": 1, "Tanh": 1}, lambda x: x.relu() - x.tanh()),
        ({"ReLU": 1, "AdaptiveAvgPool2d": 1, "Sum": 1}, lambda x: x.relu() + x.mean((2, 3), keepdim=True)),
        ({"LinearMap": 1}, lambda x: x.flatten(2).mean(1)),
        ({"LinearMap": 1}, lambda x: x.sum((1, 2))),
        ({"LinearMap": 1}, lambda x: torch.matmul(torch.ones(3, 4, 8), x)),
        ({"LinearMap": 1}, lambda x: torch.einsum("vh,nchw->ncvw", torch.ones(4, 8), x)),
        ({"SelfGatedProduct": 1, "Sigmoid": 1}, lambda x: x * x.sigmoid()),
        ({"SelfGatedProduct": 1, "Hardsigmoid": 1}, lambda x: F.hardsigmoid(x) * x),
        ({"SelfGatedProduct": 1, "BatchNorm2d": 2, "Shift": 1}, _gelu),
        ({"GatedProduct": 1, "Sigmoid": 1, "Tanh": 1}, lambda x: x * x.tanh().sigmoid()),
        ({"GatedProduct": 1, "AdaptiveAvgPool2d": 1}, lambda x: x.mean((2, 3), keepdim=True) * x),
        ({"GatedProduct": 1, "AdaptiveAvgPool2d": 1}, lambda x: x / x.mean((2, 3), keepdim=True)),
        ({"GatedProduct": 1, "Sigmoid": 1, "AdaptiveAvgPool2d": 1}, lambda x: x * _squeezed(x).expand_as(x)),
        ({"GatedProduct": 1, "LinearMap": 1}, lambda x: x * x.sum(-1, keepdim=True).expand_as(x)),
        ({"GatedProduct": 1, "ReLU": 1, "AdaptiveAvgPool2d": 1}, _pooled_of_one),
        ({"GatedProduct": 1, "SiLU": 1, "ReLU": 1}, lambda x: F.silu(x) * x.relu()),
        ({"GatedProduct": 1, "SelfGatedProduct": 1, "Sigmoid": 1, "ReLU": 1}, lambda x: x * x.sigmoid() * x.relu()),
        ({"SelfGatedProduct": 1, "Sigmoid": 2, "GatedProduct": 1}, _gated_twice),
        ({}, lambda x: x * x),
        ({}, lambda x: torch.div(x, 0.3, rounding_mode="floor")),
        ({}, lambda x: x[:, :1] * torch.ones(1, 3, 1, 1)),  # repeats its signal
    ],
)
def test_arithmetic(kinds, function):
    torch.manual_seed(0)
    model, images = Call(function), torch.rand(2, 3, 8, 9) + 0.5
    lifted = lift(model, images)
    assert {name: count for name, count in lifted.kinds.items() if name != "Flatten"} == kinds
    other = torch.rand(5, 3, 8, 9) + 0.5
    torch.testing.assert_close(lifted.module(other), model(other))


def test_linear_maps_move_with_their_module():
    lifted = lift(Call(lambda x: torch.matmul(torch.ones(3, 4, 8), x)), torch.rand(2, 3, 8, 9))
    assert lifted.module.double()(torch.rand(2, 3, 8, 9, dtype=torch.float64)).dtype == torch.float64


def test_a_layer_scale_of_tokens_is_a_scale():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.gamma = nn.Parameter(torch.rand(12))

        def forward(self, x):
            return (x.flatten(2).transpose(1, 2)[..., :1].expand(-1, -1, 12) * self.gamma).mean(1)

    assert lift(Tokens().eval(), torch.rand(2, 3, 4, 4)).kinds["Scale"] == 1
