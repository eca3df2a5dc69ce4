"""Automatic feature reweighting: the last layer again, on what the model finds hard (Qiu et al., ICML 2023)."""

from __future__ import annotations

import torch

from fairaudit.mitigation.edits import Edit, HeadEdit
from fairaudit.mitigation.features import features_of
from fairaudit.mitigation.linear import refit
from fairaudit.mitigation.method import MitigationMethod, Task

PENALTY = 0.1
"""Weight of ‖W - W₀‖²: without it the layer follows the few hard images and turns the model round."""


def afr(task: Task) -> Edit:
    """Weights exp(-γ p_true), the same in all per class; γ is λ. No attribute is looked at."""
    found = features_of(task, task.debias)
    scores = task.head.scores(found.logits())
    hard = torch.exp(-task.strength * scores.gather(1, found.target[:, None])[:, 0])
    per_class = torch.bincount(found.target, minlength=task.debias.classes).double()
    weights = hard / per_class[found.target]
    weight, bias = refit(
        task.head,
        (found.weight, found.bias),
        found.values,
        found.target,
        weights=weights,
        towards=found.weight,
        penalty=PENALTY,
    )
    return HeadEdit(weight=weight, bias=bias)


AFR = MitigationMethod(
    name="afr",
    strength=8.0,
    strengths=(4.0, 8.0, 16.0),
    fit=afr,
)
