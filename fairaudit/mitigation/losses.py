"""Losses of mitigation, differentiable: cross-entropy per image, and the fairness losses of Hänel et al. (ACCV 2022).

The fairness losses are the torch twins of `fairaudit.measures.counts.paper_measures`, computed from the same soft joint
J[s, t, a] = Σ_i 1[s_i = s] 1[t_i = t] p_i(a) with the same probabilities p that the cross-entropy reads. A cell that no
image of the batch is in has no conditional distribution and is left out; it never makes the whole loss 0, and every
gradient is finite. On the whole set they equal the measures; on a batch they are biased upwards, more so the smaller it
is, so that values of batches of different sizes must not be compared.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from fairaudit.models.outputs.head import Head
from fairaudit.registry import Registry

FLOOR = 1e-12
"""Probabilities below this count as this inside a logarithm, where their gradient is 0."""
BETA = 0.9998
"""β of the effective number of samples (Cui et al. 2019), as in the paper."""

FairnessLoss = Callable[[Tensor], Tensor]
"""Joint [group, true, predicted] → a number from 0, lower is more equal."""


def each_loss(head: Head, logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of every image in nats, [image]; its mean is `task_loss`.

    Args:
        head: how outputs are read.
        logits: raw outputs [image, output].
        target: codes [image], all known.
    """
    loss: Tensor
    if head.link == "softmax":
        loss = F.cross_entropy(logits, target, reduction="none")
    elif head.link == "probability":
        picked = logits[:, head.index].clamp(0, 1)
        loss = F.binary_cross_entropy(picked, target.to(logits.dtype), reduction="none")
    else:
        picked = logits[:, head.index]
        loss = F.binary_cross_entropy_with_logits(picked, target.to(logits.dtype), reduction="none")
    return loss


def effective_weights(counts: Tensor, *, beta: float = BETA) -> Tensor:
    """Weight of every class from its effective number of samples, (1 - β) / (1 - β^n), scaled to mean 1; [class].

    Cui et al., CVPR 2019, eq. 3. A class without samples has weight 0.

    >>> effective_weights(torch.tensor([10, 10])).tolist()
    [1.0, 1.0]
    """
    n = counts.double()
    weights = torch.where(n > 0, (1 - beta) / (1 - beta ** n.clamp(min=1)), torch.zeros_like(n))
    return weights * ((n > 0).sum() / weights.sum())


def joint(scores: Tensor, target: Tensor, attribute: Tensor, *, groups: int) -> Tensor:
    """The soft joint J [group, true, predicted] of some images, divided by their number; differentiable.

    Args:
        scores: probabilities [image, class], rows sum to 1.
        target: codes [image].
        attribute: codes [image], -1 unknown: such images are left out.
        groups: number of groups.
    """
    classes = scores.shape[1]
    known = attribute >= 0
    soft, t, s = scores[known], target[known], attribute[known]
    cell = F.one_hot(s * classes + t, groups * classes).to(soft.dtype)
    return (cell.t() @ soft / max(1, len(soft))).view(groups, classes, classes)


def dp_l2(table: Tensor) -> Tensor:
    """Demographic parity, squared: Σ_ab [p(a | s=b) - p(a)]² (eq. 3)."""
    given, overall = _conditional(table.sum(1)), _conditional(table.sum((0, 1)))
    there = (table.sum((1, 2)) > 0).to(table.dtype)[:, None]
    return ((given - overall).square() * there).sum()


def dp_mi(table: Tensor) -> Tensor:
    """Demographic parity as the information of decision and attribute in nats (eq. 4)."""
    return information(table.sum(1))


def eo_l2(table: Tensor) -> Tensor:
    """Equalized odds, squared: Σ_abc [p(a | t=b, s=c) - p(a | t=b)]² (eq. 6)."""
    given, overall = _conditional(table), _conditional(table.sum(0))
    there = (table.sum(2) > 0).to(table.dtype)[..., None]
    return ((given - overall).square() * there).sum()


def eo_mi(table: Tensor) -> Tensor:
    """Equalized odds as information, summed over true classes, in nats (eq. 7)."""
    return torch.stack([information(table[:, true]) for true in range(table.shape[1])]).sum()


def iou_l2(table: Tensor) -> Tensor:
    """Squared spread of the groups' overlap: Σ_b [IOU(b) - IOU]² (eq. 12)."""
    there = (table.sum((1, 2)) > 0).to(table.dtype)
    return ((_iou(table) - _iou(table.sum(0))).square() * there).sum()


LOSSES: Registry[FairnessLoss] = Registry(
    "fairness loss", [("dp_l2", dp_l2), ("dp_mi", dp_mi), ("eo_l2", eo_l2), ("eo_mi", eo_mi), ("iou_l2", iou_l2)]
)
"""Name → loss of the joint; as in `paper_measures`, without σ_IOU, whose gradient at 0 is infinite."""


def information(table: Tensor) -> Tensor:
    """Mutual information of the two axes of a table that need not sum to 1, in nats; 0 for an empty one."""
    p = table / _divisor(table.sum())
    product = p.sum(1, keepdim=True) * p.sum(0, keepdim=True)
    terms = p * (p.clamp(min=FLOOR).log() - product.clamp(min=FLOOR**2).log())
    return torch.where(p > FLOOR, terms, torch.zeros_like(terms)).sum()


def _conditional(table: Tensor) -> Tensor:
    """Rows of the last axis divided by their sums; 0 where the sum is 0."""
    return table / _divisor(table.sum(-1, keepdim=True))


def _iou(table: Tensor) -> Tensor:
    """Mean over classes that have true images of J_aa / (J_a· + J_·a - J_aa); [..., true, predicted] → [...]."""
    right = torch.diagonal(table, dim1=-2, dim2=-1)
    actual = table.sum(-1)
    overlap = right / _divisor(actual + table.sum(-2) - right)
    exists = (actual > 0).to(table.dtype)
    return (overlap * exists).sum(-1) / exists.sum(-1).clamp(min=1)


def _divisor(value: Tensor) -> Tensor:
    return torch.where(value > 0, value, torch.ones_like(value))
