"""Is it what a window shows, or whose it is? Content from another group's image against content from the same group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.interventions.effect import Scorer
from fairaudit.interventions.swap import Swap

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentChange:
    """Size of the change of every image's scores, ½ Σ_k |Δp_k| in [0, 1], per window: `[window, image]`."""

    other: Floats
    """With the window's content from an image of another group."""
    same: Floats
    """With it from an image of the own group: what putting in any other content changes."""


@torch.no_grad()
def content_change(classifier: Scorer, images: Tensor, others: Tensor, sames: Tensor, masks: Tensor) -> ContentChange:
    """Scores with the content of windows taken from two donors per image that differ in the group alone.

    Args:
        classifier: the model.
        images: `[image, channel, row, column]` in [0, 1].
        others: a donor of another group and of the same target value for every image.
        sames: a donor of the same group and target value.
        masks: True inside the window, `[window, row, column]`.
    """
    before = classifier.scores(classifier.logits(images)).to(torch.float64)

    def change(donors: Tensor, mask: Tensor) -> Floats:
        filled = Swap(images=donors)(images, mask.to(images.device).expand(len(images), *mask.shape))
        after = classifier.scores(classifier.logits(filled)).to(torch.float64)
        return np.asarray(((after - before).abs().sum(dim=1) / 2).cpu().numpy(), np.float64)

    found = [np.stack([change(donors, mask) for mask in masks]) for donors in (others, sames)]
    return ContentChange(other=found[0], same=found[1])
