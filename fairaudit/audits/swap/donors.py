"""Images that give their content, kept as pixels up to a bound and decoded again beyond it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.data.loader import Loader
from fairaudit.data.preprocess import to_float

BUDGET = 512 * 2**20
"""Bytes of decoded donors that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One donor for every image of a batch."""

    images: Tensor
    """`[image, channel, row, column]` in [0, 1]; zeros where there is no donor."""
    masks: Mapping[str, Tensor]
    """Region → the donors' masks, `[image, row, column]`."""
    there: NDArray[np.bool_]
    """`[image]`, whether there is a donor that can be read."""


class DonorImages:
    """Donors by manifest row, read through the study's own loader.

    Args:
        loader: reads images and regions.
        budget: bytes that are kept.
    """

    def __init__(self, loader: Loader, *, budget: int = BUDGET) -> None:
        self._loader = loader
        self._budget = budget
        self._bytes = 0
        self._kept: OrderedDict[int, tuple[Tensor, dict[str, Tensor]] | None] = OrderedDict()

    def give(self, rows: NDArray[np.int64], regions: Sequence[str]) -> Given:
        """The images and regions of these rows, one per entry; −1 gives none."""
        found = self._found(np.unique(rows[rows >= 0]).tolist())
        size = (self._loader.preprocess.channels, *self._loader.input_size())
        pixels = torch.zeros((len(rows), *size), dtype=torch.uint8)
        masks = {name: torch.zeros((len(rows), *size[1:]), dtype=torch.bool) for name in regions}
        there = np.zeros(len(rows), np.bool_)
        for place, row in enumerate(rows.tolist()):
            one = found.get(row)
            if one is not None:
                there[place], pixels[place] = True, one[0]
                for name in regions:
                    masks[name][place] = one[1][name]
        return Given(images=to_float(pixels), masks=masks, there=there)

    def _found(self, rows: list[int]) -> dict[int, tuple[Tensor, dict[str, Tensor]] | None]:
        missing = [row for row in rows if row not in self._kept]
        found = {row: self._kept[row] for row in rows if row in self._kept}
        for row in found:
            self._kept.move_to_end(row)
        if missing:
            batch = self._loader.load(missing)
            found |= dict.fromkeys(missing)  # one that cannot be read gives nothing
            pixels = (batch.images * 255).round().to(torch.uint8)  # v / 255 back to v
            for place, row in enumerate(batch.rows.tolist()):
                found[row] = (pixels[place].clone(), {name: m[place].clone() for name, m in batch.regions.items()})
            for row in missing:
                self._keep(row, found[row])
        return found

    def _keep(self, row: int, one: tuple[Tensor, dict[str, Tensor]] | None) -> None:
        self._kept[row] = one
        self._bytes += _size(one)
        while self._bytes > self._budget and len(self._kept) > 1:
            self._bytes -= _size(self._kept.popitem(last=False)[1])


def _size(one: tuple[Tensor, dict[str, Tensor]] | None) -> int:
    return 0 if one is None else one[0].numel() + sum(mask.numel() for mask in one[1].values())
