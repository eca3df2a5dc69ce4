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


def twins_of(batch: Samples) -> Tensor:
    """The exact twins of a batch.

    Raises:
        MethodError: it has none.
    """
    if batch.frames is None:
        raise MethodError(
            "The method needs every training image with its attribute changed",
            wanted="exact twins",
            advice="Name their column with --twins, or let a conditional VAE draw frames (--cvae, method cia-cvae).",
        )
    return batch.frames


def drawn_of(batch: Samples) -> Tensor:
    """The frames that a conditional VAE drew for a batch.

    Raises:
        ValueError: the part has none.
    """
    if batch.drawn is None:
        raise ValueError("the part has no drawn frames")
    return batch.drawn


def augmented(batch: Samples, frames: Tensor) -> tuple[Tensor, Tensor]:
    """The images followed by their frames, and the target of each; frames that are not there (NaN) are left out."""
    flat = frames.flatten(0, 1)
    there = ~torch.isnan(flat.flatten(1)).any(1)
    target = batch.target.repeat_interleave(frames.shape[1])
    return torch.cat([batch.images, flat[there]]), torch.cat([batch.target, target[there]])


def cia(task: Task) -> Edit:
    """Cross-entropy over images and exact twins alike. Batch norms learn the statistics of both."""

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        return _loss(task, module, batch, twins_of(batch))

    return learnt(task, loss)


def cia_cvae(task: Task) -> Edit:
    """Cross-entropy, also over the frames that a conditional VAE draws between every image and its counterfactual.

    Raises:
        MethodError: there is no conditional VAE.
    """
    if task.drawn is None:
        raise MethodError(
            "The method needs interpolations of every training image",
            wanted="a conditional VAE on target and attribute",
            advice="Train one with `fairaudit generator train --kind cvae`, and give it with --cvae.",
        )

    def loss(module: nn.Module, batch: Samples) -> Tensor:
        return _loss(task, module, batch, drawn_of(batch))

    return learnt(task, loss, part=task.drawn)


def _loss(task: Task, module: nn.Module, batch: Samples, frames: Tensor) -> Tensor:
    images, target = augmented(batch, frames)
    _, logits = module(images)
    return each_loss(task.head, logits, target).mean()


CIA = MitigationMethod(
    name="cia",
    given=("twins",),
    fit=cia,
)
CIA_CVAE = MitigationMethod(
    name="cia-cvae",
    given=("attribute labels", "conditional VAE"),
    fit=cia_cvae,
)
