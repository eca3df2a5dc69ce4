"""Some rows, decoded: what every audit works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fairaudit.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Readable rows with their images, labels and regions, and the rows that are left out, with reasons."""

    rows: NDArray[np.int64]
    """Manifest rows, in the order asked for; n of them."""
    ids: tuple[str, ...]
    """Their ids."""
    images: Tensor
    """[n, c, h, w] float32 in [0, 1] on the CPU, before mean and standard deviation."""
    target: NDArray[np.int32]
    """[n] codes of the target; all -1 when the manifest has none."""
    attributes: Mapping[str, NDArray[np.int32]]
    """Name → [n] codes, -1 unknown."""
    regions: Mapping[str, Tensor]
    """Name → bool [n, h, w], all False where a row has no such region."""
    excluded: tuple[tuple[int, str], ...]
    """(manifest row, reason) of the other rows, in the order asked for."""
    notes: tuple[tuple[int, str], ...] = ()
    """(manifest row, note) of rows that were read in a special way, such as the first frame of an animation."""

    def __len__(self) -> int:
        return len(self.rows)


def readable(batch: Batch) -> Tensor:
    """The images of the batch.

    Raises:
        DataError: there is no readable image.
    """
    if not len(batch):
        raise DataError(
            "Not one of the images that were tried can be read",
            wanted="readable images",
            found=f"{len(batch.excluded):,} excluded, the first: {batch.excluded[0][1] if batch.excluded else 'none'}",
            advice="Check data.root and data.image in fairaudit.yaml.",
        )
    return batch.images
