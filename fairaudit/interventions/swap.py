"""Another image's content in place of a region's. Which image gives to which is for `measures.donors` to say."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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
