"""Counterfactual interpolation augmentation: every image is also shown with the attribute changed, its label kept."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from fairaudit.errors import MethodError
from fairaudit.mitigation.edits import Edit
from fairaudit.mitigation.learn import learnt
from fairaudit.mitigation.losses import each_loss
from fairaudit.mitigation.method import MitigationMethod, Task
from fairaudit.mitigation.samples import Samples


def augmented(batch: Samples) -> tuple[Tensor, Tensor]:
    """The images followed by their frames, and the target of each; frames that are not there (NaN) are left out.

    Raises:
        MethodError: the batch has no frames.
    """
    if batch.frames is None:
        raise MethodError(
            "The method needs every training image with its attribute changed",
            wanted="twins, or the frames of a conditional VAE",
            advice="Name the column of the twins with --twins, or draw frames with `fairaudit generator interpolate`.",
        )
    frames = batch.frames.flatten(0, 1)
    there = ~torch.isnan(frames.flatten(1)).any(1)
    target = batch.target.repeat_interleave(batch.frames.shape[1])
    return torch.cat([batch.images, frames[there]]), torch.cat([batch.target, target[there]])


def cia(task: Task) -> Edit:
    """Cross-entropy over images and frames alike. Batch norms learn the statistics of both."""

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        images, target = augmented(batch)
        _, logits = module(images)
        return each_loss(task.head, logits, target).mean()

    return learnt(task, loss)


CIA = MitigationMethod(
    name="cia",
    summary="Every image is also shown with its attribute changed, under the same label.",
    source="Qiang et al., IJCAI 2022",
    given=("twins",),
    fit=cia,
)
