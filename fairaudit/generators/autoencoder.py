"""The built-in autoencoder: a short latent vector, so that moving it changes what is in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fairaudit.generators.trunk import Down, Up, check_size, initialise, sides


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderSettings:
    """Shape of the autoencoder; saved with its weights."""

    channels: int = 3
    """Channels of the images."""
    size: tuple[int, int] = (64, 64)
    """Height and width of the images, 28 to 256."""
    latent: int = 64
    """Length of the latent vector, or of every vector of a grid."""
    grid: int = 0
    """0 for one vector, else vectors along the shorter side at most. A grid keeps finer detail, but its counterfactuals
    are small local changes that fool the base classifier alone, as those in pixel space do."""
    width: int = 24
    """Channels of the first level."""
    noise: float = 0.1
    """Standard deviation of the noise on the latents while training: near latents then decode to near images."""


def latent_shape(settings: AutoencoderSettings) -> tuple[int, ...]:
    """Shape of one image's latent.

    >>> latent_shape(AutoencoderSettings()), latent_shape(AutoencoderSettings(size=(64, 48), latent=8, grid=8))
    ((64,), (8, 8, 6))
    """
    if not settings.grid:
        return (settings.latent,)
    return (settings.latent, *sides(settings.size, settings.grid)[-1])


class Autoencoder(nn.Module):
    """z = E(x) and D(z), both convolutional; every image on its own.

    The latent is standardised per image, which keeps its length, and so the unit of λ, the same for every image.

    Args:
        settings: shape.

    Raises:
        UsageError: a size that the built-in generators are not made for.
    """

    kind = "autoencoder"

    def __init__(self, settings: AutoencoderSettings) -> None:
        super().__init__()
        check_size(settings.channels, settings.size)
        self.settings = settings
        self.shape = latent_shape(settings)
        self.down = Down(settings.channels, settings.size, settings.width, settings.latent, settings.grid)
        self.scale = nn.LayerNorm(self.shape, elementwise_affine=False)
        self.up = Up(settings.latent, settings.channels, settings.size, settings.width, settings.grid)
        initialise(self)

    def encode(self, images: Tensor) -> Tensor:
        """[n, c, h, w] in [0, 1] → [n, latent, row, column], or [n, latent] without a grid."""
        latents: Tensor = self.scale(self.down(2 * images - 1))
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        """Latents → [n, c, h, w] in (0, 1)."""
        images: Tensor = self.up(latents)
        return images

    def forward(self, images: Tensor, noise: Tensor | None = None) -> Tensor:
        """Reconstructions; `noise` of the latents' shape is added on the way."""
        latents = self.encode(images)
        return self.decode(latents if noise is None else latents + self.settings.noise * noise)

    def noise_like(self, count: int, generator: torch.Generator) -> Tensor:
        """Standard normal draws for `count` latents."""
        return torch.randn(count, *self.shape, generator=generator)
