"""What an attribution method takes and returns, and what all of them share: checks and the reduction of channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

if TYPE_CHECKING:
    from fairaudit.models.lift.lift import Lifted

Family = Literal["gradient", "lrp", "gradcam", "perturbation", "control"]
Reduction = Literal["sum", "abs_sum", "l2"]


class Explained(Protocol):
    """The part of a Classifier that attribution needs; the scalar explained is F(x) = Σ_o logit_o · seed_o."""

    @property
    def module(self) -> nn.Module:
        """Takes the normalised images and returns logits [image, output]."""

    def normalise(self, images: Tensor) -> Tensor:
        """Images in [0, 1] as the model's input, on the model's device."""

    def seed(self, classes: Tensor) -> Tensor:
        """Weights [image, output] that make (logits · seed) the evidence for each image's class."""

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities of the target's values [image, K]."""

    def lifted(self, example: Tensor) -> Lifted:
        """The model as an eager graph of modules; raises LiftError where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Signed relevance per pixel of each image, and how far it adds up."""

    maps: Tensor
    """[image, row, column] at the resolution of the model's input; signed when channels were summed."""
    residual: Tensor | None = None
    """[image] completeness gap |Σ map − (F(x) − F(x0))| over the scale of F; None where no such sum is promised."""
    conservation: Tensor | None = None
    """[image] Σ map / F(x); NaN where F(x) = 0; None where the method promises no such sum."""
    evaluations: int
    """Images that went through the model, a gradient counting as one."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Name of every field that has a value → its values, from which `of` makes the same again."""
        found = {name: getattr(self, name) for name in ("maps", "residual", "conservation")}
        arrays = {name: value.detach().cpu().numpy() for name, value in found.items() if value is not None}
        return {**arrays, "evaluations": np.array(self.evaluations)}

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[np.generic]], device: torch.device) -> Attribution:
        """The attribution that these arrays were made of, on a device."""
        tensors = {name: torch.from_numpy(value).to(device) for name, value in arrays.items() if name != "evaluations"}
        return cls(**tensors, evaluations=int(arrays["evaluations"]))


class Method(Protocol):
    """One attribution method; its settings are its fields."""

    @property
    def name(self) -> str:
        """Name that configurations and reports use."""

    @property
    def family(self) -> Family:
        """Which properties of the model the method needs."""

    def attribute(self, classifier: Explained, images: Tensor, classes: Tensor, *, seed: int = 0) -> Attribution:
        """Relevance of every pixel for the evidence of each image's class.

        Args:
            classifier: the model.
            images: [image, channel, row, column] in [0, 1].
            classes: [image] index of the target value whose evidence is explained.
            seed: makes methods that draw random numbers repeatable, whatever the batch an image is in.

        Raises:
            MethodError: the method is not valid for this model.
        """


@runtime_checkable
class TakesLabels(Protocol):
    """A method that needs the labels of the images it explains."""

    def labelled(self, target: Tensor, attributes: Mapping[str, Tensor]) -> Method:
        """The method for images with these labels, in their order.

        Args:
            target: [image] code of the target, −1 for unknown.
            attributes: attribute → [image] code, −1 for unknown.
        """


def labelled(method: Method, target: Tensor, attributes: Mapping[str, Tensor]) -> Method:
    """The method with the labels of the images that it is about to explain, if it is one that needs them."""
    return method.labelled(target, attributes) if isinstance(method, TakesLabels) else method


def check(images: Tensor, classes: Tensor) -> None:
    """Refuse arguments that do not fit together.

    Raises:
        ValueError: wrong axes, or another number of classes than images.
    """
    if images.ndim != 4 or not images.is_floating_point():
        raise ValueError(
            f"images must be floating point [image, channel, row, column], found {images.dtype} {list(images.shape)}"
        )
    if classes.shape != images.shape[:1]:
        raise ValueError(f"classes must be [{len(images)}], found {list(classes.shape)}")


def reduce_channels(relevance: Tensor, reduction: Reduction) -> Tensor:
    """One number per pixel from one per channel: [image, channel, row, column] to [image, row, column].

    `sum` keeps the sign and every sum over the map (completeness, conservation); `abs_sum` and `l2` keep magnitudes.

    >>> import torch
    >>> pixel = torch.tensor([3.0, -4.0]).view(1, 2, 1, 1)
    >>> [reduce_channels(pixel, how).item() for how in ("sum", "abs_sum", "l2")]
    [-1.0, 7.0, 5.0]
    """
    if reduction == "sum":
        return relevance.sum(1)
    if reduction == "abs_sum":
        return relevance.abs().sum(1)
    return relevance.square().sum(1).sqrt()


def total(maps: Tensor) -> Tensor:
    """Sum over all axes but the first, in float64."""
    return maps.flatten(1).double().sum(1)
