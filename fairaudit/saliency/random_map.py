"""The random map, which every other method has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.saliency.draws import generators, normal
from fairaudit.saliency.method import Attribution, Explained, Family, check


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomMap:
    """Independent standard normal relevance per pixel; knows nothing of the model and is the control of all checks."""

    name: str = "random"
    """Name in reports."""
    family: Family = "control"
    """Needs nothing of the model."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute."""
        check(images, classes)
        size = (images.shape[2], images.shape[3])
        maps = [normal(size, generator, images) for generator in generators(images, seed, self.name)]
        return Attribution(maps=torch.stack(maps) if maps else images[:, 0], evaluations=0)
