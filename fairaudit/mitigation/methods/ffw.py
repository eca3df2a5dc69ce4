"""Fantastic weights: a mask over the frozen weights that hides the attribute (Nahon et al., ECCV 2024)."""

from __future__ import annotations

import torch

from fairaudit.mitigation.edits import Edit, Weights
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import DataPart
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.export import masked_parameters
from fairaudit.pruning.search import MaskSearchSettings, search


def ffw(task: Task) -> Edit:
    """The mask that `fairaudit prune` finds, on balanced rows; γ is λ."""
    settings = MaskSearchSettings(gamma=task.strength, seed=task.train.seed, epochs=max(2, task.train.epochs), levels=8)
    fit, choose = _examples(task.balanced_part()), _examples(task.choose)
    found = search(task.split, task.head, fit, choose, settings)
    return Weights(values=masked_parameters(task.split, found.masks))


def _examples(part: DataPart) -> Examples:
    samples = part.take(torch.arange(len(part)))
    return Examples(images=samples.images, target=samples.target, biases=(samples.attribute,), values=(part.groups,))


FFW = MitigationMethod(
    name="ffw",
    given=("attribute labels", "balanced data"),
    strength=10.0,
    strengths=(2.0, 10.0),
    fit=ffw,
)
