"""A model that was opened: images in, logits, probabilities and decisions out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from fairaudit.engine.memory import is_out_of_memory
from fairaudit.errors import FairauditError, ModelError, last_line
from fairaudit.models.outputs.head import Head
from fairaudit.models.trouble import checked

if TYPE_CHECKING:
    from fairaudit.models.lift.lift import Lifted

Format = Literal["torchscript", "state-dict", "safetensors", "pickle", "exported-program", "onnx", "expression"]


@dataclass(slots=True, kw_only=True, eq=False)
class Classifier:
    """A classifier in evaluation mode; only its cache of lifted graphs ever changes."""

    name: str
    """File name, or the expression."""
    path: Path
    """The file it came from."""
    sha256: str
    """Digest of the file's bytes."""
    format: Format
    """What the file is, by its content."""
    head: Head
    """How the outputs are read."""
    module: nn.Module
    """Takes the normalised images and returns logits, or labels, [image, output]."""
    mean: tuple[float, ...] = (0.0,)
    """Subtracted from the images, per channel or one for all."""
    std: tuple[float, ...] = (1.0,)
    """Divided by, per channel or one for all."""
    input_size: tuple[int, int] | None
    """Height and width of the input as declared; None when any size is taken."""
    channels: int = 3
    """Channels of the input."""
    parameters: int
    """Number of weights."""
    device: torch.device
    """Where it computes."""
    notes: tuple[str, ...] = ()
    """What a reader of the report should know about how the file was read."""
    _lifted: dict[tuple[int, ...], Lifted] = field(default_factory=dict, repr=False)

    def normalise(self, images: Tensor) -> Tensor:
        """(images - mean) / std per channel, on the model's device: [image, channel, row, column]; differentiable."""
        return normalised(images.to(self.device), self.mean, self.std)

    def logits(self, images: Tensor) -> Tensor:
        """Raw outputs [image, output] of images [image, channel, row, column] in [0, 1]; differentiable.

        Raises:
            ModelError: the model does not take images of this size, returns NaN, or no probabilities where they are
                expected.
        """
        try:
            output: Tensor = self.module(self.normalise(images))
        except FairauditError:
            raise
        except Exception as error:  # a scripted model raises torch.jit.Error, which is no RuntimeError
            if is_out_of_memory(error):
                raise
            raise failed_on(images, self.name, error) from error
        return checked(output, len(images), self.name)

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities of the target's values, float64 [image, K]; see Head."""
        return self.head.scores(logits)

    def decide(self, scores: Tensor) -> Tensor:
        """Decisions, int64 [image] in 0 … K-1; see Head."""
        return self.head.decide(scores)

    def seed(self, classes: Tensor) -> Tensor:
        """Weights [image, output] that make (logits · seed) the evidence for each image's class; see Head."""
        self.head.require_scores("Explanations", where=self.name)
        return self.head.seed(classes.to(self.device))

    def lifted(self, example: Tensor) -> Lifted:
        """The model as a graph of modules that can be hooked, proven equal to it; see `lift`. Kept per image size.

        Args:
            example: images [image, channel, row, column] in [0, 1].

        Raises:
            LiftError: the model cannot be lifted.
            MethodError: it returns labels.
        """
        from fairaudit.models.lift.lift import lift

        self.head.require_scores("Explanations", where=self.name)
        size = tuple(example.shape[1:])
        if size not in self._lifted:
            self._lifted[size] = lift(self.module, self.normalise(example))
        return self._lifted[size]


def normalised(images: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """(images - mean) / std per channel: [image, channel, row, column]; differentiable."""
    shift = torch.tensor(mean, dtype=images.dtype, device=images.device).view(1, -1, 1, 1)
    scale = torch.tensor(std, dtype=images.dtype, device=images.device).view(1, -1, 1, 1)
    return (images - shift) / scale


def failed_on(images: Tensor, name: str, error: Exception) -> ModelError:
    """What to report when the forward pass fails: a device or a type written into the file, or size and channels."""
    channels, height, width = images.shape[1:]
    text = last_line(error)
    lower = str(error).lower()
    given = f"{channels} channels of {height} x {width} pixels, on which it fails with: {text}"
    if any(word in lower for word in ("cuda", "nvidia")) and images.device.type != "cuda":
        return ModelError(
            "The model has a CUDA device written into it",
            wanted=f"a model that computes where its input is, here on {images.device.type}",
            found=text,
            where=name,
            advice="Use `fairaudit audit --device cuda`, or export it again on the CPU, with devices taken from "
            "x.device.",
        )
    if any(word in lower for word in ("scalar type", "dtype", "bias type", "same type")):
        return ModelError(
            "The model computes in another type than its input",
            wanted="the same floating-point type for weights and images",
            found=given,
            where=name,
            advice="Export it again after .float(), or with all weights in one type.",
        )
    return ModelError(
        "The model does not take these images",
        wanted="the size and the channels it was made for",
        found=given,
        where=name,
        advice="Set preprocess.size and preprocess.channels to what the model was trained with.",
    )
