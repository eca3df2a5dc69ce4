"""Wachter's counterfactuals: pixels moved straight towards another score, as a baseline for Latent Shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.counterfactuals.heads import Heads


@dataclass(frozen=True, slots=True, kw_only=True)
class WachterSettings:
    """How pixels are changed."""

    goal: float = 0.0
    """y′: the score that is aimed at."""
    weights: tuple[float, ...] = (1.0, 0.3, 0.1, 0.03, 0.01)
    """λ, the weight of the distance, falling: the first at which the score is near enough to y′ is kept."""
    near: float = 0.2
    """Distance of the score from y′ that is near enough."""
    rate: float = 0.005
    """Adam's rate, in pixel values."""
    steps: int = 100
    """Steps of Adam."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wachter:
    """Counterfactuals of a batch."""

    images: Tensor
    """x′ with the smallest loss seen, [n, c, h, w] in [0, 1]."""
    before: NDArray[np.float64]
    """Every head's score of x, [n, M]."""
    after: NDArray[np.float64]
    """Every head's score of x′, [n, M]."""
    distance: NDArray[np.float64]
    """‖x′ − x‖ over all pixels and channels, [n]."""
    loss: NDArray[np.float64]
    """Loss of x′ at its λ, [n]; never above that of x."""
    weight: NDArray[np.float64]
    """λ of x′, [n]: the largest of the schedule at which the score came near enough to y′, else the smallest."""
    reached: NDArray[np.bool_]
    """Whether the score of x′ is near enough to y′, [n]."""


def wachter(heads: Heads, images: Tensor, base: int, settings: WachterSettings | None = None) -> Wachter:
    """Argmin over x′ of λ ‖x′ − x‖ + (f(x′) − y′)², eq. 5 of the counterfactual alignment paper, a batch at once.

    At λ = 1 the distance outweighs whatever a flat classifier offers, and the image stays where it is. As Wachter,
    Mittelstadt and Russell (2018) do, λ is therefore relaxed until the score is near y′, image by image.

    Adam in pixel space, images held inside [0, 1], the best point kept. Images do not touch each other: the losses are
    summed, and Adam's state is per pixel. The changes look like noise and rarely carry over to other classifiers,
    which is the paper's reason to keep counterfactuals on a generator's manifold instead.

    Args:
        heads: scores; all are read at both ends.
        images: [n, c, h, w] in [0, 1].
        base: column that is moved.
        settings: see there.
    """
    chosen = settings or WachterSettings()
    best = images.clone()
    least = torch.full((len(images),), torch.inf, device=images.device)
    used = torch.full((len(images),), torch.nan, device=images.device)
    left = torch.arange(len(images), device=images.device)
    for weight in chosen.weights:
        if not len(left):
            break
        best[left], least[left] = _descent(heads, images[left], base, weight, chosen)
        used[left] = weight
        left = left[_distances(heads, best[left], base, chosen) > chosen.near]
    with torch.no_grad():
        before, after = (heads.values(heads.outputs(part)).double().cpu().numpy() for part in (images, best))
    return Wachter(
        images=best,
        before=before,
        after=after,
        distance=(best - images).double().flatten(1).square().sum(dim=1).sqrt().cpu().numpy(),
        loss=least.double().cpu().numpy(),
        weight=used.double().cpu().numpy(),
        reached=np.abs(after[:, base] - chosen.goal) <= chosen.near,
    )


def _descent(
    heads: Heads, images: Tensor, base: int, weight: float, settings: WachterSettings
) -> tuple[Tensor, Tensor]:
    """The best point that Adam passes at one λ, and its loss; it starts from the image."""
    moved = images.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([moved], lr=settings.rate)
    best, least = images.clone(), torch.full((len(images),), torch.inf, device=images.device)
    for step in range(settings.steps + 1):
        with torch.enable_grad():
            loss = _loss(heads, moved, images, base, weight, settings.goal)
        better = loss.detach() < least
        best[better], least = moved.detach()[better], torch.minimum(least, loss.detach())
        if step < settings.steps:
            (moved.grad,) = torch.autograd.grad(loss.sum(), moved)
            optimiser.step()
            with torch.no_grad():
                moved.clamp_(0.0, 1.0)
    return best, least


@torch.no_grad()
def _distances(heads: Heads, images: Tensor, base: int, settings: WachterSettings) -> Tensor:
    return (heads.values(heads.outputs(images))[:, base] - settings.goal).abs()


def _loss(heads: Heads, moved: Tensor, images: Tensor, base: int, weight: float, goal: float) -> Tensor:
    squares = (moved - images).flatten(1).square().sum(dim=1)
    # The gradient of a norm at 0 is not defined; a speck under the root makes it 0 there.
    distance = (squares + 1e-12).sqrt() - 1e-6
    score = heads.values(heads.outputs(moved))[:, base]
    return weight * distance + (score - goal) ** 2
