"""Gradient and input × gradient."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, reduce_channels
from fairaudit.saliency.objective import objective


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """The gradient of the evidence by the model's input, ∂F/∂x: which pixels would change the evidence.

    It has no unit of relevance and promises no sum. By the normalised input; a gradient by the [0, 1] image is 1/std
    times it. Simonyan et al. 2013, arXiv:1312.6034, which takes the largest |∂F/∂x| over channels; here the sign is
    kept.
    """

    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "gradient"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing."""
        check(images, classes)
        inputs = classifier.normalise(images)
        target = objective(classifier, images, classes)
        _, gradient = target.gradients(inputs, torch.arange(len(inputs), device=inputs.device))
        return Attribution(maps=reduce_channels(gradient, self.reduction), evaluations=target.evaluations)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputXGradient:
    """The model's input times the gradient, x ⊙ ∂F/∂x, in the normalised input that the model sees.

    Equals LRP-0 on ReLU networks, and sums to F(x) where F is linear without a constant; no such sum is promised
    elsewhere. Shrikumar et al. 2016, arXiv:1605.01713, section 3.2.
    """

    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "input_x_gradient"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients only."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing."""
        check(images, classes)
        inputs = classifier.normalise(images)
        target = objective(classifier, images, classes)
        _, gradient = target.gradients(inputs, torch.arange(len(inputs), device=inputs.device))
        return Attribution(maps=reduce_channels(inputs * gradient, self.reduction), evaluations=target.evaluations)
