"""Other images' content in place of a region's: which image gives to which, and what is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.seeds import generator

SWAP = "swap"
"""Name of the fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """A fill: every image's region with the content of its own donor. Nothing leaves the distribution of real regions.

    Pixels come from where both images have the region; elsewhere the donor's mean colour in its region is used. A donor
    without a region gives its pixels as they are.
    """

    images: Tensor
    """The donor of every image, `[image, channel, row, column]`."""
    masks: Tensor | None = None
    """Where the donors have the region, `[image, row, column]`; None takes pixels as they are."""

    def __call__(self, images: Tensor, masks: Tensor) -> Tensor:
        """Images with the donors' content in the masks; a new tensor."""
        return torch.where(masks[:, None], self._content(), images)

    def _content(self) -> Tensor:
        if self.masks is None:
            return self.images
        donated = self.masks[:, None]
        weight = donated.to(self.images.dtype)
        colour = (self.images * weight).sum(dim=(2, 3), keepdim=True)
        colour = colour / weight.sum(dim=(2, 3), keepdim=True).clamp(min=1)
        empty = ~donated.any(dim=3, keepdim=True).any(dim=2, keepdim=True)
        return torch.where(donated | empty, self.images, colour)


def donors(keys: Sequence[str], pool: Sequence[str], *, seed: int, what: str = "donor") -> NDArray[np.int64]:
    """A donor for every image out of a pool, as a place in it; never the image itself, -1 where there is no other.

    An image's donor depends on its key, the pool and the seed only, not on the batch that the image is in.

    Args:
        keys: one per image, such as its row id.
        pool: those of the images that may give.
        seed: seed of the run.
        what: name of the draw.

    >>> donors(["a", "b"], ["a", "b"], seed=0).tolist(), donors(["a"], ["a"], seed=0).tolist()
    ([1, 0], [-1])
    """
    places = {key: place for place, key in enumerate(pool)}
    found = np.full(len(keys), -1, np.int64)
    for image, key in enumerate(keys):
        own = places.get(key)
        free = len(pool) - (own is not None)
        if free:
            place = int(generator(seed, what, key).integers(free))
            found[image] = place + (own is not None and place >= own)
    return found
