"""What a model does on a few images of noise: its size, its outputs, and whether it can be audited at all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError
from fairaudit.models.classifier import failed_on
from fairaudit.models.outputs.adapt import FixedBatch, Logits, as_logits
from fairaudit.models.trouble import UnusableOutputError

SIZES = (64, 224, 32, 28, 128, 256, 299)
"""Sides tried, in order, when the size of the input is not declared."""
TOLERANCE = 1e-3
"""Largest change of an output, relative to the largest output, that two forward passes may show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedModel:
    """The findings about a model."""

    module: nn.Module
    """The model, wrapped if need be, that returns logits [image, output] for any batch."""
    outputs: int
    """Number of outputs."""
    whole: bool
    """Whether the model returns numbers without fractions by their type, as labels are."""
    size: tuple[int, int]
    """Height and width of the images it was tried on."""
    notes: tuple[str, ...]
    """What was wrapped, and why."""


def noise(images: int, channels: int, size: tuple[int, int], device: torch.device | str = "cpu") -> Tensor:
    """Images of standard normal noise, always the same ones: [images, channels, *size]."""
    generator = torch.Generator().manual_seed(20_250_711)
    return torch.randn(images, channels, *size, generator=generator).to(device)


def probe(
    model: nn.Module,
    *,
    channels: int,
    size: tuple[int, int] | None,
    device: torch.device,
    name: str,
    batch: int | None = None,
    head: str | int | None = None,
    takes: torch.dtype | None = None,
    nhwc: bool = False,
) -> ProbedModel:
    """Try the model on noise.

    Args:
        model: in evaluation mode, on the device.
        channels: channels of the input.
        size: height and width of the input; None tries a few usual ones.
        device: where the model is.
        name: the model's name, for errors.
        batch: the one batch size that it takes, where that is so.
        head: key or place of the output, where the model returns several.
        takes: type that images are cast to before they go in; None leaves them.
        nhwc: whether the model wants the channels last.

    Raises:
        ModelError: it fails on these images, returns no logits or NaN, differs between two identical passes, or lets
            the images of a batch change each other's outputs.
    """
    reading = Logits(model, head=head, takes=takes, nhwc=nhwc)
    usable, tried, whole = _usable(reading, channels, size, device=device, name=name, batch=batch)
    images = noise(3, channels, tried, device)
    with torch.no_grad():
        first, again = usable(images), usable(images)
        alone = torch.cat([usable(images[number : number + 1]) for number in range(2)])
    if not bool(torch.isfinite(first).all()):
        raise UnusableOutputError(
            "The model returns NaN or infinity on noise",
            wanted="numbers",
            found=f"{int((~torch.isfinite(first)).sum())} of {first.numel()} outputs are not finite",
            where=name,
            advice="Check the weights: such a model comes from a training run that diverged.",
        )
    _check_same(first, again, name, "differ between two passes over the same images", "dropout or noise is active")
    _check_same(
        first[:2], alone, name, "of an image depend on the others in its batch", "batch norm is in training mode"
    )
    notes: tuple[str, ...] = ()
    if isinstance(usable, FixedBatch):
        notes = (f"{name} takes batches of {usable.batch} only: {_SLICES[usable.batch == 1]}.",)
    return ProbedModel(module=usable, outputs=first.shape[1], whole=whole, size=tried, notes=notes)


_SLICES = {
    True: "images go through one by one, which is slow; export it with a dynamic batch",
    False: "images go through in slices, the last one filled up",
}


def _usable(
    reading: Logits,
    channels: int,
    size: tuple[int, int] | None,
    *,
    device: torch.device,
    name: str,
    batch: int | None,
) -> tuple[nn.Module, tuple[int, int], bool]:
    """The model, wrapped as needed, the size it works on, and whether its outputs have a whole type."""
    failure: ModelError | None = None
    for tried in [size] if size is not None else [(side, side) for side in SIZES]:
        images = noise(2, channels, tried, device)
        # Traced with one image, a model may have that number in its reshapes.
        for count in [batch] if batch is not None else [None, 1]:
            try:
                with torch.no_grad():
                    usable, whole = _wrapped(reading, images, count)
                return usable, tried, whole
            except torch.OutOfMemoryError:
                raise
            except ModelError as error:
                failure = failure or error
            except Exception as error:  # a scripted model raises torch.jit.Error, which is no RuntimeError
                failure = failure or failed_on(images, name, error)
    raise failure or ModelError("The model takes none of the common input sizes", where=name)


def _wrapped(reading: Logits, images: Tensor, batch: int | None) -> tuple[nn.Module, bool]:
    """The model as one that returns floating [image, output] for any batch, and whether its own type is whole."""
    if batch is not None:
        filled = torch.cat([images] * batch)[:batch]
        return FixedBatch(reading, batch), not reading.raw(filled).is_floating_point()
    if reading.head is None and reading.takes is None and not reading.nhwc:
        output = reading.model(images)
        if isinstance(output, Tensor) and output.dim() == 2 and output.dtype == torch.float32:
            _ = as_logits(output, len(images))
            return reading.model, False
        return reading, not as_logits(output, len(images)).is_floating_point()
    return reading, not reading.raw(images).is_floating_point()


def _check_same(left: Tensor, right: Tensor, name: str, what: str, why: str) -> None:
    gap = float((left - right).abs().max())
    scale = max(float(left.abs().max()), 1e-6)
    if gap > TOLERANCE * scale:
        raise UnusableOutputError(
            f"The model's outputs {what}",
            wanted="a model in evaluation mode, whose outputs depend on the image alone",
            found=f"outputs that move by up to {gap / scale:.1%} of the largest one: perhaps {why}",
            where=name,
            advice="Call .eval() before scripting, tracing, freezing or exporting it.",
        )
