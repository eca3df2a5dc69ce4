"""Rays through latent space: one encode, one reconstruction and one backward pass for a whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.counterfactuals.heads import Heads
from fairaudit.ratio import ratio


class AutoEncoder(Protocol):
    """Anything with encode and decode over images in [0, 1]."""

    def encode(self, images: Tensor) -> Tensor:
        """Images [n, c, h, w] → latents [n, …]."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [n, …] → images [n, c, h, w] in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconstruction:
    """What all rays of a batch share."""

    latents: Tensor
    """z_0 = E(x), [image, …]."""
    images: Tensor
    """x_0 = D(z_0), [image, c, h, w]."""
    values: Tensor
    """Every head's score of x_0, [image, M] float32."""
    slopes: dict[int, Tensor]
    """Base head → gradient of its steering (or score) with respect to z at z_0, [image, …]."""
    scale: dict[int, Tensor]
    """Base head → d score / d steering at z_0, [image] float64; 1 where the gradient is the score's own."""
    odds: dict[int, Tensor] = field(default_factory=dict)
    """Base head → its steering at z_0, [image] float64; for heads whose steering is their log-odds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Which ray to walk: pairs of an image and a base head."""

    image: NDArray[np.int64]
    """Row of the batch."""
    base: NDArray[np.int64]
    """Column of the heads."""

    def __len__(self) -> int:
        return len(self.image)


def reconstruct(
    generator: AutoEncoder,
    heads: Heads,
    images: Tensor,
    bases: Sequence[int],
    *,
    steering: bool,
    batch_size: int = 64,
) -> Reconstruction:
    """Encode, decode and score every image once, and take every base head's gradient from that one graph.

    One backward pass of the sum over the batch gives every image's own gradient, because no layer of an evaluated
    network mixes images (`generators.checks` measures that).

    Args:
        generator: encoder and decoder.
        heads: the scores.
        images: [n, c, h, w] in [0, 1].
        bases: columns whose gradients are wanted; all share the forward pass.
        steering: differentiate log-odds where there are any, instead of the score itself.
        batch_size: images per pass.
    """
    pieces = [
        _reconstruct_slice(generator, heads, images[start : start + batch_size], bases, steering=steering)
        for start in range(0, len(images), batch_size)
    ]
    return Reconstruction(
        latents=torch.cat([piece.latents for piece in pieces]),
        images=torch.cat([piece.images for piece in pieces]),
        values=torch.cat([piece.values for piece in pieces]),
        slopes={base: torch.cat([piece.slopes[base] for piece in pieces]) for base in bases},
        scale={base: torch.cat([piece.scale[base] for piece in pieces]) for base in bases},
        odds={base: torch.cat([piece.odds[base] for piece in pieces]) for base in pieces[0].odds},
    )


def _reconstruct_slice(
    generator: AutoEncoder, heads: Heads, images: Tensor, bases: Sequence[int], *, steering: bool
) -> Reconstruction:
    with torch.no_grad():
        latents = generator.encode(images)
    latents = latents.detach().requires_grad_(True)
    with torch.enable_grad():
        decoded = generator.decode(latents)
        outputs = heads.outputs(decoded)
        values = heads.values(outputs)
        climbed = heads.steering(outputs) if steering else values
        slopes = {
            base: torch.autograd.grad(climbed[:, base].sum(), latents, retain_graph=True)[0].detach() for base in bases
        }
    values, scale = values.detach(), {base: torch.ones(len(images), dtype=torch.float64) for base in bases}
    odds = {base: climbed[:, base].detach().double() for base in bases if steering and heads.is_probability(base)}
    # d p / d log-odds = p (1 − p), without the rounding of p near 1.
    scale |= {base: found.sigmoid() * (-found).sigmoid() for base, found in odds.items()}
    return Reconstruction(
        latents=latents.detach(), images=decoded.detach(), values=values, slopes=slopes, scale=scale, odds=odds
    )


def points(generator: AutoEncoder, start: Reconstruction, jobs: Jobs, shift: Tensor, rows: NDArray[np.int64]) -> Tensor:
    """Decoded images at z_0 + shift · slope, [row, c, h, w]; no gradients.

    Args:
        generator: decoder.
        start: reconstructions and slopes.
        jobs: the rays.
        shift: signed step along the slope per row, [row].
        rows: which job every row belongs to.
    """
    image = torch.from_numpy(jobs.image[rows]).to(start.latents.device)
    latents = start.latents[image]
    factor = shift.to(latents).reshape(-1, *[1] * (latents.ndim - 1))
    for base in np.unique(jobs.base[rows]):
        mine = torch.from_numpy(np.flatnonzero(jobs.base[rows] == base)).to(latents.device)
        latents[mine] += factor[mine] * start.slopes[int(base)][image[mine]]
    with torch.no_grad():
        return generator.decode(latents)


def pixel_change(start: Reconstruction, images: Tensor, image_rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Σ|x_λ − x_0| / Σ|x_0| per image; 0 for a black image that stays black, infinite for one that does not."""
    reference = start.images[torch.from_numpy(image_rows).to(start.images.device)]
    moved = (images - reference).abs_().flatten(1).sum(dim=1, dtype=torch.float64).cpu().numpy()
    mass = reference.abs_().flatten(1).sum(dim=1, dtype=torch.float64).cpu().numpy()
    return np.where(mass > 0, ratio(moved, mass), np.where(moved > 0, np.inf, 0.0))
