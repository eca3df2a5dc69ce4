"""Just train twice: what a briefly trained network gets wrong counts more (Liu et al., ICML 2021)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Noted, Weights
from fairaudit.mitigation.learn import drawn_order, learnt
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import DataPart
from fairaudit.pruning.gated import run_with

EPOCHS = 2
"""T: passes of the first network. Choosing it by attribute labels would use labels that the method claims to do
without."""
BATCH = 256


def jtt(task: Task) -> Noted:
    """Train a new network for T passes, then go on with the model, its errors drawn λ times as often.

    No attribute is looked at while learning; how many of the errors are bias-conflicting is only reported.
    """
    first = learnt(replace(task, train=replace(task.train, epochs=EPOCHS)), fresh=True)
    wrong = decisions(task, first, task.debias) != task.debias.target
    if not bool(wrong.any()):
        raise MethodError(
            "The first network makes no error, so no image can get more weight", advice="Use another method."
        )
    weights = torch.where(wrong, float(task.strength), 1.0).double()
    edit = learnt(task, order=drawn_order(weights))
    conflicting = _scarce(task.debias)
    facts = {"error_set": float(wrong.sum()), "error_set_conflicting": float((wrong & conflicting).sum())}
    return Noted(edit=edit, facts=facts)


@torch.no_grad()
def decisions(task: Task, weights: Weights, part: DataPart) -> Tensor:
    """What a model with other weights decides about every row, [image] on the CPU."""
    found = []
    for rows in torch.split(torch.arange(len(part)), BATCH):
        task.split.module.eval()
        _, logits = run_with(task.split, part.take(rows).images, weights.values)
        found.append(task.head.decide(task.head.scores(logits)).cpu())
    return torch.cat(found)


def _scarce(part: DataPart) -> Tensor:
    """Rows whose target is not the most frequent one of their attribute value."""
    found = torch.zeros(len(part), dtype=torch.bool)
    for value in range(part.groups):
        inside = part.attribute == value
        frequent = torch.bincount(part.target[inside], minlength=part.classes).argmax()
        found |= inside & (part.target != frequent)
    return found


JTT = MitigationMethod(
    name="jtt",
    strength=20.0,
    strengths=(5.0, 20.0, 50.0),
    fit=jtt,
)
