"""A generator that was opened: images to latents and back, with where it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from fairaudit.errors import ModelError

GeneratorFormat = Literal["torchscript", "fairaudit", "state-dict", "safetensors", "diffusers"]


class EncoderDecoder(Protocol):
    """What every generator has: both over images in [0, 1]."""

    def encode(self, images: Tensor) -> Tensor:
        """Images [n, c, h, w] → latents [n, …]."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [n, …] → images [n, c, h, w] in [0, 1]."""
        ...


@dataclass(slots=True, kw_only=True, eq=False)
class Generator:
    """A generator in evaluation mode, without gradients for its weights."""

    name: str
    """File or folder name."""
    path: Path
    """Where it came from."""
    sha256: str
    """Digest of the file's bytes (of the weights' file for a folder)."""
    format: GeneratorFormat
    """What the file is, by its content."""
    kind: str
    """autoencoder or cvae for the built-in ones, else the module's class."""
    module: nn.Module
    """Holds the weights."""
    encoder: Callable[[Tensor], object]
    """Images → latents."""
    decoder: Callable[[Tensor], object]
    """Latents → images."""
    image_shape: tuple[int, int, int] | None
    """Channels, height and width as declared; None when the file does not say."""
    parameters: int
    """Number of weights."""
    device: torch.device
    """Where it computes."""

    def describe(self) -> str:
        """What it is, in one line."""
        shape = "any" if self.image_shape is None else " x ".join(str(side) for side in self.image_shape)
        return (
            f"{self.name}: {self.kind} ({self.format}), {self.parameters:,} parameters, images {shape}, "
            f"sha256 {self.sha256[:16]}"
        )

    def encode(self, images: Tensor) -> Tensor:
        """Images [n, c, h, w] in [0, 1] → latents [n, …].

        Raises:
            ModelError: images of another shape than the generator's, or latents that are not a tensor.
        """
        if self.image_shape is not None and tuple(images.shape[1:]) != self.image_shape:
            raise ModelError(
                "The generator works on images of another size than the classifier",
                wanted=f"images {list(images.shape[1:])} (channels, height, width)",
                found=f"a generator for {list(self.image_shape)}",
                where=self.name,
                advice="Train one with `fairaudit generator train`, or change preprocess.size.",
            )
        latents = self._call(self.encoder, images.to(self.device), "encode")
        if not latents.is_floating_point() or len(latents) != len(images):
            raise ModelError(
                "The generator's encode does not give one latent per image",
                wanted=f"a float tensor [{len(images)}, …]",
                found=f"{latents.dtype} {list(latents.shape)}",
                where=self.name,
            )
        return latents

    def decode(self, latents: Tensor) -> Tensor:
        """Latents [n, …] → images [n, c, h, w] in [0, 1]."""
        return self._call(self.decoder, latents, "decode")

    def _call(self, function: Callable[[Tensor], object], value: Tensor, what: str) -> Tensor:
        try:
            found = function(value)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, ValueError) as error:
            if "out of memory" in str(error):
                raise
            raise ModelError(
                f"The generator's {what} fails",
                found=f"{list(value.shape)} → {str(error).strip().splitlines()[-1][:200]}",
                where=self.name,
                advice="It must take the classifier's images, [n, channels, height, width] in [0, 1].",
            ) from error
        if not isinstance(found, Tensor):
            problem, kind = f"The generator's {what} returns no tensor", type(found).__name__
            raise ModelError(problem, wanted="one tensor", found=kind, where=self.name)
        return found
