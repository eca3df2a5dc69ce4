"""The task's loss, from the same probabilities that the audit reads."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from fairaudit.models.outputs.head import Head


def task_loss(head: Head, logits: Tensor, target: Tensor) -> Tensor:
    """Mean cross-entropy of the target under the model's probabilities, in nats; finite for finite logits.

    Args:
        head: how outputs are read.
        logits: raw outputs [image, output].
        target: codes [image], all known.

    >>> import math, torch
    >>> head = Head(link="sigmoid", outputs=1, classes=("0", "1"), names=("smiling",))
    >>> round(task_loss(head, torch.tensor([[0.0]]), torch.tensor([1])).item() / math.log(2), 6)
    1.0
    """
    loss: Tensor
    if head.link == "softmax":
        loss = F.cross_entropy(logits, target)
    elif head.link == "probability":
        loss = F.binary_cross_entropy(logits[:, head.index].clamp(0, 1), target.to(logits.dtype))
    else:
        loss = F.binary_cross_entropy_with_logits(logits[:, head.index], target.to(logits.dtype))
    return loss
