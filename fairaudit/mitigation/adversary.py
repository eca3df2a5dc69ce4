"""Adversaries that learn along with a model, and the layer that reverses their gradient."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from fairaudit.seeds import child_seed


class _Reversal(torch.autograd.Function):
    """The identity whose gradient is multiplied by -λ."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, strength: float) -> Tensor:  # noqa: ANN401 (torch's own context)
        """The values as they are."""
        ctx.strength = strength
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        """The gradient, reversed."""
        return -ctx.strength * gradients[0], None


def reversed_gradient(values: Tensor, strength: float) -> Tensor:
    """The values, behind which every gradient arrives multiplied by -strength.

    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> reversed_gradient(x, 3.0).sum().backward()
    >>> x.grad.item()
    -3.0
    """
    found: Tensor = _Reversal.apply(values, strength)
    return found


def reader(inputs: int, outputs: int, *, hidden: int, layers: int, seed: int, like: Tensor) -> nn.Module:
    """A network with hidden layers, seeded and without dropout, which would draw from a global generator.

    Args:
        inputs: features.
        outputs: logits.
        hidden: width.
        layers: hidden layers.
        seed: seed of its weights.
        like: a tensor of the device and type wanted.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(child_seed(seed, "adversary"))
        parts: list[nn.Module] = []
        for number in range(layers):
            parts += [nn.Linear(inputs if number == 0 else hidden, hidden), nn.ReLU()]
        parts.append(nn.Linear(hidden if layers else inputs, outputs))
        return nn.Sequential(*parts).to(like)
