"""Adversarial fine-tuning after Savani et al. (NeurIPS 2020): the gap of a batch joins the loss above a tolerance.

Their critic learns to predict a batch's gap so that a gradient reaches the model. The soft gap has that gradient
itself, so there is nothing to learn here; a critic that sees only the images, as in one published program, has none.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import each_loss, joint
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples

TOLERANCE, MARGIN = 0.1, 0.01
"""ε and δ: a gap below ε - δ adds nothing."""


def soft_gap(table: Tensor) -> Tensor:
    """Mean over true classes of the largest difference between groups of p(a = t | t, s), from the soft joint.

    In [0, 1], lower is better; 0 where no class has two groups. Differentiable.

    Args:
        table: soft joint [group, true, predicted].
    """
    size = table.sum(2)
    right = torch.diagonal(table, dim1=1, dim2=2) / torch.where(size > 0, size, torch.ones_like(size))
    there = size > 0
    highest = torch.where(there, right, torch.full_like(right, -torch.inf)).amax(0)
    lowest = torch.where(there, right, torch.full_like(right, torch.inf)).amin(0)
    compared = there.sum(0) > 1
    if not bool(compared.any()):
        return table.sum() * 0.0
    return (highest - lowest)[compared].mean()


def savani_aft(task: Task) -> Edit:
    """Cross-entropy + λ max(0, gap - ε + δ): additive, since a factor would only rescale a loss that is near 0."""

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        _, logits = module(batch.images)
        own = each_loss(task.head, logits, batch.target).mean()
        table = joint(task.head.scores(logits), batch.target, batch.attribute, groups=task.debias.groups)
        return own + task.strength * (soft_gap(table) - TOLERANCE + MARGIN).clamp(min=0).to(own)

    return learnt(task, loss)


SAVANI_AFT = MitigationMethod(
    name="savani-aft",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.3, 1.0, 3.0),
    fit=savani_aft,
)
