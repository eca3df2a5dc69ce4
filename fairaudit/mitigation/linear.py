"""Logistic regression on features, by L-BFGS with line search: shared by methods that retrain only the last layer."""

from __future__ import annotations

import torch
from torch import Tensor

from fairaudit.errors import MethodError
from fairaudit.mitigation.features import Features
from fairaudit.mitigation.losses import each_loss
from fairaudit.models.outputs.head import Head

STEPS = 200
SPREAD_FLOOR = 1e-6


def refit(
    head: Head,
    start: tuple[Tensor, Tensor],
    values: Tensor,
    target: Tensor,
    *,
    weights: Tensor | None = None,
    towards: Tensor | None = None,
    penalty: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Weight and bias of a linear layer that minimise Σ_i w_i CE_i / Σ_i w_i + λ ‖W - W₀‖².

    Outputs that do not predict the target stay as they are.

    Args:
        head: how outputs are read.
        start: weight [output, feature] and bias [output] to start from.
        values: features [image, feature], float64.
        target: codes [image].
        weights: weight of every image; None for 1.
        towards: W₀; None for 0.
        penalty: λ, which the bias is free of.

    Raises:
        MethodError: it does not come to an end with finite numbers.
    """
    picked = torch.arange(len(start[0])) if head.link == "softmax" else torch.tensor([head.index])
    weight, bias = (part.detach().double().clone() for part in start)
    free = [weight[picked].clone().requires_grad_(True), bias[picked].clone().requires_grad_(True)]
    each_weight = torch.ones(len(target), dtype=torch.float64) if weights is None else weights.double()
    centre = torch.zeros_like(free[0]) if towards is None else towards.double()[picked]
    optimiser = torch.optim.LBFGS(
        free, max_iter=STEPS, tolerance_grad=1e-9, tolerance_change=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        logits = _filled(values @ free[0].t() + free[1], picked, len(weight))
        loss = (each_loss(head, logits, target) * each_weight).sum() / each_weight.sum()
        loss = loss + penalty * (free[0] - centre).square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    if not all(bool(part.isfinite().all()) for part in free):
        raise MethodError("The last layer could not be fitted: its numbers are no longer finite")
    weight[picked], bias[picked] = free[0].detach(), free[1].detach()
    return weight, bias


def standardised(found: Features) -> tuple[Tensor, Tensor, Tensor]:
    """Features with mean 0 and deviation 1, the means, and the deviations (1 where a feature does not vary)."""
    mean, spread = found.values.mean(0), found.values.std(0, unbiased=False)
    spread = torch.where(spread > SPREAD_FLOOR, spread, torch.ones_like(spread))
    return (found.values - mean) / spread, mean, spread


def refit_bias(head: Head, logits: Tensor, target: Tensor) -> Tensor:
    """The shift of every output that minimises the cross-entropy, [output]: which an edit of the weights leaves open.

    Args:
        head: how outputs are read.
        logits: [image, output], float64.
        target: codes [image].
    """
    shift = torch.zeros(logits.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([shift], max_iter=STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = each_loss(head, logits.double() + shift, target).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    if not bool(shift.isfinite().all()):
        raise MethodError("The bias of the last layer could not be fitted: its numbers are no longer finite")
    return shift.detach()


def _filled(own: Tensor, picked: Tensor, outputs: int) -> Tensor:
    """Outputs [image, output] of which only some were computed; the others are 0."""
    if own.shape[1] == outputs:
        return own
    return torch.zeros(len(own), outputs, dtype=own.dtype).index_copy(1, picked, own)
