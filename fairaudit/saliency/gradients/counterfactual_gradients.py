"""Counterfactual gradients integration: relevance along the images between a counterfactual and the image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from fairaudit.saliency.gradients.integrated_gradients import along
from fairaudit.saliency.gradients.line_integral import Refinement
from fairaudit.saliency.gradients.path import Path
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check


class Pathway(Protocol):
    """Draws the images between an image's counterfactual, its attribute flipped, and the image."""

    def path(self, classifier: Explained, images: Tensor, target: Tensor, attribute: Tensor) -> Path:
        """From the counterfactuals at t = 0 to the images at t = 1, in the model's normalised input.

        Args:
            classifier: for its normalisation.
            images: [image, channel, row, column] in [0, 1].
            target: [image] code of the target.
            attribute: [image] code of the attribute.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterfactualGradients:
    """∫ ∂F/∂γ ⊙ (dγ/dδ) dδ along γ(δ), which sums to F(γ(1)) − F(γ(0)): image less counterfactual.

    Eq. 7 of counterfactual interpolation augmentation, as the line integral that its name says. As printed it
    multiplies by x − x′ once more, and its program puts the chord in place of the path's tangent: neither adds up
    unless the path is straight, where all of them are integrated gradients with the counterfactual as reference.

    γ is drawn by a conditional VAE, so both ends are drawn images: the map tells what of the decision the attribute
    alone carries, and where. An image whose attribute or target is unknown has no counterfactual: its map is zero and
    its residual NaN.
    """

    pathway: Pathway | None = field(default=None, repr=False)
    """What draws the paths."""
    digest: str = ""
    """Of what draws the paths, since its name does not tell one file from another."""
    attribute_name: str = ""
    """Attribute that is flipped."""
    target: Tensor | None = field(default=None, repr=False)
    """[image] codes of the images that are to be explained."""
    attribute_codes: Tensor | None = field(default=None, repr=False)
    """[image] codes of their attribute."""
    refinement: Refinement = field(default_factory=Refinement)
    """Nodes, tolerance and limits."""
    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "cgi"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def labelled(self, target: Tensor, attributes: Mapping[str, Tensor]) -> CounterfactualGradients:
        """The same method for images with these labels, in this order."""
        return replace(self, target=target, attribute_codes=attributes[self.attribute_name])

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing. The images are those of `labelled`, in their order."""
        check(images, classes)
        pathway, target, codes = self._bound(images)
        at = torch.nonzero((target >= 0) & (codes >= 0))[:, 0]
        known = images[at]

        def path(part: slice) -> Path:
            return pathway.path(classifier, known[part], target[at][part], codes[at][part])

        found = along(path, classifier, known, classes[at], refinement=self.refinement, reduction=self.reduction)
        maps = found.maps.new_zeros((len(images), *images.shape[2:]))
        residual = torch.full((len(images),), torch.nan, dtype=torch.float64)
        maps[at.to(maps.device)] = found.maps
        if found.residual is not None:
            residual[at.cpu()] = found.residual.double().cpu()
        return Attribution(maps=maps, residual=residual, evaluations=found.evaluations)

    def known(self) -> Tensor:
        """[k] those of its images that have a counterfactual, as places among them."""
        if self.target is None or self.attribute_codes is None:
            raise ValueError("cgi needs the labels of its images")
        return torch.nonzero((self.target >= 0) & (self.attribute_codes >= 0))[:, 0]

    def of(self, rows: Tensor) -> CounterfactualGradients:
        """The same method for some of its images."""
        if self.target is None or self.attribute_codes is None:
            raise ValueError("cgi needs the labels of its images")
        return replace(self, target=self.target[rows], attribute_codes=self.attribute_codes[rows])

    def path(self, classifier: Explained, images: Tensor) -> Path:
        """From the counterfactuals to these images, all of which have one; they are those of `labelled`."""
        pathway, target, codes = self._bound(images)
        return pathway.path(classifier, images, target, codes)

    def _bound(self, images: Tensor) -> tuple[Pathway, Tensor, Tensor]:
        if self.pathway is None or self.target is None or self.attribute_codes is None:
            raise ValueError("cgi needs a pathway and the labels of its images")
        if len(self.target) != len(images) or len(self.attribute_codes) != len(images):
            raise ValueError(f"cgi has labels of {len(self.target)} images, not of {len(images)}")
        return self.pathway, self.target.to(images.device), self.attribute_codes.to(images.device)
