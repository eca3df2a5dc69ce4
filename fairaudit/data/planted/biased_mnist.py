"""Biased-MNIST's ten background colours, planted into any manifest of grey images.

Bahng et al., "Learning De-biased Representations with Biased Representations" (ReBias), ICML 2020, section 4.2.
Every pixel above 0 becomes white and every 0 the row's background colour. Of the n rows of a class, floor(n ρ) get the
class's own colour; each other row's colour is drawn uniformly from the nine others (the published program deals them
out in equal shares instead, which leaves colours unused in small classes).
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

COLOURS: tuple[tuple[int, int, int], ...] = (
    (255, 0, 0),
    (0, 255, 0),
    (0, 0, 255),
    (225, 225, 0),
    (225, 0, 225),
    (0, 255, 255),
    (255, 128, 0),
    (255, 0, 128),
    (128, 0, 255),
    (128, 128, 128),
)
"""Background colour of class 0 to 9, red, green, blue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColouredSource:
    """Grey images as white figures on a coloured background; knows the masks "background" and "figure"."""

    base: ImageSource
    """Grey images; colours are turned into grey first."""
    colours: NDArray[np.int32]
    """Index into COLOURS for every row; -1, for a row without a label, is black."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """Pixels that are 0 in the grey image, and the others."""
        return ("background", "figure")

    def __len__(self) -> int:
        return len(self.base)

    def read(self, row: int) -> Image.Image:
        """The coloured image."""
        figure = self.mask(row, "figure")
        colour = int(self.colours[row])
        pixels = np.empty((*figure.shape, 3), np.uint8)
        pixels[:] = COLOURS[colour] if colour >= 0 else (0, 0, 0)
        pixels[figure] = 255
        return Image.fromarray(pixels)

    def fingerprint(self, row: int) -> str:
        """SHA-256 of the grey image's own and the colour."""
        return hashlib.sha256(f"{self.base.fingerprint(row)} {int(self.colours[row])}".encode()).hexdigest()

    def name(self, row: int) -> str:
        """The grey image's name."""
        return self.base.name(row)

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """Where the background or the figure is."""
        if name not in self.mask_names:
            raise unknown_mask(name, self.mask_names)
        figure = np.asarray(self.base.read(row).convert("L")) > 0
        return figure if name == "figure" else ~figure


def plant(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with coloured images and the colour as an attribute with values "0" to "9".

    A row is aligned when its colour's code equals its target's code.

    Raises:
        DataError: there is no target, it has over ten values, or the attribute's name is taken.
    """
    target = target_for(manifest, at_most=len(COLOURS), what="A background colour needs")
    free_name(manifest, bias.attribute)
    colours = draw_colours(target.codes, bias.rho, seed=seed)
    column = Categorical(
        name=bias.attribute, values=tuple(str(colour) for colour in range(len(COLOURS))), codes=colours
    )
    return replace(
        manifest,
        source=ColouredSource(base=manifest.source, colours=colours),
        attributes={**manifest.attributes, bias.attribute: column},
    ).noted(f"background colours planted: a share of {bias.rho:g} has its class's own colour (seed {seed})")


def draw_colours(codes: NDArray[np.int32], rho: float, *, seed: int) -> NDArray[np.int32]:
    """A colour per row: floor(n ρ) rows of each class of n get their own code, the others one of the nine others.

    ρ is taken as the decimal number it was written as, so that 1000 rows at 0.995 are 995 and not 994.

    Args:
        codes: class of every row, -1 unknown.
        rho: share of aligned rows, 0 to 1.
        seed: fixes every draw; a class's draws do not depend on the other classes.
    """
    return draw_values(codes, rho, values=len(COLOURS), use="background colour", seed=seed)
