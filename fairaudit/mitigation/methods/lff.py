"""Learning from failure: one network learns the bias, another what it finds hard (Nam et al., NeurIPS 2020)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt, row_descent
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples
from fairaudit.models.lift.reset import reset_weights
from fairaudit.seeds import child_seed

Q = 0.7
"""Exponent of the generalised cross-entropy (1 - p^q) / q: the larger, the more it learns what is easy already."""
EMA = 0.7
"""Share of the old loss in the moving average of every row."""


class Averages:
    """Moving average of the loss of every row, divided by the largest of its class.

    Args:
        rows: number of rows.
    """

    def __init__(self, rows: int) -> None:
        self.values = torch.zeros(rows)
        self._seen = torch.zeros(rows, dtype=torch.bool)

    def updated(self, rows: Tensor, losses: Tensor, target: Tensor) -> Tensor:
        """The averages of some rows after their losses, each divided by the largest of its class in the batch."""
        new = losses.detach().float().cpu()
        old = torch.where(self._seen[rows], self.values[rows], new)
        self.values[rows] = EMA * old + (1 - EMA) * new
        self._seen[rows] = True
        found, codes = self.values[rows].clone(), target.cpu()
        for code in torch.unique(codes).tolist():
            inside = codes == code
            found[inside] /= found[inside].max().clamp(min=1e-12)
        return found


def lff(task: Task) -> Edit:
    """Both networks start from new weights; the second weighs a row by L_b / (L_b + L_d)."""
    part = task.debias
    biased = copy.deepcopy(task.split.module).train()
    reset_weights(biased, seed=child_seed(task.train.seed, "lff biased"))
    parameters = [p.requires_grad_(True) for p in biased.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=task.train.rate)
    easy, hard = Averages(len(part)), Averages(len(part))

    def loss(module: nn.Module, batch: Samples, rows: Tensor) -> Tensor:
        _, other = biased(batch.images)
        cross = each_loss(task.head, other, batch.target)
        optimiser.zero_grad(set_to_none=True)
        ((1 - torch.exp(-Q * cross)) / Q).mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        _, logits = module(batch.images)
        own = each_loss(task.head, logits, batch.target)
        first = easy.updated(rows, cross, batch.target)
        second = hard.updated(rows, own, batch.target)
        weights = first / (first + second).clamp(min=1e-12)
        return (own * weights.to(own)).mean()

    return learnt(task, gradients=row_descent(part, loss), fresh=True)


LFF = MitigationMethod(
    name="lff",
    fit=lff,
)
