"""What training methods share: passes over the rows, balanced orders, and gradients from a loss per batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Weights
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import Task
from fairaudit.mitigation.samples import DataPart, Samples, cell_counts, cells
from fairaudit.pruning.train import Gradients, Order, trained

Loss = Callable[[nn.Module, Samples], Tensor]
"""Loss of one batch; the module returns (bottleneck, logits)."""
RowLoss = Callable[[nn.Module, Samples, Tensor], Tensor]
"""The same, with the rows of the batch."""


def learnt(
    task: Task,
    loss: Loss | None = None,
    *,
    part: DataPart | None = None,
    gradients: Gradients | None = None,
    order: Order | None = None,
    fresh: bool = False,
) -> Weights:
    """Every weight goes on learning with the loss; statistics of batch norms follow the data.

    Args:
        task: model, rows and steps.
        loss: loss of a batch; plain cross-entropy where neither it nor gradients are given.
        part: rows to learn from; None for the debias part.
        gradients: sets the gradients itself, in place of a loss.
        order: rows of a pass; None shuffles them.
        fresh: start from new weights.
    """
    rows = task.debias if part is None else part
    step = in_precision(task, gradients or descent(rows, loss or plain(task)))
    values = trained(task.split, len(rows), task.train, step, learns=_all, training=True, fresh=fresh, order=order)
    return Weights(values=values)


def in_precision(task: Task, step: Gradients) -> Gradients:
    """The step under bf16 autocast where the task asks for it; weights and optimiser stay in single precision."""
    if task.precision != "bf16":
        return step

    def cast(module: nn.Module, rows: Tensor) -> None:
        with torch.autocast(device_type=task.device.type, dtype=torch.bfloat16):
            step(module, rows)

    return cast


def descent(part: DataPart, loss: Loss) -> Gradients:
    """Gradients of a loss of the batch."""

    def gradients(module: nn.Module, rows: Tensor) -> None:
        loss(module, part.take(rows)).backward()  # type: ignore[no-untyped-call]

    return gradients


def row_descent(part: DataPart, loss: RowLoss) -> Gradients:
    """Gradients of a loss that also needs the row numbers of the batch."""

    def gradients(module: nn.Module, rows: Tensor) -> None:
        loss(module, part.take(rows), rows).backward()  # type: ignore[no-untyped-call]

    return gradients


def plain(task: Task) -> Loss:
    """Mean cross-entropy."""

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        _, logits = module(batch.images)
        return each_loss(task.head, logits, batch.target).mean()

    return loss


def cell_weights(part: DataPart) -> Tensor:
    """Weight of every row so that all cells weigh the same in all, mean 1, [row]; 1 where the attribute is unknown.

    Raises:
        MethodError: no row has a known attribute.
    """
    found, counts = cells(part), cell_counts(part)
    present = int((counts > 0).sum())
    if not present:
        raise MethodError("No row has a known value of the attribute")
    per_cell = counts.sum() / (present * counts.clamp(min=1).double())
    weights = torch.ones(len(found), dtype=torch.float64)
    weights[found >= 0] = per_cell[found[found >= 0]]
    return weights


def drawn_order(weights: Tensor) -> Order:
    """Passes of as many rows as there are, drawn with replacement with these probabilities."""

    def order(draws: torch.Generator) -> Tensor:
        return torch.multinomial(weights, len(weights), replacement=True, generator=draws)

    return order


def balanced_order(part: DataPart) -> Order:
    """Passes in which every cell is as likely as any other; rows of unknown attribute are not drawn."""
    weights = cell_weights(part)
    weights[cells(part) < 0] = 0.0
    return drawn_order(weights)


def _all(_name: str) -> bool:
    return True
