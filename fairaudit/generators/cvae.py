"""The built-in conditional variational autoencoder: what is not target or attribute goes into the latent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.errors import UsageError
from fairaudit.generators.trunk import Down, Up, check_size, initialise


@dataclass(frozen=True, slots=True, kw_only=True)
class CvaeSettings:
    """Shape of the conditional VAE; saved with its weights."""

    channels: int = 3
    """Channels of the images."""
    size: tuple[int, int] = (64, 64)
    """Height and width of the images, 28 to 256."""
    latent: int = 32
    """Length of the latent vector."""
    width: int = 24
    """Channels of the first level."""
    target: tuple[str, ...] = ("0", "1")
    """Values of the target, in the order of their codes."""
    attribute: tuple[str, ...] = ("0", "1")
    """Values of the attribute, in the order of their codes."""
    target_name: str = ""
    """Name of the target; empty in files of before it was kept."""
    attribute_name: str = ""
    """Name of the attribute; empty in files of before it was kept."""
    more: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Further attributes that it is conditioned on: name, and values in the order of their codes."""
    kl: float = 1.0
    """Weight of the Kullback–Leibler term against the reconstruction, both summed over an image's numbers."""
    independence: float = 10.0
    """Weight of `leakage`; without it the latent may carry the attribute and the decoder ignore the condition."""

    @property
    def attributes(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Name and values of every attribute, the first of them `attribute`."""
        return ((self.attribute_name, self.attribute), *self.more)


class GaussianPosterior(NamedTuple):
    """The encoder's normal distribution over latents."""

    mean: Tensor
    """[n, latent]."""
    log_variance: Tensor
    """[n, latent]."""


class ConditionalVae(nn.Module):
    """q(z | x, y, s) and p(x | z, y, s) as in counterfactual interpolation augmentation (its eq. 4).

    Conditions are shares over the values, [n, K], so that a mixture of two values is a condition too (its eq. 5).
    The encoder sees them as constant channels, the decoder beside the latent.

    Args:
        settings: shape and values.

    Raises:
        UsageError: a size that the built-in generators are not made for, or a condition with fewer than two values.
    """

    kind = "cvae"

    def __init__(self, settings: CvaeSettings) -> None:
        super().__init__()
        check_size(settings.channels, settings.size)
        labels = [("target", settings.target), ("attribute", settings.attribute)]
        labels += [(f"attribute {name}", values) for name, values in settings.more]
        for name, values in labels:
            if len(values) < 2:
                raise UsageError(f"The {name} has one value only", wanted="two values", found=", ".join(values))
        self.settings = settings
        extra = sum(len(values) for _, values in labels)
        self.down = Down(settings.channels + extra, settings.size, settings.width, 2 * settings.latent)
        self.up = Up(settings.latent + extra, settings.channels, settings.size, settings.width)
        initialise(self)

    def condition(self, target: Tensor, attribute: Tensor) -> Tensor:
        """Codes → shares [n, K_target + Σ K_attribute], one-hot for the target and for every attribute, side by side.

        Args:
            target: [n] codes.
            attribute: [n] codes, or [n, A] of the A attributes that it is conditioned on, in their order.

        Raises:
            UsageError: an unknown value; there is no condition for it. Or other attributes than it knows.
        """
        codes, attributes = attribute.reshape(len(target), -1), self.settings.attributes
        if codes.shape[1] != len(attributes):
            raise UsageError(
                "A conditional generator needs all the attributes that it was trained on",
                wanted=", ".join(name or "one" for name, _ in attributes),
                found=str(codes.shape[1]),
            )
        if bool((target < 0).any() or (codes < 0).any()):
            raise UsageError("A conditional generator needs the target and the attribute of every image")
        shares = [F.one_hot(target.long(), len(self.settings.target))]
        shares += [F.one_hot(codes[:, at].long(), len(values)) for at, (_, values) in enumerate(attributes)]
        return torch.cat(shares, dim=1).float()

    def posterior(self, images: Tensor, condition: Tensor) -> GaussianPosterior:
        """q(z | x, y, s) of images [n, c, h, w] under conditions [n, K]."""
        planes = condition[:, :, None, None].expand(-1, -1, *images.shape[2:])
        mean, log_variance = self.down(torch.cat([2 * images - 1, planes], dim=1)).chunk(2, dim=1)
        return GaussianPosterior(mean, log_variance.clamp(-10.0, 10.0))

    def decode(self, latents: Tensor, condition: Tensor) -> Tensor:
        """p(x | z, y, s) as the mean image, [n, c, h, w] in (0, 1)."""
        images: Tensor = self.up(torch.cat([latents, condition], dim=1))
        return images

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one image's latent."""
        return (self.settings.latent,)

    def noise_like(self, count: int, generator: torch.Generator) -> Tensor:
        """Standard normal draws for `count` latents."""
        return torch.randn(count, self.settings.latent, generator=generator)


def kl_divergence(posterior: GaussianPosterior) -> Tensor:
    """KL(q ‖ N(0, I)) per image, [n]: ½ Σ (μ² + σ² − 1 − log σ²).

    >>> kl_divergence(GaussianPosterior(torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2))).tolist()
    [0.5]
    """
    variance = posterior.log_variance.exp()
    return 0.5 * (posterior.mean**2 + variance - 1 - posterior.log_variance).sum(dim=1)


def leakage(posterior: GaussianPosterior, condition: Tensor) -> Tensor:
    """How much of the conditions the batch's latent means give away linearly, in units of their noise; at least 0.

    Σ over conditions and latent dimensions of (cov(μ, c) / sd(c))² / mean σ². 0 when no latent dimension correlates
    with any condition. Not in the paper, whose CVAE has nothing that keeps the attribute out of z.
    """
    centred = condition - condition.mean(dim=0)
    deviation = centred.square().mean(dim=0).sqrt().clamp(min=1e-3)
    covariance = centred.T @ (posterior.mean - posterior.mean.mean(dim=0)) / len(condition)
    slope = covariance / deviation[:, None]
    return (slope.square() / posterior.log_variance.exp().mean(dim=0)).sum()


class Conditioned:
    """A conditional VAE with the conditions of one batch filled in: encode and decode like any generator.

    Args:
        model: the conditional VAE.
        condition: [n, K] of the batch, in its order.
    """

    def __init__(self, model: ConditionalVae, condition: Tensor) -> None:
        self.model, self.condition = model, condition

    def part(self, rows: slice) -> Conditioned:
        """The same for some rows of the batch."""
        return Conditioned(self.model, self.condition[rows])

    def encode(self, images: Tensor) -> Tensor:
        """Posterior means of the whole batch, [n, latent]."""
        return self.model.posterior(images, self.condition).mean

    def decode(self, latents: Tensor) -> Tensor:
        """Images of the whole batch's latents."""
        return self.model.decode(latents, self.condition)
