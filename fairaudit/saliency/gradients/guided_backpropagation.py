"""Guided backpropagation: the gradient without what is negative at a ReLU on the way down."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from fairaudit.errors import MethodError
from fairaudit.saliency.method import Attribution, Explained, Family, Reduction, check, reduce_channels
from fairaudit.saliency.objective import objective
from fairaudit.saliency.prepare import prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidedBackpropagation:
    """∂F/∂x where every ReLU hands down only gradients above 0, through units above 0.

    It has no unit of relevance and promises no sum, and it is known to draw edges whatever the model decides by
    (Adebayo et al. 2018, arXiv:1810.03292): the trial of methods says so of a model. Refused for models without a
    ReLU, where it would be the gradient under another name. Springenberg et al. 2015, arXiv:1412.6806, section 3.4.
    """

    reduction: Reduction = "sum"
    """How channels become one number."""
    name: str = "guided_backpropagation"
    """Name in reports."""
    family: Family = "gradient"
    """Needs gradients, and ReLUs that the lift finds, whatever way the model writes them."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing.

        Raises:
            LiftError: the model cannot be turned into modules.
            MethodError: it has no ReLU.
        """
        check(images, classes)
        module = prepared(classifier, images)
        gated = [part for part in module.modules() if isinstance(part, nn.ReLU)]
        if not gated:
            raise MethodError(
                "guided_backpropagation is not valid for this model",
                wanted="a model with ReLUs, at which the method changes the gradient",
                found="none, so that it would be the plain gradient",
                advice="Use gradient, lrp or a perturbation method, such as occlusion.",
            )
        inputs = classifier.normalise(images)
        target = objective(classifier, images, classes)
        handles = [part.register_full_backward_hook(_above_zero) for part in gated]
        try:
            _, gradient = target.gradients(inputs, torch.arange(len(inputs), device=inputs.device))
        finally:
            _remove(handles)
        return Attribution(maps=reduce_channels(gradient, self.reduction), evaluations=target.evaluations)


def _above_zero(_module: nn.Module, below: tuple[Tensor, ...], _above: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    # A ReLU's own backward has zeroed what belongs to units below 0; the rest is the gradient from above.
    return tuple(gradient.clamp(min=0) for gradient in below)


def _remove(handles: list[RemovableHandle]) -> None:
    for handle in handles:
        handle.remove()
