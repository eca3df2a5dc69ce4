"""The one training loop: which parameters of a cut model learn, from which rows, along which gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fairaudit.models.lift.reset import reset_weights
from fairaudit.pruning.encoder import CutModel
from fairaudit.seeds import child_seed

Gradients = Callable[[nn.Module, Tensor], None]
"""Leaves a gradient in every learning parameter of the module, for the given rows."""
Order = Callable[[torch.Generator], Tensor]
"""The rows of one pass, in the order in which they are seen; as many in every pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneSettings:
    """How training continues."""

    epochs: int = 60
    """Passes over the rows."""
    batch_size: int = 100
    """Images per step."""
    rate: float = 1e-3
    """Adam's highest rate; it falls to 0 along a half cosine."""
    seed: int = 0
    """Seed of order and initial weights."""
    decay: float = 0.0
    """Adam's weight decay, the L2 penalty that GroupDRO needs."""


def trained(
    split: CutModel,
    rows: int,
    settings: TuneSettings,
    gradients: Gradients,
    *,
    learns: Callable[[str], bool],
    training: bool,
    fresh: bool = False,
    order: Order | None = None,
) -> dict[str, Tensor]:
    """Train a copy of a cut model; returns its parameters and buffers by name.

    Args:
        split: the model; it stays as it is.
        rows: number of rows to learn from.
        settings: steps, rate and seed.
        gradients: computes the gradients of one step.
        learns: whether the parameter of a name learns.
        training: whether batch norms and dropout are in training mode; False keeps their statistics.
        fresh: start from new weights.
        order: rows of a pass; None shuffles all of them.
    """
    module = copy.deepcopy(split.module).train(training)
    if fresh:
        reset_weights(module, seed=child_seed(settings.seed, "scratch weights"))
    parameters = [p.requires_grad_(True) for name, p in module.named_parameters() if learns(name)]
    optimiser = torch.optim.Adam(parameters, lr=settings.rate, weight_decay=settings.decay)
    draws = torch.Generator().manual_seed(child_seed(settings.seed, "control order"))
    batches = [part for part in torch.split(torch.arange(rows), settings.batch_size) if len(part) > 1]
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.epochs * max(1, len(batches)))
    for _ in range(settings.epochs):
        shuffled = torch.randperm(rows, generator=draws) if order is None else order(draws)
        for places in batches:  # a single image has no batch statistics
            optimiser.zero_grad(set_to_none=True)
            gradients(module, shuffled[places])
            optimiser.step()
            cosine.step()
    learnt = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: value.detach() for name, value in learnt.items()}
