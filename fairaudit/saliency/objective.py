"""The scalar that is explained, its values and its gradients, over any number of rows in slices that fit in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, fx, nn

from fairaudit.engine.memory import Halving
from fairaudit.errors import MethodError
from fairaudit.saliency.method import Explained
from fairaudit.saliency.prepare import as_input, prepared_or_raw

ROWS_CPU = 16
"""Rows at once on a processor, of images whose size makes the arithmetic take longer than calling for it."""
ROWS_DEVICE = 128
SMALL = 64 * 64
"""Pixels of an image below which as many more rows go through at once as hold as many pixels."""


@dataclass(slots=True, kw_only=True)
class Objective:
    """F(x) = Σ_o logit_o(x) · seed_o for rows of a flat batch, each row explained for its own image's class."""

    module: nn.Module
    """Takes normalised inputs and returns logits [row, output]."""
    seeds: Tensor
    """[image, output] weights of the logits."""
    slices: Halving[tuple[Tensor, Tensor]]
    """How many rows go through the model at once; halves itself when memory runs out."""
    evaluations: int = field(default=0)
    """Rows that went through the model so far."""

    def values(self, inputs: Tensor, image: Tensor) -> Tensor:
        """F of each row, float64 [row].

        Args:
            inputs: [row, channel, row of pixels, column] normalised.
            image: [row] index of the image whose class is explained.
        """
        if len(inputs) == 0:
            return torch.zeros(0, dtype=torch.float64, device=inputs.device)

        def run(start: int, stop: int) -> tuple[Tensor, Tensor]:
            with torch.no_grad():
                value = self._forward(inputs[start:stop], image[start:stop])
            return value.double(), value

        self.evaluations += len(inputs)
        return torch.cat([value for value, _ in self.slices.run(run, len(inputs))])

    def gradients(self, inputs: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        """F of each row, float64 [row], and ∂F/∂x at the input, [row, channel, row of pixels, column]."""
        if len(inputs) == 0:
            return torch.zeros(0, dtype=torch.float64, device=inputs.device), torch.zeros_like(inputs)

        def run(start: int, stop: int) -> tuple[Tensor, Tensor]:
            x = as_input(inputs[start:stop]).detach().requires_grad_()
            with torch.enable_grad():
                value = self._forward(x, image[start:stop])
            if not value.requires_grad and not isinstance(self.module, fx.GraphModule):
                raise _no_gradient()  # zeros would look like a map
            return value.detach().double(), gradient_of(value, x)

        self.evaluations += len(inputs)
        results = self.slices.run(run, len(inputs))
        return torch.cat([value for value, _ in results]), torch.cat([gradient for _, gradient in results])

    def _forward(self, inputs: Tensor, image: Tensor) -> Tensor:
        logits: Tensor = self.module(as_input(inputs))
        return (logits * self.seeds[image].to(logits.dtype)).sum(1)


def _no_gradient() -> MethodError:
    return MethodError(
        "Gradient methods are not valid for this model",
        wanted="outputs that have a gradient with respect to the images",
        found="a model without one, as after quantisation to int8",
        advice="Use a perturbation method, such as occlusion, or explain the model that it was quantised from.",
    )


def objective(classifier: Explained, images: Tensor, classes: Tensor, *, rows: int | None = None) -> Objective:
    """The objective of these images' classes on the fastest form of the model that is valid for gradients."""
    module = prepared_or_raw(classifier, images)
    seeds = classifier.seed(classes)
    size = rows if rows is not None else rows_per_pass(images, seeds.device)
    return Objective(module=module, seeds=seeds, slices=Halving(size))


def rows_per_pass(images: Tensor, device: torch.device | None = None) -> int:
    """How many rows of images of this size go through the model at once as long as memory suffices.

    Args:
        images: [image, channel, row, column], of which the size counts.
        device: the model's; the images' where it is left out.

    >>> [rows_per_pass(torch.zeros(1, 3, side, side)) for side in (14, 32, 224)]
    [320, 64, 16]
    """
    if (device or images.device).type != "cpu":
        return ROWS_DEVICE
    return ROWS_CPU * max(1, SMALL // max(1, images.shape[-2] * images.shape[-1]))


def gradient_of(value: Tensor, x: Tensor) -> Tensor:
    """∂ Σ value / ∂x, zeros where the value does not depend on x."""
    if not value.requires_grad:
        return torch.zeros_like(x)
    (gradient,) = torch.autograd.grad(value.sum(), x, allow_unused=True, materialize_grads=True)
    return gradient
