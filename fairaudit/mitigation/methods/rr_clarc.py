"""RR-ClArC: the answer's derivative along the concept is penalised (Dreyer et al., AAAI 2024)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.mitigation.cav import concept, watched
from fairaudit.mitigation.edits import Noted, Weights
from fairaudit.mitigation.layers import best_layer
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task, need_two_groups
from fairaudit.mitigation.penalty import PenaltyScale
from fairaudit.mitigation.samples import Samples
from fairaudit.models.outputs.head import Head


def sensitivity(module: nn.Module, head: Head, batch: Samples, *, layer: str, vector: Tensor) -> tuple[Tensor, Tensor]:
    """Logits, and the mean over images of (Σ_places ∂m/∂h · v)², m the logit of the image's class; differentiable.

    Args:
        module: returns (bottleneck, logits).
        head: how outputs are read.
        batch: images and targets.
        layer: where h is taken: before the last layers, or only they would learn from it.
        vector: v [channel].
    """
    kept: list[Tensor] = []
    with watched(module, layer, kept):
        _, logits = module(batch.images)
    evidence = (logits * head.seed(batch.target).to(logits)).sum()
    (gradient,) = torch.autograd.grad(evidence, kept[0], create_graph=True)
    along = torch.einsum("nc...,c->n...", gradient, vector.to(gradient)).flatten(1).sum(1)
    return logits, along.square().mean()


def rr_clarc(task: Task) -> Noted:
    """Cross-entropy + λ times the penalty, λ in units of the cross-entropy's gradient; layer chosen on choose."""
    need_two_groups(task, "rr-clarc")

    def fit(layer: str) -> Weights:
        vector, scale = concept(task, task.debias, kind=task.cav, layer=layer).vector, PenaltyScale(task.strength)

        def loss(module: nn.Module, batch: Samples) -> Tensor:
            logits, penalty = sensitivity(module, task.head, batch, layer=layer, vector=vector)
            own = each_loss(task.head, logits, batch.target).mean()
            return own + scale.factor(module, own, penalty) * penalty

        return learnt(task, loss)

    return best_layer(task, fit)


RR_CLARC = MitigationMethod(
    name="rr-clarc",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.1, 1.0, 10.0, 100.0),
    fit=rr_clarc,
)
