"""Gaussian blur with another strength for every image of a batch."""

from __future__ import annotations

import torch
from torch import Tensor


def blurred(images: Tensor, sigma: Tensor) -> Tensor:
    """Each image after Gaussian diffusion of its own standard deviation, in pixels.

    The exact solution of the heat equation on the pixel grid with edges that let nothing through, by the cosine
    transform: coefficient k of an axis of n pixels is damped by exp(−½·σ²·ω²) with ω = π·k/n. Means are kept, σ = 0
    is the image itself, and blurring by σ1 and then σ2 equals one blur by √(σ1² + σ2²). For σ of a pixel or more it
    is the usual sampled Gaussian with mirrored edges.

    Args:
        images: [image, channel, row, column].
        sigma: [image] standard deviations, at least 0.
    """
    rows = _kernel(images.shape[-2], sigma, images)
    columns = _kernel(images.shape[-1], sigma, images)
    return rows @ images @ columns


def _kernel(size: int, sigma: Tensor, like: Tensor) -> Tensor:
    # [image, 1, size, size]: cosine transform, damping, inverse transform. Symmetric.
    axis = torch.arange(size, dtype=torch.float64, device=like.device)
    cosine = torch.cos(torch.pi / size * axis[:, None] * (axis[None, :] + 0.5)) * (2 / size) ** 0.5
    cosine[0] /= 2**0.5
    frequency = torch.pi * axis / size
    damping = torch.exp(-0.5 * (sigma.to(torch.float64)[:, None] * frequency).square())
    kernel = cosine.T @ (damping[:, :, None] * cosine)
    smooth: Tensor = kernel.to(like.dtype)[:, None]
    return smooth
