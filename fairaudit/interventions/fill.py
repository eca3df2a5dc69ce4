"""What a region's pixels are replaced by when a model is asked whether it needs them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from fairaudit.interventions.inpaint import inpaint
from fairaudit.registry import Registry

Fill = Callable[[Tensor, Tensor], Tensor]
"""Images `[image, channel, row, column]` in [0, 1] and masks `[image, row, column]` → new, filled images."""

BLUR = 1 / 8
"""Standard deviation of the blur as a share of the image's shorter side."""


def blur(images: Tensor, masks: Tensor, *, share: float = BLUR) -> Tensor:
    """The region blurred by a Gaussian of deviation `share` times the shorter side: detail goes, colour stays."""
    height, width = images.shape[2:]
    sigma = max(share * min(height, width), 1e-3)
    kernels = [_gaussian(sigma, size, images) for size in (height, width)]
    soft = torch.einsum("ij,ncjk,lk->ncil", kernels[0], images, kernels[1])
    return torch.where(masks[:, None], soft, images)


def mean(images: Tensor, masks: Tensor) -> Tensor:
    """The region in the mean colour of the rest of the same image (of all of it when there is no rest)."""
    outside = (~masks[:, None]).to(images.dtype)
    count = outside.sum(dim=(2, 3), keepdim=True)
    colour = (images * outside).sum(dim=(2, 3), keepdim=True) / count.clamp(min=1)
    colour = torch.where(count > 0, colour, images.mean(dim=(2, 3), keepdim=True))
    return torch.where(masks[:, None], colour, images)


def grey(images: Tensor, masks: Tensor) -> Tensor:
    """The region in mid grey, 0.5 in every channel: the same for every image, so it carries nothing of this one.

    For a region that is most of the image, such as a background, the other fills take over the colour of what is left.
    """
    return images.masked_fill(masks[:, None], 0.5)


def _gaussian(sigma: float, size: int, like: Tensor) -> Tensor:
    """Matrix `[size, size]` that blurs an axis; rows sum to 1, so the weight past the edge is shared by the rest."""
    index = torch.arange(size, device=like.device, dtype=like.dtype)
    weights = torch.exp(-((index[:, None] - index[None, :]) ** 2) / (2 * sigma * sigma))
    return functional.normalize(weights, p=1.0, dim=1)


FILLS: Registry[Fill] = Registry("fill", [("inpaint", inpaint), ("blur", blur), ("mean", mean), ("grey", grey)])
"""Fills that need the image alone; inpaint is the default: it removes the content and leaves no edge. `swap.Swap`,
which needs other images, is the remaining one."""
