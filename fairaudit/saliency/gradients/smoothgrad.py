"""SmoothGrad: the gradient averaged over noisy copies of the image."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.saliency.draws import generators, normal
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, reduce_channels
from fairaudit.saliency.objective import objective


@dataclass(frozen=True, slots=True, kw_only=True)
class SmoothGrad:
    """(1/S) Σ_s ∂F/∂x(x + ε_s), ε_s ~ N(0, σ²) in the [0, 1] image with σ = noise · (max x − min x) of each image.

    The sign is kept. It promises no sum. Smilkov et al. 2017, arXiv:1706.03825, section 3.
    """

    samples: int = 16
    """Noisy copies per image, S."""
    noise: float = 0.15
    """Noise level as a share of the image's range (the paper advises 10 to 20 %)."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "smoothgrad"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute."""
        check(images, classes)
        target = objective(classifier, images, classes)
        maps = []
        for i, generator in enumerate(generators(images, seed, self.name)):
            copies = images[i] + self._noise(images[i], generator)
            owner = torch.full((self.samples,), i, device=target.seeds.device)
            _, gradients = target.gradients(classifier.normalise(copies), owner)
            maps.append(reduce_channels(gradients.mean(0, keepdim=True), self.reduction)[0])
        return Attribution(maps=torch.stack(maps) if maps else images[:, 0], evaluations=target.evaluations)

    def _noise(self, image: Tensor, generator: torch.Generator) -> Tensor:
        sigma = self.noise * (image.max() - image.min())
        return sigma * normal((self.samples, *image.shape), generator, image)
