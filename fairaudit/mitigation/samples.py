"""The rows a method learns from: labels in memory, images by the batch, so that they need not all fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Some rows with their images, on one device."""

    images: Tensor
    """Normalised, [image, channel, row, column]."""
    target: Tensor
    """Codes of the target, [image] int64; all known."""
    attribute: Tensor
    """Codes of the attribute, [image] int64, -1 unknown."""
    masks: Tensor | None = None
    """True inside the region, [image, row, column]; None where no region was named."""
    frames: Tensor | None = None
    """The same images with the attribute changed and nothing else, [image, frame, channel, row, column], NaN where an
    image has no such frame; None without twins."""
    drawn: Tensor | None = None
    """Images between each one's reconstruction and its counterfactual, of a conditional VAE, [image, frame, channel,
    row, column], NaN where an image has none; None without one."""


class Coded(Protocol):
    """What is known of images: codes of target and attribute, and how many values there are."""

    @property
    def target(self) -> Tensor:
        """Codes of the target, [image] int64, on the CPU."""

    @property
    def attribute(self) -> Tensor:
        """Codes of the attribute, [image] int64, -1 unknown, on the CPU."""

    @property
    def classes(self) -> int:
        """Number of target values."""

    @property
    def groups(self) -> int:
        """Number of attribute values."""


class DataPart(Coded, Protocol):
    """One part of the data: debias, choose or report."""

    @property
    def has_masks(self) -> bool:
        """Whether its rows come with a region."""

    @property
    def has_frames(self) -> bool:
        """Whether its rows come with twins."""

    def __len__(self) -> int: ...

    def take(self, rows: Tensor) -> Samples:
        """The given rows in the given order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InMemory:
    """A part that is held in memory as a whole."""

    samples: Samples
    classes: int
    groups: int

    @property
    def target(self) -> Tensor:
        """Codes of the target, on the CPU."""
        return self.samples.target.cpu()

    @property
    def attribute(self) -> Tensor:
        """Codes of the attribute, on the CPU."""
        return self.samples.attribute.cpu()

    @property
    def has_masks(self) -> bool:
        """Whether its rows come with a region."""
        return self.samples.masks is not None

    @property
    def has_frames(self) -> bool:
        """Whether its rows come with twins."""
        return self.samples.frames is not None

    def __len__(self) -> int:
        return len(self.samples.target)

    def take(self, rows: Tensor) -> Samples:
        """The given rows in the given order."""
        own, index = self.samples, rows.to(self.samples.images.device)
        return Samples(
            images=own.images[index],
            target=own.target[index],
            attribute=own.attribute[index],
            masks=None if own.masks is None else own.masks[index],
            frames=None if own.frames is None else own.frames[index],
            drawn=None if own.drawn is None else own.drawn[index],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Derived:
    """A part over another one, from which it takes whatever it does not define itself."""

    base: DataPart

    @property
    def target(self) -> Tensor:
        """Codes of the target, on the CPU."""
        return self.base.target

    @property
    def attribute(self) -> Tensor:
        """Codes of the attribute, on the CPU."""
        return self.base.attribute

    @property
    def classes(self) -> int:
        """Number of target values."""
        return self.base.classes

    @property
    def groups(self) -> int:
        """Number of attribute values."""
        return self.base.groups

    @property
    def has_masks(self) -> bool:
        """Whether its rows come with a region."""
        return self.base.has_masks

    @property
    def has_frames(self) -> bool:
        """Whether its rows come with twins."""
        return self.base.has_frames

    def __len__(self) -> int:
        return len(self.base)

    def take(self, rows: Tensor) -> Samples:
        """The given rows in the given order."""
        return self.base.take(rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen(Derived):
    """Some rows of a part, as a part."""

    rows: Tensor
    """Rows of the base, in order."""

    @property
    def target(self) -> Tensor:
        """Codes of the target, on the CPU."""
        return self.base.target[self.rows]

    @property
    def attribute(self) -> Tensor:
        """Codes of the attribute, on the CPU."""
        return self.base.attribute[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: Tensor) -> Samples:
        """The given rows in the given order."""
        return self.base.take(self.rows[rows])


def cells(part: DataPart) -> Tensor:
    """The cell of every row, attribute · classes + target, [image] int64; -1 where the attribute is unknown."""
    attribute = part.attribute
    return torch.where(attribute >= 0, attribute * part.classes + part.target, torch.full_like(attribute, -1))


def cell_counts(part: DataPart) -> Tensor:
    """Rows per cell, [attribute value · target value] int64; rows of unknown attribute are in none."""
    found = cells(part)
    return torch.bincount(found[found >= 0], minlength=part.classes * part.groups)


def undersampled(part: DataPart, generator: torch.Generator) -> Chosen:
    """As many rows of every cell as the scarcest has, drawn at random, in the part's order.

    Raises:
        ValueError: a cell has no rows.
    """
    counts = cell_counts(part)
    fewest = int(counts.min())
    if fewest == 0:
        raise ValueError("a cell of attribute and target has no rows")
    found, rows = cells(part), []
    for cell in range(len(counts)):
        inside = torch.nonzero(found == cell)[:, 0]
        rows.append(inside[torch.randperm(len(inside), generator=generator)[:fewest]])
    return Chosen(base=part, rows=torch.sort(torch.cat(rows)).values)
