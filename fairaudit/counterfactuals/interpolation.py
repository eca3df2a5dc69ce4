"""From an image to its counterfactual along the attribute: the images that a conditional generator draws in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Posterior(Protocol):
    """What the encoder says about the latent."""

    @property
    def mean(self) -> Tensor:
        """[n, latent]."""
        ...


class ConditionalGenerator(Protocol):
    """A generator with target and attribute as shares over their values, [n, K]."""

    def condition(self, target: Tensor, attribute: Tensor) -> Tensor:
        """Codes → shares."""
        ...

    def posterior(self, images: Tensor, condition: Tensor) -> Posterior:
        """Images and shares → distribution of the latent."""
        ...

    def decode(self, latents: Tensor, condition: Tensor) -> Tensor:
        """Latents and shares → images in [0, 1]."""
        ...


class MatchedPair(NamedTuple):
    """A matched pair: the same latent under two values of the attribute."""

    factual: Tensor
    """Reconstruction under the image's own attribute, [n, c, h, w]."""
    counterfactual: Tensor
    """The same latent under the other attribute, [n, c, h, w]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpolationPath:
    """γ(t): from the counterfactual at t = 0 to the reconstruction at t = 1, as a path for line integrals.

    s̃ = (1 − δ) s + δ s′ with δ = 1 − t, in the decoder only (eq. 5 of counterfactual interpolation augmentation).
    """

    model: ConditionalGenerator
    """The conditional generator."""
    latents: Tensor
    """Posterior mean of every image, [image, latent]."""
    own: Tensor
    """Condition of every image, [image, K]."""
    other: Tensor
    """The same with the other attribute, [image, K]."""
    scale: Tensor
    """[1, channel or 1, 1, 1] what a step of an image becomes in the model's normalised input: 1 / std."""
    offset: Tensor
    """[1, channel or 1, 1, 1] what a black image becomes there: −mean / std."""
    straight: bool = False
    """Pixels do not move in a straight line, although the condition does."""

    def points(self, image: Tensor, t: Tensor) -> Tensor:
        """γ(t) as normalised inputs [row, channel, row of pixels, column] for rows of (image index, t)."""
        return self._images(image, t) * self.scale + self.offset

    def moves(self, image: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        """γ(stop) − γ(start) for rows of (image index, start, stop)."""
        return (self._images(image, stop) - self._images(image, start)) * self.scale

    @torch.no_grad()
    def _images(self, image: Tensor, t: Tensor) -> Tensor:
        share = t.to(self.own)[:, None]
        return self.model.decode(self.latents[image], torch.lerp(self.other[image], self.own[image], share))


@torch.no_grad()
def interpolation_path(
    model: ConditionalGenerator,
    images: Tensor,
    target: Tensor,
    attribute: Tensor,
    to: Tensor,
    *,
    mean: Tensor | None = None,
    std: Tensor | None = None,
) -> InterpolationPath:
    """The path from every image's counterfactual to its reconstruction; one encode for the whole batch.

    Args:
        model: conditional generator.
        images: [n, c, h, w] in [0, 1].
        target: target codes [n].
        attribute: attribute codes [n].
        to: attribute codes of the counterfactuals [n].
        mean: of the model's normalisation, [channel] or [1].
        std: of the model's normalisation, [channel] or [1].
    """
    own, other = model.condition(target, attribute), model.condition(target, to)
    middle = torch.zeros(1) if mean is None else mean
    spread = torch.ones(1) if std is None else std
    return InterpolationPath(
        model=model,
        latents=model.posterior(images, own).mean,
        own=own,
        other=other,
        scale=(1 / spread).view(1, -1, 1, 1).to(images),
        offset=(-middle / spread).view(1, -1, 1, 1).to(images),
    )


def interpolate(path: InterpolationPath, frames: int) -> Tensor:
    """Images from the reconstruction (δ = 0, first) to the counterfactual (δ = 1, last), [n, frames, c, h, w].

    All frames of all images are one batch.
    """
    count = len(path.latents)
    shares = torch.linspace(1.0, 0.0, frames, device=path.latents.device)
    rows = torch.arange(count, device=path.latents.device).repeat_interleave(frames)
    images = (path.points(rows, shares.repeat(count)) - path.offset) / path.scale
    return images.view(count, frames, *images.shape[1:])


def matched_pair(path: InterpolationPath) -> MatchedPair:
    """Reconstruction and counterfactual of every image: the same latent under both values of the attribute."""
    frames = interpolate(path, 2)
    return MatchedPair(frames[:, 0], frames[:, 1])
