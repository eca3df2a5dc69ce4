"""Grad-CAM on the last layer that still has a map."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from fairaudit.engine.memory import Halving
from fairaudit.errors import MethodError
from fairaudit.saliency.method import Attribution, Explained, Family, check
from fairaudit.saliency.objective import rows_per_pass
from fairaudit.saliency.prepare import as_input, prepared_for

_POOLS = (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.MaxPool2d, nn.AdaptiveMaxPool2d, nn.Identity, nn.Dropout, nn.Dropout2d)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradCam:
    """Σ_c mean(∂F/∂A_c) · A_c on the last feature map A, enlarged to the image bilinearly.

    The sign is kept unless `rectify`, which gives the paper's ReLU. Coarse: one value per position of the last feature
    map (7 × 7 for a ResNet on 224 pixels), so small regions get what lies around them too. It promises no sum.
    Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2.
    """

    layer: str | None = None
    """Name of the module in the lifted graph; None: the last one whose output is a map, before pooling."""
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
            MethodError: no convolution has a map as output, or attention mixes all positions after it.
        """
        check(images, classes)
        module = prepared_for("gradcam", classifier, images, method=self.name)
        inputs, seeds = classifier.normalise(images), classifier.seed(classes)
        layer = self.layer if self.layer is not None else last_map(module, inputs[:1])
        size = (images.shape[2], images.shape[3])

        def run(start: int, stop: int) -> Tensor:
            activation, gradient = _at(module, layer, inputs[start:stop], seeds[start:stop])
            cam = (gradient.mean((2, 3), keepdim=True) * activation).sum(1, keepdim=True)
            cam = cam.relu() if self.rectify else cam
            return F.interpolate(cam, size=size, mode="bilinear", align_corners=False)[:, 0]

        maps = Halving[Tensor](rows_per_pass(inputs.device)).run(run, len(inputs))
        return Attribution(maps=torch.cat(maps), evaluations=len(inputs))


def last_map(module: fx.GraphModule, inputs: Tensor) -> str:
    """Name of the last module whose output is [image, channel, row, column] of more than one pixel, before pooling.

    Raises:
        MethodError: there is none after a convolution.
    """
    shapes = _shapes(module, inputs)
    found: str | None = None
    convolved = False
    for node in module.graph.nodes:
        if node.op != "call_module":
            continue
        layer = module.get_submodule(str(node.target))
        convolved = convolved or isinstance(layer, nn.Conv2d)
        shape = shapes.get(str(node.target), ())
        is_map = len(shape) == 4 and min(shape[2:]) > 0 and shape[2] * shape[3] > 1
        if convolved and is_map and not isinstance(layer, _POOLS):
            found = str(node.target)
    if found is None:
        raise MethodError(
            "Grad-CAM is not valid for this model",
            wanted="a convolutional layer whose output is a map of more than one pixel",
            found="none",
            advice="Use integrated_gradients, which needs gradients only.",
        )
    return found


def _shapes(module: fx.GraphModule, inputs: Tensor) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str) -> object:
        def hook(_module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                shapes[name] = tuple(output.shape)

        return hook

    handles = [part.register_forward_hook(note(name)) for name, part in module.named_modules() if name]
    try:
        with torch.no_grad():
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


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
