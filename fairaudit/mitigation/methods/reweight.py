"""Reweighting and resampling: every cell of attribute and target counts the same."""

from __future__ import annotations

from torch import Tensor, nn

from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import balanced_order, cell_weights, learnt, row_descent
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples


def reweight(task: Task) -> Edit:
    """Cross-entropy with weight n / (cells · n_cell) for every row."""
    weights = cell_weights(task.debias)

    def loss(module: nn.Module, batch: Samples, rows: Tensor) -> Tensor:
        _, logits = module(batch.images)
        each = each_loss(task.head, logits, batch.target)
        return (each * weights[rows].to(each)).mean()

    return learnt(task, gradients=row_descent(task.debias, loss))


def resample(task: Task) -> Edit:
    """Cross-entropy on rows drawn so that every cell is as likely as any other."""
    return learnt(task, order=balanced_order(task.debias))


REWEIGHT = MitigationMethod(
    name="reweight",
    given=("attribute labels",),
    fit=reweight,
)
RESAMPLE = MitigationMethod(
    name="resample",
    given=("attribute labels",),
    fit=resample,
)
