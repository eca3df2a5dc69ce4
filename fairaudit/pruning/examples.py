"""Images, labels and bias values in memory: the input of the mask search and its controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Images with their target and their bias values, on one device."""

    images: Tensor
    """Normalised, [image, channel, row, column]."""
    target: Tensor
    """Codes of the target, [image] int64; all known."""
    biases: tuple[Tensor, ...]
    """Codes of every bias, [image] int64, -1 unknown."""
    values: tuple[int, ...]
    """Number of values of every bias."""

    def __post_init__(self) -> None:
        if len(self.biases) != len(self.values) or not self.biases:
            raise ValueError(f"{len(self.biases)} biases with {len(self.values)} numbers of values")
        lengths = {len(self.images), len(self.target), *(len(codes) for codes in self.biases)}
        if len(lengths) != 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")
        if bool((self.target < 0).any()):
            raise ValueError("every target must be known")

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: Tensor | Sequence[int]) -> Examples:
        """The given rows in the given order."""
        index = torch.as_tensor(rows, device=self.images.device)
        return replace(
            self,
            images=self.images[index],
            target=self.target[index],
            biases=tuple(codes[index] for codes in self.biases),
        )
