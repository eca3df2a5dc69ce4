"""A penalty beside the cross-entropy, scaled once so that λ = 1 gives both gradients the same size."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PenaltyScale:
    """λ · |∇ cross-entropy| / |∇ penalty|, measured on the first batch that has a gradient of the penalty.

    A penalty has units of its own; without this a λ of 1 may mean nothing in one model and everything in another.

    Args:
        strength: λ.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._factor: float | None = None

    def factor(self, module: nn.Module, task_loss: Tensor, penalty: Tensor) -> float:
        """The factor of the penalty; λ itself while the penalty has no gradient."""
        if self._factor is None:
            sizes = [_norm(module, value) for value in (task_loss, penalty)]
            if sizes[1] <= 0 or sizes[0] <= 0:
                return self._strength
            self._factor = self._strength * sizes[0] / sizes[1]
        return self._factor


def _norm(module: nn.Module, value: Tensor) -> float:
    learning = [p for p in module.parameters() if p.requires_grad]
    parts = torch.autograd.grad(value, learning, retain_graph=True, allow_unused=True)
    return float(torch.stack([part.square().sum() for part in parts if part is not None]).sum().sqrt())
