"""Training on images whose region shows something else: half of the regions get another image's content or a colour."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples


def replaced(batch: Samples, share: float, draws: torch.Generator) -> Tensor:
    """The images of a batch with the region of a random share of them replaced, [image, channel, row, column].

    Half of the replaced ones show the pixels of another image of the batch at the same place, half a flat colour drawn
    between the smallest and the largest value of every channel.

    Args:
        batch: images and masks.
        share: probability that a region is replaced.
        draws: a generator on the CPU.

    Raises:
        MethodError: the batch has no masks.
    """
    images, masks = batch.images, need_masks(batch)
    count, channels = images.shape[:2]
    donor = torch.randperm(count, generator=draws).to(images.device)
    lowest, highest = images.amin((0, 2, 3)), images.amax((0, 2, 3))
    colour = lowest + (highest - lowest) * torch.rand(count, channels, generator=draws).to(images)
    change, flat = (torch.rand(count, generator=draws).to(images.device) for _ in range(2))
    content = torch.where((flat < 0.5)[:, None, None, None], colour[:, :, None, None], images[donor])
    inside = masks & (change < share)[:, None, None]
    return torch.where(inside[:, None], content, images)


def need_masks(batch: Samples) -> Tensor:
    """The masks of a batch.

    Raises:
        MethodError: it has none.
    """
    if batch.masks is None:
        raise MethodError("The method needs a region", wanted="a region that shows the attribute", advice="Give --roi.")
    return batch.masks


def replace_region(task: Task) -> Edit:
    """Cross-entropy on images with replaced regions; λ is the share that is replaced. No attribute is looked at."""
    draws = task.generator("region")

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        _, logits = module(replaced(batch, task.strength, draws))
        return each_loss(task.head, logits, batch.target).mean()

    return learnt(task, loss)


REPLACE_REGION = MitigationMethod(
    name="replace-region",
    given=("regions",),
    strength=0.5,
    strengths=(0.5, 0.9),
    fit=replace_region,
)
