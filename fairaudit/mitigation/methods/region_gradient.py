"""Right for the right reasons: the input gradient inside the region is penalised (Ross et al., IJCAI 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import Loss, learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.methods.replace_region import need_masks
from fairaudit.mitigation.penalty import PenaltyScale
from fairaudit.mitigation.samples import Samples
from fairaudit.models.outputs.head import Head


def region_gradient(module: nn.Module, head: Head, batch: Samples) -> tuple[Tensor, Tensor]:
    """Logits, and the mean over images of Σ_{region} (∂ Σ_k log p_k / ∂ x)² per pixel of the region; differentiable.

    Args:
        module: returns (bottleneck, logits).
        head: how outputs are read.
        batch: images with masks.

    Raises:
        MethodError: the batch has no masks.
    """
    masks = need_masks(batch)[:, None].to(batch.images.dtype)
    images = batch.images.detach().clone().requires_grad_(True)
    _, logits = module(images)
    evidence = head.scores(logits).clamp(min=1e-12).log().sum()
    (gradient,) = torch.autograd.grad(evidence, images, create_graph=True)
    inside = (gradient.square() * masks).sum((1, 2, 3)) / masks.sum((1, 2, 3)).clamp(min=1)
    return logits, inside.mean()


def region_loss(task: Task) -> Loss:
    """Cross-entropy and the scaled penalty."""
    scale = PenaltyScale(task.strength)

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        logits, penalty = region_gradient(module, task.head, batch)
        own = each_loss(task.head, logits, batch.target).mean()
        return own + scale.factor(module, own, penalty) * penalty.to(own)

    return loss


def penalised(task: Task) -> Edit:
    """Cross-entropy + λ times the penalty, λ in units of the cross-entropy's gradient. No attribute is looked at."""
    return learnt(task, region_loss(task))


REGION_GRADIENT = MitigationMethod(
    name="region-gradient",
    given=("regions",),
    strength=1.0,
    strengths=(0.1, 1.0, 10.0),
    fit=penalised,
)
