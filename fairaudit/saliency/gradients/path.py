"""Paths from a baseline to the image: where a point is, and how far the path moves between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from fairaudit.saliency.gradients.blur import blurred


class Path(Protocol):
    """A path γ(t) of inputs for each image of a batch, from the baseline at t = 0 to the image at t = 1."""

    @property
    def straight(self) -> bool:
        """Whether γ′ is constant, so that weights of a quadrature rule over t apply to gradients."""

    def points(self, image: Tensor, t: Tensor) -> Tensor:
        """γ(t) as normalised inputs [row, channel, row of pixels, column] for rows of (image index, t)."""

    def moves(self, image: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        """γ(stop) − γ(start) for rows of (image index, start, stop)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Straight:
    """The straight line γ(t) = x0 + t·(x − x0)."""

    baseline: Tensor
    """[image or 1, channel, row, column] x0, normalised."""
    inputs: Tensor
    """[image, channel, row, column] x, normalised."""
    straight: bool = True
    """It is."""

    def points(self, image: Tensor, t: Tensor) -> Tensor:
        """See Path.points."""
        start = self._start(image)
        return torch.lerp(start, self.inputs[image], _per_row(t, start))

    def moves(self, image: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        """See Path.moves."""
        origin = self._start(image)
        return (self.inputs[image] - origin) * _per_row(stop - start, origin)

    def _start(self, image: Tensor) -> Tensor:
        return self.baseline if len(self.baseline) == 1 else self.baseline[image]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deblurring:
    """From the image blurred with σ = `sigma` to the image: γ(t) = L(x, σ·(1 − t)).

    Xu, Venugopalan and Sundararajan 2020, arXiv:2004.03383, equation 6.
    """

    images: Tensor
    """[image, channel, row, column] in [0, 1]."""
    scale: Tensor
    """[1, channel, 1, 1] what a step of an image becomes in the normalised input: 1 / std."""
    offset: Tensor
    """[1, channel, 1, 1] what a black image becomes in the normalised input: −mean / std."""
    sigma: float
    """Standard deviation of the strongest blur, in pixels."""
    straight: bool = False
    """It is not."""

    def points(self, image: Tensor, t: Tensor) -> Tensor:
        """See Path.points."""
        return self._blur(image, t) * self.scale + self.offset

    def moves(self, image: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        """See Path.moves."""
        return (self._blur(image, stop) - self._blur(image, start)) * self.scale

    def _blur(self, image: Tensor, t: Tensor) -> Tensor:
        return blurred(self.images[image], self.sigma * (1 - t))


def _per_row(t: Tensor, like: Tensor) -> Tensor:
    return t.to(like.dtype).view(-1, 1, 1, 1)
