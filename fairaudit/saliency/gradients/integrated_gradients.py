"""Integrated gradients and blur integrated gradients, refined per image until they are complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from fairaudit.saliency.gradients.baselines import Baseline, reference
from fairaudit.saliency.gradients.line_integral import Integral, Refinement, integrate
from fairaudit.saliency.gradients.path import Deblurring, Path, Straight
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check
from fairaudit.saliency.objective import objective

_BYTES = 2**29
_TYPICAL_NODES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegratedGradients:
    """(x − x0) ⊙ ∫₀¹ ∂F/∂x(x0 + t·(x − x0)) dt, which sums to F(x) − F(x0) (completeness).

    Sundararajan, Taly and Yan 2017, arXiv:1703.01365, equation 1 and proposition 1. The residual is the relative gap
    |Σ map − (F(x) − F(x0))|, lower is better; see `line_integral` for the nodes and `Refinement` for its scale. F is
    the logit, never logit times gradient: integrating that would complete to a difference of squares.
    """

    baseline: Baseline = "black"
    """The reference x0, in [0, 1] before normalisation."""
    refinement: Refinement = field(default_factory=Refinement)
    """Nodes, tolerance and limits."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "integrated_gradients"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing."""

        def path(part: slice) -> Path:
            return self.path(classifier, images[part])

        return along(path, classifier, images, classes, refinement=self.refinement, reduction=self.reduction)

    def path(self, classifier: Explained, images: Tensor) -> Path:
        """The straight lines from the references to these images."""
        own = images[:1] if self.baseline == "black" else images  # black is the same for all
        start = classifier.normalise(reference(own, self.baseline))
        return Straight(baseline=start, inputs=classifier.normalise(images))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlurIntegratedGradients:
    """∫ ∂F/∂x(γ) ⊙ dγ along the images between a strong blur and the image, which sums to F(x) − F(blurred x).

    The true line integral Σ ½(g_k + g_k+1) ⊙ (γ_k+1 − γ_k), not the chord times a mean gradient. No reference colour
    enters. Xu, Venugopalan and Sundararajan 2020, arXiv:2004.03383, equation 6.
    """

    sigma: float | None = None
    """Standard deviation of the strongest blur in pixels; None: an eighth of the shorter side."""
    refinement: Refinement = field(default_factory=Refinement)
    """Nodes, tolerance and limits."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "blur_ig"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing."""

        def path(part: slice) -> Path:
            return self.path(classifier, images[part])

        return along(path, classifier, images, classes, refinement=self.refinement, reduction=self.reduction)

    def path(self, classifier: Explained, images: Tensor) -> Path:
        """From the blurred images to these images."""
        sigma = self.sigma if self.sigma is not None else min(images.shape[-2:]) / 8
        black = torch.zeros_like(images[:1, :, :1, :1])
        ends = classifier.normalise(torch.cat([black, torch.ones_like(black)]))
        return Deblurring(images=images.to(ends.device), scale=ends[1:] - ends[:1], offset=ends[:1], sigma=sigma)


def relative_gap(summed: Tensor, last: Tensor, first: Tensor, *, floor: float = 0.01) -> Tensor:
    """|Σ map − (F(x) − F(x0))| over max(|F(x) − F(x0)|, floor · max(|F(x)|, |F(x0)|)), float64 [image]; 0 for 0/0.

    >>> relative_gap(*(torch.tensor([value]) for value in (1.5, 3.0, 1.0)))
    tensor([0.2500], dtype=torch.float64)
    """
    summed, last, first = summed.double(), last.double(), first.double()
    gap = (summed - (last - first)).abs()
    scale = torch.maximum((last - first).abs(), floor * torch.maximum(last.abs(), first.abs()))
    return torch.where(gap == 0, 0.0, gap / scale)


def along(
    path: Callable[[slice], Path],
    classifier: Explained,
    images: Tensor,
    classes: Tensor,
    *,
    refinement: Refinement,
    reduction: Reduction,
) -> Attribution:
    """Attribution by a line integral, over blocks of images whose gradients along the path fit in half a gibibyte.

    Args:
        path: the path of a slice of the images.
        classifier: the model.
        images: [image, channel, row, column] in [0, 1].
        classes: [image] what is explained.
        refinement: when a map is good enough.
        reduction: how channels become one number.
    """
    check(images, classes)
    if len(images) == 0:
        return Attribution(maps=images[:, 0], residual=images.new_zeros(0, dtype=torch.float64), evaluations=0)
    size = max(1, _BYTES // (_TYPICAL_NODES * images[0].numel() * images.element_size()))
    results: list[Integral] = []
    evaluations = 0
    for begin in range(0, len(images), size):
        part = slice(begin, begin + size)
        target = objective(classifier, images[part], classes[part])
        results.append(integrate(target, path(part), len(images[part]), refinement=refinement, reduction=reduction))
        evaluations += target.evaluations
    return Attribution(
        maps=torch.cat([result.maps for result in results]),
        residual=torch.cat([result.residual for result in results]),
        evaluations=evaluations,
    )
