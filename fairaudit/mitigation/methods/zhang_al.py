"""Adversarial mitigation by projected gradients (Zhang et al., AIES 2018)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.mitigation.adversary import reader
from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task

HIDDEN, LAYERS, RATE = 256, 3, 2e-4
"""Of the adversary, which reads logits and target, for equalized odds."""


def projected(task: Tensor, adversary: Tensor, strength: float) -> Tensor:
    """g_y - proj_{g_a} g_y - α g_a over all parameters as one vector (their eq. 1).

    The projection is <g_y, g_a> / ‖g_a‖² g_a: what is left of the task's gradient neither helps
    nor hurts the adversary. Without a gradient of the adversary it is the task's.

    >>> projected(torch.tensor([1.0, 1.0]), torch.tensor([0.0, 2.0]), 0.5).tolist()
    [1.0, -1.0]
    """
    size = adversary.square().sum()
    if float(size) == 0.0:
        return task
    return task - (task @ adversary) / size * adversary - strength * adversary


def zhang_al(task: Task) -> Edit:
    """One joint projection per step; in pass t, from 1 on, α = λ √t."""
    part = task.debias
    own = next(task.split.module.parameters())
    outputs = task.head.outputs
    adversary = reader(
        outputs + part.classes, part.groups, hidden=HIDDEN, layers=LAYERS, seed=task.train.seed, like=own
    )
    optimiser = torch.optim.Adam(adversary.parameters(), lr=RATE)
    per_pass = max(1, math.ceil((len(part) - 1) / task.train.batch_size))  # a row that is left alone is no step
    steps = 0

    def gradients(module: nn.Module, rows: Tensor) -> None:
        nonlocal steps
        batch = part.take(rows)
        known = batch.attribute >= 0
        _, logits = module(batch.images)
        one_hot = F.one_hot(batch.target, part.classes).to(logits)
        read = torch.cat([logits, one_hot], dim=1)[known]
        learning = [p for p in module.parameters() if p.requires_grad]
        optimiser.zero_grad(set_to_none=True)
        losses = [each_loss(task.head, logits, batch.target).mean()]
        if bool(known.any()):
            losses.append(F.cross_entropy(adversary(read), batch.attribute[known]))
        flat = [_flat(loss, learning) for loss in losses]
        if len(losses) > 1:
            F.cross_entropy(adversary(read.detach()), batch.attribute[known]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        alpha = task.strength * math.sqrt(1 + steps // per_pass)
        steps += 1
        _write(learning, projected(flat[0], flat[1], alpha) if len(flat) > 1 else flat[0])

    return learnt(task, gradients=gradients)


def _flat(loss: Tensor, parameters: list[nn.Parameter]) -> Tensor:
    parts = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    return torch.cat(
        [(torch.zeros_like(p) if part is None else part).flatten() for p, part in zip(parameters, parts, strict=True)]
    )


def _write(parameters: list[nn.Parameter], flat: Tensor) -> None:
    pieces = torch.split(flat, [p.numel() for p in parameters])
    for parameter, piece in zip(parameters, pieces, strict=True):
        parameter.grad = piece.view_as(parameter).clone()


ZHANG_AL = MitigationMethod(
    name="zhang-al",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.3, 1.0, 3.0),
    fit=zhang_al,
)
