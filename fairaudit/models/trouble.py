"""Errors inside a model from elsewhere, reported in one paragraph: its code may raise anything."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor

from fairaudit.engine.memory import is_out_of_memory
from fairaudit.errors import FairauditError, ModelError

P = ParamSpec("P")
T = TypeVar("T")


class NanOutputError(ModelError):
    """Outputs that are not numbers, for some images of a batch."""

    def __init__(self, bad: Tensor, name: str) -> None:
        self.bad = bad
        """Which images, bool [image]."""
        super().__init__(
            "The model returns NaN",
            wanted="numbers",
            found=f"NaN for {int(bad.sum())} of {len(bad)} images",
            where=name,
            advice="Check the weights, preprocess.mean and preprocess.std, and compute in fp32.",
        )


class UnusableOutputError(ModelError):
    """Outputs on noise that are not finite, not repeatable or not of the image alone; no other input size helps."""


def told(opening: Callable[Concatenate[Path, P], T]) -> Callable[Concatenate[Path, P], T]:
    """A function that opens the model file in its first argument, with every error of the model as one paragraph.

    Running out of memory stays what it is: whoever calls may try with less.
    """

    @functools.wraps(opening)
    def guarded(path: Path, /, *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return opening(path, *arguments, **named)
        except FairauditError as error:
            if error.where is None:  # told about a tensor, which does not know its file
                error.where = str(path)
                error.args = (error.paragraph(),)
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise
            raise ModelError(
                "The model cannot be used: it fails when it is tried on images",
                found=first_words(error),
                where=str(path),
                advice="Run it on an image outside fairaudit to see where, and save it again.",
            ) from error

    return guarded


def checked(output: object, images: int, name: str) -> Tensor:
    """Outputs that can be computed with: a dense tensor of real numbers [image, output], one row per image.

    Raises:
        ModelError: they are something else; NanOutputError if some are not numbers.
    """
    if not isinstance(output, Tensor):
        raise _odd(type(output).__name__, images, name)
    form = _form(output)
    if form is not None:
        raise _odd(form, images, name)
    if output.dim() != 2 or len(output) != images:
        raise _odd(f"shape {list(output.shape)}", images, name)
    bad = torch.isnan(output).any(dim=1)
    if bool(bad.any()):
        raise NanOutputError(bad.cpu(), name)
    return output


def _form(output: Tensor) -> str | None:
    if output.is_meta:
        return "a tensor without values (on the device meta)"
    if output.is_quantized:
        return "a quantised tensor"
    if output.layout != torch.strided:
        return f"a sparse tensor ({output.layout})"
    if output.is_complex():
        return "complex numbers"
    return "true and false" if output.dtype == torch.bool else None


def _odd(found: str, images: int, name: str) -> ModelError:
    return ModelError(
        "The model's output cannot be read as logits",
        wanted=f"real numbers [{images}, outputs] for {images} images",
        found=found,
        where=name,
        advice="Audit a classifier, or wrap the model so that it returns logits.",
    )


def first_words(error: BaseException, limit: int = 200) -> str:
    """An error's kind and the last line of it that says something: script modules put their traceback before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
