"""Random numbers that depend on the seed and the image, and not on the batch or the machine that the image is on."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from fairaudit.seeds import child_seed


def generators(images: Tensor, seed: int, name: str) -> list[torch.Generator]:
    """One generator on the CPU per image, seeded by the seed, the use and the image's own bytes."""
    made = []
    for image in images.detach().cpu().contiguous():
        digest = hashlib.sha256(image.numpy().tobytes()).hexdigest()
        made.append(torch.Generator().manual_seed(child_seed(seed, name, digest)))
    return made


def normal(shape: tuple[int, ...], generator: torch.Generator, like: Tensor) -> Tensor:
    """Standard normal numbers in the type and on the device of another tensor, drawn in float64 on the CPU."""
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(like)
