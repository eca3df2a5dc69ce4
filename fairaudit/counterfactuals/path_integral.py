"""Counterfactual gradients integration as the exact path integral, with what is missing to completeness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class PathIntegral:
    """Relevance of every number of an image along a path."""

    maps: Tensor
    """A, [n, c, h, w]: signed; sums to the change of the score up to `residual`."""
    change: Tensor
    """F(γ(1)) − F(γ(0)), [n] float64."""
    residual: Tensor
    """ΣA − change, [n] float64; shrinks with the square of the frames' distance."""


def path_integral(score: Callable[[Tensor], Tensor], frames: Tensor, *, batch_size: int = 128) -> PathIntegral:
    """A_i = Σ_k ½ (∂F/∂x_i(γ_k) + ∂F/∂x_i(γ_{k+1})) (γ_{k+1,i} − γ_{k,i}).

    The trapezoid of ∫ ∂F/∂γ_i · dγ_i/dδ dδ, which sums to F(γ(1)) − F(γ(0)). Eq. 7 of counterfactual interpolation
    augmentation multiplies by the displacement once more, and its program replaces the path's tangent by the chord;
    neither adds up unless the path is straight. On a straight path this is integrated gradients.

    Args:
        score: images [n, c, h, w] → F [n], differentiable, every image on its own.
        frames: [n, frame, c, h, w] in the order of the path.
        batch_size: images per backward pass.
    """
    count, length = frames.shape[:2]
    flat = frames.flatten(0, 1)
    found = [_gradients(score, flat[start : start + batch_size]) for start in range(0, len(flat), batch_size)]
    # Frames of one image are neighbours in the flat batch, so the first axis splits into image and frame.
    values = torch.cat([value for value, _ in found]).view(count, length).double()
    gradients = torch.cat([gradient for _, gradient in found]).view(frames.shape)
    maps = (0.5 * (gradients[:, 1:] + gradients[:, :-1]) * frames.diff(dim=1)).sum(dim=1)
    change = values[:, -1] - values[:, 0]
    return PathIntegral(maps=maps, change=change, residual=maps.double().flatten(1).sum(dim=1) - change)


def _gradients(score: Callable[[Tensor], Tensor], images: Tensor) -> tuple[Tensor, Tensor]:
    start = images.detach().requires_grad_(True)
    with torch.enable_grad():
        values = score(start)
        (gradient,) = torch.autograd.grad(values.sum(), start)
    return values.detach(), gradient
