"""Losses of the built-in generators: pixels, and structure over several scales, without a downloaded network."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def pixel_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute plus mean squared difference per image, [n]."""
    difference = (found - wanted).flatten(1)
    return difference.abs().mean(dim=1) + difference.square().mean(dim=1)


def edge_loss(found: Tensor, wanted: Tensor, *, scales: int = 3) -> Tensor:
    """Mean absolute difference of the image gradients at full, half, quarter … size, per image, [n].

    A thin line, such as a mouth, is few pixels but much gradient; pixel losses alone blur it away.
    """
    total = torch.zeros(len(found), dtype=found.dtype, device=found.device)
    for _ in range(scales):
        for dim in (2, 3):
            gap = (found - wanted).diff(dim=dim)
            total = total + gap.abs().flatten(1).mean(dim=1)
        found, wanted = F.avg_pool2d(found, 2), F.avg_pool2d(wanted, 2)
    return total / scales


def structure_loss(found: Tensor, wanted: Tensor, *, window: int = 7) -> Tensor:
    """(1 − mean structural similarity) / 2 per image, [n]: 0 for equal images, at most 1.

    SSIM of Wang et al. (2004) with a square window: local means, variances and covariance compared, with the constants
    0.01² and 0.03² for images in [0, 1].
    """
    mean_a, mean_b = F.avg_pool2d(found, window, 1), F.avg_pool2d(wanted, window, 1)
    var_a = F.avg_pool2d(found * found, window, 1) - mean_a**2
    var_b = F.avg_pool2d(wanted * wanted, window, 1) - mean_b**2
    joint = F.avg_pool2d(found * wanted, window, 1) - mean_a * mean_b
    light, contrast = 0.01**2, 0.03**2
    top = (2 * mean_a * mean_b + light) * (2 * joint + contrast)
    bottom = (mean_a**2 + mean_b**2 + light) * (var_a.clamp(min=0) + var_b.clamp(min=0) + contrast)
    return (1 - (top / bottom).flatten(1).mean(dim=1)) / 2


def perceptual_loss(found: Tensor, wanted: Tensor) -> Tensor:
    """Edges over three scales, plus structure at half the size, per image, [n].

    At full size the noise of single pixels would be the most structure there is, and nothing can learn that.
    """
    return edge_loss(found, wanted) + 0.5 * structure_loss(F.avg_pool2d(found, 2), F.avg_pool2d(wanted, 2))
