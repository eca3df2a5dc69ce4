"""Grad-CAM on the last layer that still has a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from fairaudit.engine.memory import Halving
from fairaudit.models.features import features_of
from fairaudit.saliency.method import Attribution, Explained, Family, check
from fairaudit.saliency.objective import rows_per_pass
from fairaudit.saliency.prepare import as_input, prepared, prepared_for


@dataclass(frozen=True, slots=True, kw_only=True)
class GradCam:
    """Σ_c mean(∂F/∂A_c) · A_c on the last feature map A, enlarged to the image bilinearly.

    The sign is kept unless `rectify`, which gives the paper's ReLU. Coarse: one value per position of the last feature
    map (7 × 7 for a ResNet on 224 pixels), so small regions get what lies around them too. It promises no sum.
    Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2.

    For transformers A is the tokens that the last attention looks at, or that are averaged at the end, laid out as the
    grid of patches; a class token is left out. Tokens have seen each other in earlier blocks, so that a map tells where
    the evidence is held and not for certain where it came from.
    """

    layer: str | None = None
    """Name of a module in the lifted graph that returns a map; None: the last feature map, see `mark_features`."""
    rectify: bool = False
    """Keep positive evidence only."""
    name: str = "gradcam"
    """Name in reports."""
    family: Family = "gradcam"
    """Needs a lifted model that ends in a feature map."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """See Method.attribute; draws nothing.

        Raises:
            LiftError: the model cannot be turned into modules.
            MethodError: no convolution has a map as output, or its positions are mixed by more than attention.
        """
        check(images, classes)
        module = prepared_for("gradcam", classifier, images, method=self.name)
        module = prepared(classifier, images) if self.layer is None else module
        inputs, seeds = classifier.normalise(images), classifier.seed(classes)
        layer, as_map = _place(module, self.layer)
        size = (images.shape[2], images.shape[3])

        def run(start: int, stop: int) -> Tensor:
            activation, gradient = (as_map(x) for x in _at(module, layer, inputs[start:stop], seeds[start:stop]))
            cam = (gradient.mean((2, 3), keepdim=True) * activation).sum(1, keepdim=True)
            cam = cam.relu() if self.rectify else cam
            return F.interpolate(cam, size=size, mode="bilinear", align_corners=False)[:, 0]

        maps = Halving[Tensor](rows_per_pass(inputs)).run(run, len(inputs))
        return Attribution(maps=torch.cat(maps), evaluations=len(inputs))

    def doubts(self, classifier: Explained, images: Tensor) -> list[str]:
        """Why no gate may use maps of this model, whatever their trial says; empty if nothing speaks against them."""
        module = prepared_for("gradcam", classifier, images, method=self.name)
        found = features_of(module)
        if self.layer is not None or found is None or not found[1].tokens:
            return []
        return [
            "patches of a transformer have seen each other before its last attention: where a shortcut was planted, "
            "Grad-CAM on them was no different from that of an even network"
        ]


def _place(module: fx.GraphModule, layer: str | None) -> tuple[str, Callable[[Tensor], Tensor]]:
    """The module whose result is taken, and how that becomes a map."""
    if layer is not None:
        return layer, lambda result: result
    found = features_of(module)
    if found is None:
        raise ValueError("Grad-CAM was let through without a feature map")
    return found[0], found[1].as_map


def _at(module: fx.GraphModule, layer: str, inputs: Tensor, seeds: Tensor) -> tuple[Tensor, Tensor]:
    """A layer's output and the gradient of F there."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        leaf = output.detach().requires_grad_()
        kept.append(leaf)
        return leaf

    handle = module.get_submodule(layer).register_forward_hook(keep)
    try:
        with torch.enable_grad():
            logits = module(as_input(inputs.detach()))
            value = (logits * seeds.to(logits.dtype)).sum()
            (gradient,) = torch.autograd.grad(value, kept[-1], allow_unused=True, materialize_grads=True)
    finally:
        handle.remove()
    return kept[-1].detach(), gradient
