"""What the same data and the same sparsity do without the bias term: the controls beside a pruned model.

Fitting gates on balanced data raises the accuracy by itself, and so does any other training on it; only the fall of the
bias comes from the information term. A claim about either needs these numbers next to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError
from fairaudit.models.outputs.head import Head
from fairaudit.pruning.encoder import CutModel
from fairaudit.pruning.examples import Examples
from fairaudit.pruning.gated import Masks, full_masks, gated_weights
from fairaudit.pruning.task import task_loss
from fairaudit.pruning.train import TuneSettings, trained
from fairaudit.seeds import child_seed

Control = Literal["gamma 0", "magnitude", "random", "last layer", "fine-tuning", "scratch"]
CONTROLS: tuple[Control, ...] = ("gamma 0", "magnitude", "random", "last layer", "fine-tuning", "scratch")


def magnitude_masks(split: CutModel, like: Masks) -> dict[str, Tensor]:
    """Keep the largest weights of every layer, as many as another mask keeps there.

    Args:
        split: the model.
        like: the mask whose number of pruned weights per layer is matched.
    """
    return {
        name: _smallest(split.weight(name).detach().abs().cpu(), int((~mask).sum()))
        for name, mask in full_masks(split, like).items()
    }


def random_masks(split: CutModel, like: Masks, *, seed: int) -> dict[str, Tensor]:
    """Keep random weights of every layer, as many as another mask keeps there."""
    masks = {}
    for name, mask in full_masks(split, like).items():
        draws = torch.Generator().manual_seed(child_seed(seed, "random pruning", name))
        masks[name] = _smallest(torch.rand(mask.shape, generator=draws), int((~mask).sum()))
    return masks


def masked_weights(split: CutModel, masks: Masks) -> dict[str, Tensor]:
    """Name of a parameter → its value under a mask."""
    return gated_weights(split, {name: mask.to(split.weight(name)) for name, mask in masks.items()})


def retrained_head(split: CutModel, head: Head, fit: Examples, settings: TuneSettings) -> dict[str, Tensor]:
    """Last-layer retraining: only the linear layer that reads the bottleneck is trained further.

    Raises:
        ModelError: the bottleneck was named, so it is not known which layer is the last.
    """
    if split.head is None:
        raise ModelError(
            "Last-layer retraining needs the last linear layer as the head",
            found=f'a bottleneck that was named: "{split.bottleneck}"',
            advice="Leave --bottleneck out, or this control.",
        )
    prefix = f"{split.head}."
    return _trained(split, head, fit, settings, learns=lambda name: name.startswith(prefix), training=False)


def fine_tuned(split: CutModel, head: Head, fit: Examples, settings: TuneSettings) -> dict[str, Tensor]:
    """Every weight goes on learning; statistics of batch norms follow the new data."""
    return _trained(split, head, fit, settings, learns=lambda _name: True, training=True)


def from_scratch(split: CutModel, head: Head, fit: Examples, settings: TuneSettings) -> dict[str, Tensor]:
    """The same architecture with new weights, trained on the same data alone."""
    return _trained(split, head, fit, settings, learns=lambda _name: True, training=True, fresh=True)


def _smallest(sizes: Tensor, pruned: int) -> Tensor:
    """False at the `pruned` smallest entries, of equal ones at the first."""
    mask = torch.ones(sizes.numel(), dtype=torch.bool)
    mask[torch.sort(sizes.flatten(), stable=True).indices[:pruned]] = False
    return mask.view(sizes.shape)


def _trained(
    split: CutModel,
    head: Head,
    fit: Examples,
    settings: TuneSettings,
    *,
    learns: Callable[[str], bool],
    training: bool,
    fresh: bool = False,
) -> dict[str, Tensor]:
    def gradients(module: nn.Module, rows: Tensor) -> None:
        batch = fit.take(rows)
        _, logits = module(batch.images)
        task_loss(head, logits, batch.target).backward()  # type: ignore[no-untyped-call]

    return trained(split, len(fit), settings, gradients, learns=learns, training=training, fresh=fresh)
