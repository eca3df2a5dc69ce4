"""A sticker of one colour in every image, planted into any manifest: a shortcut in a known place.

Every image gets the sticker, so that what tells the classes apart is its colour and not that something is there. Of the
n rows of a class, floor(n ρ) get the class's own colour, each other row the colour of another class, drawn uniformly.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.planting import draw_values, free_name, target_for
from fairaudit.data.source import ImageSource, unknown_mask

PATCH_COLOURS: tuple[tuple[int, int, int], ...] = (
    (200, 0, 40),
    (0, 230, 255),
    (255, 240, 200),
    (0, 0, 130),
    (0, 190, 20),
    (200, 0, 255),
    (200, 255, 20),
    (0, 60, 40),
    (255, 90, 90),
    (255, 170, 120),
)
"""Colour of class 0 to 9, red, green, blue. Their grey values differ too, for models that see grey images."""

MASK = "patch"
"""Name of the mask that the images come with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchedSource:
    """RGB images of another source with a sticker each; knows the mask "patch" beside those of the images."""

    base: ImageSource
    """The images."""
    colours: NDArray[np.int32]
    """Index into PATCH_COLOURS of every row; -1, for a row without a label, has no sticker."""
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 as shares of the image."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """The sticker's place, and the masks of the images."""
        return (MASK, *self.base.mask_names)

    def __len__(self) -> int:
        return len(self.base)

    def read(self, row: int) -> Image.Image:
        """The image with its sticker."""
        image = self.base.read(row).convert("RGB")
        colour = int(self.colours[row])
        if colour >= 0:
            x0, y0, x1, y1 = pixel_box(self.box, width=image.width, height=image.height)
            image.paste(PATCH_COLOURS[colour], (x0, y0, x1, y1))
        return image

    def fingerprint(self, row: int) -> str:
        """SHA-256 of the image's own, the colour and the place."""
        text = f"{self.base.fingerprint(row)} {int(self.colours[row])} {self.box}"
        return hashlib.sha256(text.encode()).hexdigest()

    def name(self, row: int) -> str:
        """The image's name."""
        return self.base.name(row)

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """Where the sticker is, or a mask of the image.

        Raises:
            RegionError: there is no such mask.
        """
        if name != MASK:
            if name in self.base.mask_names:
                return self.base.mask(row, name)
            raise unknown_mask(name, self.mask_names)
        image = self.base.read(row)
        x0, y0, x1, y1 = pixel_box(self.box, width=image.width, height=image.height)
        mask = np.zeros((image.height, image.width), np.bool_)
        mask[y0:y1, x0:x1] = True
        return mask


def pixel_box(box: tuple[float, float, float, float], *, width: int, height: int) -> tuple[int, int, int, int]:
    """A box given in shares as pixels x0, y0, x1, y1, end-exclusive: rounded, and at least one pixel wide and high.

    >>> pixel_box((0.25, 0.5, 0.5, 1.0), width=8, height=4)
    (2, 2, 4, 4)
    >>> pixel_box((0.99, 0.0, 1.0, 0.01), width=8, height=4)
    (7, 0, 8, 1)
    """
    x0, y0 = min(round(box[0] * width), width - 1), min(round(box[1] * height), height - 1)
    return x0, y0, max(round(box[2] * width), x0 + 1), max(round(box[3] * height), y0 + 1)


def plant_patch(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with a sticker in every image and, as an attribute, the class whose colour the sticker has.

    There are as many colours as the target has values; for a target of one value there are two, "0" and "1".

    Raises:
        DataError: there is no target, it has over ten values, or the attribute's name is taken.
    """
    target = target_for(manifest, at_most=len(PATCH_COLOURS), what="A patch needs")
    name = free_name(manifest, bias.attribute)
    values = target.values if len(target.values) > 1 else ("0", "1")
    colours = draw_values(target.codes, bias.rho, values=len(values), use="patch colour", seed=seed)
    column = Categorical(name=name, values=values, codes=colours)
    source = PatchedSource(base=manifest.source, colours=colours, box=bias.box)
    return replace(manifest, source=source, attributes={**manifest.attributes, name: column}).noted(
        f"a patch planted: a share of {bias.rho:g} has its class's own colour (seed {seed})"
    )
