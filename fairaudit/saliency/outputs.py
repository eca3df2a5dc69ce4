"""One output of a model, or one score made of several models, as something that attribution methods can explain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fairaudit.errors import LiftError
from fairaudit.models.classifier import Classifier
from fairaudit.models.lift.lift import Lifted


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOutputs:
    """A classifier whose raw outputs are explained one by one, whichever of them predicts the target."""

    whole: Classifier
    """The classifier, for everything but what is explained."""

    @property
    def module(self) -> nn.Module:
        """The classifier's own module."""
        return self.whole.module

    def normalise(self, images: Tensor) -> Tensor:
        """The classifier's own normalisation."""
        return self.whole.normalise(images)

    def seed(self, classes: Tensor) -> Tensor:
        """One-hot [image, output] for outputs that stand alone; of a softmax, as the classifier explains a class."""
        if self.whole.head.link == "softmax":
            return self.whole.seed(classes)
        return F.one_hot(classes.to(self.whole.device), self.whole.head.outputs).float()

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities of the target's values, as the classifier gives them."""
        return self.whole.scores(logits)

    def lifted(self, example: Tensor) -> Lifted:
        """The classifier as a graph of modules."""
        return self.whole.lifted(example)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFunction:
    """ScoreFunction that a function makes of images, each explained as it is: for sums of outputs and for probes."""

    function: Callable[[Tensor], Tensor]
    """Images [n, channel, row, column] in [0, 1] → evidence [n, score]; differentiable."""
    width: int
    """Number of scores."""
    device: torch.device
    """Where it computes."""

    @property
    def module(self) -> nn.Module:
        """The function as a module."""
        return _Called(self.function)

    def normalise(self, images: Tensor) -> Tensor:
        """The images themselves: whoever made the function normalises inside it."""
        return images.to(self.device)

    def seed(self, classes: Tensor) -> Tensor:
        """One-hot, [image, score]."""
        return F.one_hot(classes.to(self.device), self.width).float()

    def scores(self, logits: Tensor) -> Tensor:
        """The evidence itself."""
        return logits

    def lifted(self, example: Tensor) -> Lifted:
        """There is no graph of a function.

        Raises:
            LiftError: always.
        """
        raise LiftError("A sum of outputs, or a probe, cannot be turned into modules", found="a function")


class _Called(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, images: Tensor) -> Tensor:
        return self._function(images)
