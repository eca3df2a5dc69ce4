"""The reference of an image: paths start from it, and pixels are covered with it."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from fairaudit.saliency.gradients.blur import blurred

Baseline = Literal["black", "mean", "blur"]


def reference(images: Tensor, baseline: Baseline) -> Tensor:
    """A reference for each image, [image, channel, row, column] in [0, 1].

    black: zeros, the usual reference of integrated gradients; dark pixels can then get no relevance.
    mean: each image's own mean colour, per channel.
    blur: the image blurred with σ of an eighth of its shorter side, which keeps the layout and drops the content.
    """
    if baseline == "black":
        return torch.zeros_like(images)
    if baseline == "mean":
        return images.mean((2, 3), keepdim=True).expand_as(images)
    sigma = torch.full((len(images),), min(images.shape[-2:]) / 8, dtype=torch.float64, device=images.device)
    return blurred(images, sigma)
