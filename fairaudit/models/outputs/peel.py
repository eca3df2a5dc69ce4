"""A model whose last sigmoid or softmax is taken off, so that it returns logits."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from fairaudit.errors import ModelError
from fairaudit.models.outputs.adapt import FixedBatch, Logits
from fairaudit.models.outputs.ending import Squash

LOWEST = 1e-30
"""Smallest probability that has a logit of its own."""
HIGHEST = 1 - 2.0**-25
"""Largest probability that has a logit of its own: halfway from float32's last number below 1 to 1."""
SLACK = 1e-3
"""How far from 0 … 1 a probability may lie by rounding."""


class Peeled(nn.Module):
    """Logits z [image, output] of a model that returns probabilities or their logarithms.

    With p what the model returns, z = log(p / (1 - p)) for a sigmoid and z = log p for a softmax, whose scores are p
    again: exact up to rounding, and cut off at probabilities of 1e-30 and 1 - 3e-8. Where the model can be lifted,
    `graph` holds what comes before the last operation, whose values are not cut off and whose gradients do not vanish.

    Args:
        original: returns [image, output]; in evaluation mode.
        squash: its last operation.
    """

    def __init__(self, original: nn.Module, squash: Squash) -> None:
        super().__init__()
        self.original = original
        self.squash = squash
        self.graph: fx.GraphModule | None = None
        self.size: tuple[int, ...] | None = None

    def use(self, graph: fx.GraphModule, size: tuple[int, ...]) -> None:
        """Compute with a proven graph from now on, for images [channel, row, column] of the size it was made for."""
        self.graph, self.size = graph, size

    def forward(self, images: Tensor) -> Tensor:
        """Logits [image, output] of normalised images."""
        if self.graph is not None and tuple(images.shape[1:]) == self.size:
            logits: Tensor = self.graph(images)
            return logits
        return self.inverse(self.original(images))

    def inverse(self, outputs: Tensor) -> Tensor:
        """Logits, float64, from what the model returned.

        Raises:
            ModelError: it is no probability, or no logarithm of one.
        """
        values = outputs.double()
        if self.squash == "log_softmax":
            return values
        chances = values.exp() if self.squash == "log_sigmoid" else values
        outside = (chances < -SLACK) | (chances > 1 + SLACK)
        if bool(outside.any()):
            raise _no_probability(self.squash, outputs, outside)
        inside = chances.clamp(LOWEST, HIGHEST)
        return inside.log() if self.squash == "softmax" else torch.logit(inside)

    def chances(self, images: Tensor) -> Tensor:
        """What the model returns, as probabilities that a softmax's rows add up to 1 in: the graph's are compared."""
        return self.as_chances(self.original(images))

    def as_chances(self, outputs: Tensor) -> Tensor:
        """Such probabilities from what the model returned."""
        if self.squash == "sigmoid":
            return outputs
        if self.squash == "log_sigmoid":
            return outputs.exp()
        return outputs / outputs.sum(dim=1, keepdim=True) if self.squash == "softmax" else outputs.softmax(dim=1)

    def again(self, logits: Tensor) -> Tensor:
        """Probabilities from logits, to compare with `chances`."""
        return logits.sigmoid() if self.squash in ("sigmoid", "log_sigmoid") else logits.softmax(dim=1)


def _no_probability(squash: Squash, outputs: Tensor, outside: Tensor) -> ModelError:
    worst = float(outputs[outside].flatten()[0])
    return ModelError(
        "The model's outputs are read as probabilities, but some are not",
        wanted="logarithms of probabilities, at most 0" if squash == "log_sigmoid" else "values from 0 to 1",
        found=f"{worst:.4g}, in outputs of {int(outside.any(dim=1).sum())} of {len(outputs)} images",
        where="model.output",
        advice="Say what the outputs are with model.output: logit, probability, log_probability or label.",
    )


def unwrapped(model: nn.Module) -> nn.Module:
    """The model as it was opened, without what makes its batches and outputs usual."""
    inner = model
    while isinstance(inner, Logits | FixedBatch | Peeled):
        inner = inner.original if isinstance(inner, Peeled) else inner.model
    return inner
