"""Group distributionally robust optimisation: the worse a cell fares, the more it counts (Sagawa et al., ICLR 2020)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import balanced_order, descent, learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples

DECAY = 1e-3
"""Weight decay: without a strong one the worst-case loss of a network that fits everything is that of any other."""


class CellWeights:
    """The weights q of the cells: q_c ← q_c exp(η L_c), then scaled to sum 1 (algorithm 1).

    Args:
        cells: number of cells.
        step: η.
    """

    def __init__(self, cells: int, step: float) -> None:
        self.values = torch.full((cells,), 1 / cells, dtype=torch.float64)
        self._step = step

    def weigh(self, losses: Tensor, cell: Tensor) -> Tensor:
        """Σ_c q_c L_c over the cells of the batch after their update; q itself has no gradient.

        Args:
            losses: [image].
            cell: [image], -1 for images that count in no cell.
        """
        inside = F.one_hot(cell.clamp(min=0), len(self.values)) * (cell >= 0)[:, None]
        counts = inside.sum(0)
        means = (losses[:, None] * inside).sum(0) / counts.clamp(min=1)
        # All on one device: to read a cell's loss would make a GPU wait at every step.
        moved = self.values.to(losses.device) * torch.exp(self._step * means.detach().double() * (counts > 0))
        self.values = moved / moved.sum()
        return (self.values.to(losses) * means).sum()


def group_dro(task: Task) -> Edit:
    """Minimise Σ_c q_c L_c on balanced batches; η is λ."""
    part = task.debias
    weights = CellWeights(part.groups * part.classes, task.strength)

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        _, logits = module(batch.images)
        cell = torch.where(batch.attribute >= 0, batch.attribute * part.classes + batch.target, -1)
        return weights.weigh(each_loss(task.head, logits, batch.target), cell)

    strict = replace(task, train=replace(task.train, decay=DECAY))
    return learnt(strict, gradients=descent(part, loss), order=balanced_order(part))


GROUP_DRO = MitigationMethod(
    name="groupdro",
    given=("attribute labels",),
    strength=0.01,
    strengths=(0.001, 0.01, 0.1),
    fit=group_dro,
)
