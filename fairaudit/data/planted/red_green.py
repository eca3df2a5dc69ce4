"""Red and green figures: a target of two values with wrong labels, and a colour that predicts it better than shape.

Qiang et al., "Counterfactual Interpolation Augmentation" (IJCAI 2022), section 5, after Arjovsky's colored MNIST.
The target is whether the digit is in the upper half of the classes; 25 % of the labels are turned round. The colour,
red for the first value and green for the second, agrees with the label as it then is in a share ρ = 1 − e of the images
(e = .2 in training, .9 in testing). So a reader of the shape is right on 75 % of any such set, one of the colour on ρ.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.planting import draw_values, free_name, target_for
from fairaudit.data.source import ImageSource, unknown_mask
from fairaudit.seeds import generator

COLOURS = ("red", "green")
MOST = 1000
"""Classes that can be halved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedGreenSource:
    """Grey images in shades of red or green on black; knows the mask "figure"."""

    base: ImageSource
    """Grey images; colours are turned into grey first."""
    colours: NDArray[np.int32]
    """0 red, 1 green, for every row; -1, for a row without a label, is grey."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """Pixels that are not 0 in the grey image."""
        return ("figure",)

    def __len__(self) -> int:
        return len(self.base)

    def read(self, row: int) -> Image.Image:
        """The coloured image."""
        grey, colour = np.asarray(self.base.read(row).convert("L")), int(self.colours[row])
        if colour < 0:
            return Image.fromarray(np.repeat(grey[..., None], 3, axis=2))
        pixels = np.zeros((*grey.shape, 3), np.uint8)
        pixels[..., colour] = grey
        return Image.fromarray(pixels)

    def fingerprint(self, row: int) -> str:
        """SHA-256 of the grey image's own and the colour."""
        return hashlib.sha256(f"{self.base.fingerprint(row)} red-green {int(self.colours[row])}".encode()).hexdigest()

    def name(self, row: int) -> str:
        """The grey image's name."""
        return self.base.name(row)

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """Where the figure is."""
        if name not in self.mask_names:
            raise unknown_mask(name, self.mask_names)
        return np.asarray(np.asarray(self.base.read(row).convert("L")) > 0, np.bool_)


def plant_red_green(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with red and green figures, a target of two values, and the colour as an attribute.

    The target's first value is the lower half of the classes, for ten digits 0 to 4.

    Raises:
        DataError: there is no target, or the attribute's name is taken.
    """
    target = target_for(manifest, at_most=MOST, what="Red and green figures need")
    free_name(manifest, bias.attribute)
    half = (len(target.values) + 1) // 2
    codes = np.where(target.codes < 0, -1, target.codes >= half).astype(np.int32)
    noisy = turned(codes, bias.label_noise, seed=seed)
    colours = draw_values(noisy, bias.rho, values=2, use="red or green", seed=seed)
    values = tuple(_between(part) for part in (target.values[:half], target.values[half:]))
    return replace(
        manifest,
        source=RedGreenSource(base=manifest.source, colours=colours),
        target=Categorical(name=target.name, values=values, codes=noisy),
        attributes={
            **manifest.attributes, bias.attribute: Categorical(name=bias.attribute, values=COLOURS, codes=colours)
        },
    ).noted(
        f"red and green figures planted: {bias.label_noise:.0%} of the labels turned round, a share of {bias.rho:g} in "
        f"its label's colour (seed {seed})"
    )  # fmt: skip


def turned(codes: NDArray[np.int32], share: float, *, seed: int) -> NDArray[np.int32]:
    """Codes of two values, floor(n · share) of each value's rows swapped; -1 stays.

    >>> turned(np.array([0, 0, 0, 0, 1, -1], np.int32), 0.25, seed=0).tolist().count(1)
    2
    """
    found = codes.copy()
    for code in (0, 1):
        rows = generator(seed, "label noise", code).permutation(np.flatnonzero(codes == code))
        found[rows[: math.floor(len(rows) * Fraction(str(share)))]] = 1 - code
    return found


def _between(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"{values[0]}-{values[-1]}"
