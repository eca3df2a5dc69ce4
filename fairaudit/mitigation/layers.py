"""The layer that a method works at: tried on the choosing part, since no single layer can be relied on."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Edit, Noted, edited
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import cell_counts, cells

BATCH = 256


def candidate_layers(task: Task) -> list[str]:
    """The last convolutions before the bottleneck, as many as the task tries, the last one first.

    Raises:
        MethodError: there is none.
    """
    found = [name for name in task.split.layers if isinstance(task.split.module.get_submodule(name), nn.Conv2d)]
    if not found:
        raise MethodError("The method works at a convolution, and the model has none before its bottleneck")
    return found[::-1][: task.layers]


def best_layer(task: Task, fit: Callable[[str], Edit]) -> Noted:
    """The edit of the layer with the best worst cell on the choosing part, and that layer's depth from the end."""
    found = []
    for depth, layer in enumerate(candidate_layers(task)):
        edit = fit(layer)
        found.append((worst_cell(task, edit), -depth, edit))
    worst, depth, edit = max(found, key=lambda item: item[:2])
    return Noted(edit=edit, facts={"layer_from_the_end": float(-depth), "worst_cell_choosing": worst})


@torch.no_grad()
def worst_cell(task: Task, edit: Edit) -> float:
    """Accuracy of the worst cell that has rows in the choosing part; of all rows where no attribute is known."""
    part, module = task.choose, edited(task.split, edit)
    right = []
    for rows in torch.split(torch.arange(len(part)), BATCH):
        batch = part.take(rows)
        decided = task.head.decide(task.head.scores(module(batch.images)[1]))
        right.append((decided == batch.target).double().cpu())
    hits, found, counts = torch.cat(right), cells(part), cell_counts(part)
    shares = [float(hits[found == cell].mean()) for cell in range(len(counts)) if counts[cell] > 0]
    return min(shares) if shares else float(hits.mean())
