"""LAFTR: an adversary reads the attribute from the bottleneck, which learns to defeat it (Madras et al., ICML 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.mitigation.adversary import reader, reversed_gradient
from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import Loss, learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples

HIDDEN = 64
RATE = 1e-3
"""Adam's rate of the adversary."""


def group_loss(logits: Tensor, attribute: Tensor, target: Tensor) -> Tensor:
    """Mean over cells of attribute and target of the mean of 1 - p(attribute): the group-normalised L1 loss, in [0, 1].

    With two groups it is their eq. 4 for equalized odds; cells that the batch does not have are left out.

    Args:
        logits: of the adversary [image, group].
        attribute: codes [image], -1 unknown: such images are left out.
        target: codes [image].
    """
    known = attribute >= 0
    wrong = 1 - logits[known].softmax(1).gather(1, attribute[known][:, None])[:, 0]
    cell = attribute[known] * (int(target.max()) + 1) + target[known]
    means = [wrong[cell == value].mean() for value in torch.unique(cell)]
    return torch.stack(means).mean() if means else logits.sum() * 0.0


def adversarial_loss(task: Task) -> Loss:
    """Cross-entropy, and the adversary's loss behind a gradient reversed with weight λ; the adversary learns too."""
    width = _width(task)
    own = next(task.split.module.parameters())
    adversary = reader(width, task.debias.groups, hidden=HIDDEN, layers=1, seed=task.train.seed, like=own)
    optimiser = torch.optim.Adam(adversary.parameters(), lr=RATE)

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        bottleneck, logits = module(batch.images)
        flat = bottleneck.flatten(1)
        optimiser.zero_grad(set_to_none=True)
        group_loss(adversary(flat.detach()), batch.attribute, batch.target).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        hidden = adversary(reversed_gradient(flat, task.strength))
        return each_loss(task.head, logits, batch.target).mean() + group_loss(hidden, batch.attribute, batch.target)

    return loss


def laftr(task: Task) -> Edit:
    """The encoder learns to keep the target and to hide the attribute."""
    return learnt(task, adversarial_loss(task))


@torch.no_grad()
def _width(task: Task) -> int:
    rows = torch.arange(min(2, len(task.debias)))
    return int(task.split.features(task.debias.take(rows).images)[0].shape[1])


LAFTR = MitigationMethod(
    name="laftr",
    given=("attribute labels",),
    strength=1.0,
    strengths=(0.3, 1.0, 3.0),
    fit=laftr,
)
