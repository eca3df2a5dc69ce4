"""Cross-entropy plus λ times a fairness loss of the batch (Hänel et al., ACCV 2022, eq. 13)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import LOSSES, each_loss, effective_weights, joint
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples

STRENGTHS = (1.0, 10.0, 100.0)


def with_fairness_loss(task: Task, name: str) -> Edit:
    """Both terms read the same probabilities; classes have their effective-number weights in the cross-entropy."""
    measure, part = LOSSES[name], task.debias
    class_weights = effective_weights(torch.bincount(part.target, minlength=part.classes))

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        _, logits = module(batch.images)
        each = each_loss(task.head, logits, batch.target)
        weights = class_weights.to(each)[batch.target]
        table = joint(task.head.scores(logits), batch.target, batch.attribute, groups=part.groups)
        return (each * weights).mean() + task.strength * measure(table).to(each)

    return learnt(task, loss)


def _method(name: str, strength: float) -> MitigationMethod:
    return MitigationMethod(
        name=name.replace("_", "-"),
        given=("attribute labels",),
        strength=strength,
        strengths=STRENGTHS,
        fit=partial(with_fairness_loss, name=name),
    )


METHODS = (
    _method("dp_l2", 10.0),
    _method("dp_mi", 10.0),
    _method("eo_l2", 10.0),
    _method("eo_mi", 10.0),
    _method("iou_l2", 100.0),
)
