"""Gates between 1 (keep) and 0 (prune) with a temperature: equation 8 of the pruning paper, and its derivative.

The printed equation 8 with a straight-through step has a derivative of exactly 0 at m = 0, where the search starts,
and a negative one above: no gate ever moves. The authors' program differs from the paper, and so do we: forward the
gate is clamped at 1, backward the derivative is that of the unclamped 2 σ(m/τ) everywhere, so that a closed gate can
open again and an open one can close.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

START = 0.0
"""Initial m. The paper's text says 0, its algorithm 1; both leave the model as it is. At 0 the slope is largest,
0.5/τ, and one step decides on which side a gate starts, so 0 needs fewer steps."""


class _TwoSigmoid(torch.autograd.Function):
    """Forward min(1, 2 σ(m/τ)), backward the derivative without the minimum."""

    @staticmethod
    def forward(ctx: Any, m: Tensor, tau: float) -> Tensor:  # noqa: ANN401 - torch's own context
        ctx.save_for_backward(m)
        ctx.tau = tau
        return (2 * torch.sigmoid(m / tau)).clamp(max=1.0)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401 - torch's own context
        (m,) = ctx.saved_tensors
        scaled = m / ctx.tau
        # σ(−x) for 1 − σ(x): exactly even in m, without cancellation.
        return grads[0] * torch.sigmoid(scaled) * torch.sigmoid(-scaled) * (2 / ctx.tau), None


def gate(m: Tensor, tau: float) -> Tensor:
    """Factor of a weight (eq. 8) or of a unit's output (eq. 9): g(m) = min(1, 2 σ(m/τ)).

    In (0, 1], any shape; 1 for m ≥ 0. The derivative is (2/τ) σ(m/τ) (1 − σ(m/τ)) for every m, also where g is 1.

    Args:
        m: gating parameters.
        tau: temperature, greater than 0; the smaller, the closer to `keep`.

    Raises:
        ValueError: the temperature is not greater than 0.

    >>> gate(torch.tensor([1.0, 0.0, -1.0]), 1.0).tolist()  # 2 σ(−1) = 2 / (1 + e)
    [1.0, 1.0, 0.5378828644752502]
    """
    if not tau > 0:
        raise ValueError(f"the temperature must be greater than 0, found {tau}")
    gated: Tensor = _TwoSigmoid.apply(m, tau)
    return gated


def keep(m: Tensor) -> Tensor:
    """The gate at temperature 0: True where m ≥ 0; any shape.

    >>> keep(torch.tensor([0.0, -1e-30])).tolist()
    [True, False]
    """
    return m >= 0
