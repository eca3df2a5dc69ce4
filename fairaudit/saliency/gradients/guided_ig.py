"""Guided integrated gradients: a path that changes the least important pixels first."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.saliency.gradients.baselines import Baseline, reference
from fairaudit.saliency.gradients.integrated_gradients import relative_gap
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, reduce_channels, total
from fairaudit.saliency.objective import objective


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedIntegratedGradients:
    """The line integral of the gradient along a path from the reference to the image that each image's gradient steers.

    At every step the `fraction` of the values with the smallest |∂F/∂x| that have not arrived yet move towards the
    image until the L1 distance left is the step's share, so that noise from steep places that do not matter stays out.
    Kapishnikov et al. 2021, arXiv:2106.09788, algorithm 1, without anchors (K = 0). The path is followed in equal steps
    and cannot be refined afterwards; each step counts the mean of the gradients at its ends, where the paper takes the
    first, and the residual shows how far it adds up.
    """

    steps: int = 50
    """Steps from the reference to the image, T; one gradient more."""
    fraction: float = 0.25
    """Share of the values that move at a time, p."""
    baseline: Baseline = "black"
    """The reference, in [0, 1] before normalisation."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "guided_ig"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing."""
        check(images, classes)
        target = objective(classifier, images, classes)
        end, start = classifier.normalise(images), classifier.normalise(reference(images, self.baseline))
        owner = torch.arange(len(images), device=end.device)
        distance = (end - start).abs().flatten(1).double().sum(1)
        at, relevance = start.clone(), torch.zeros_like(end)
        first, gradient = target.gradients(at, owner)
        last = first
        for step in range(self.steps):
            moved = self._advance(at, end, gradient, distance * (1 - (step + 1) / self.steps))
            last, ahead = target.gradients(moved, owner)
            relevance += (moved - at) * (0.5 * (gradient + ahead))
            at, gradient = moved, ahead
        return Attribution(
            maps=reduce_channels(relevance, self.reduction),
            residual=relative_gap(total(relevance), last, first),
            evaluations=target.evaluations,
        )

    def _advance(self, at: Tensor, end: Tensor, gradient: Tensor, left: Tensor) -> Tensor:
        """Where each image is once its L1 distance to the end is what should be left."""
        shape, at, end = at.shape, at.flatten(1).clone(), end.flatten(1)
        steep = gradient.flatten(1).abs()
        pending = torch.ones(len(at), dtype=torch.bool, device=at.device)
        while bool(pending.any()):
            arrived = at == end
            size = torch.where(arrived, torch.inf, steep)
            chosen = (size <= _quantile(size, self.fraction)) & ~arrived
            gap = (end - at).abs().double()
            reach = torch.where(chosen, gap, 0.0).sum(1)
            need = (gap.sum(1) - left).clamp(min=0)
            share = torch.where(reach > 0, need / torch.where(reach > 0, reach, 1.0), 0.0)
            share = torch.where(pending, share.clamp(max=1.0), 0.0)[:, None].to(at.dtype)
            moved = torch.where(share >= 1, end, at + share * (end - at))
            at = torch.where(chosen, moved, at)
            pending = pending & (need > reach) & (reach > 0)
        return at.view(shape)


def _quantile(size: Tensor, fraction: float) -> Tensor:
    """Per row, the value below which the fraction of the finite entries lies."""
    finite = torch.isfinite(size).sum(1, keepdim=True)
    place = (torch.ceil(fraction * finite).long() - 1).clamp(min=0)
    return size.sort(dim=1).values.gather(1, place)
