"""Multi-Color MNIST: two biases at once, the colours of the left and of the right half of the background.

Li, Hoogs and Xu, "Discover and Mitigate Unknown Biases with Debiasing Alternate Networks" (DebiAN), ECCV 2022. Each
half has its own share of rows in the class's colour, ρ_L and ρ_R, drawn independently of the other, so that all four
combinations of aligned and conflicting occur. Colours and draws are those of Biased-MNIST here.
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
from fairaudit.data.planted.biased_mnist import COLOURS
from fairaudit.data.planted.planting import draw_values, free_name, target_for
from fairaudit.data.source import ImageSource, unknown_mask

SIDES = ("left", "right")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoColouredSource:
    """Grey images as white figures on a background of two colours; knows the masks of figure, background and halves."""

    base: ImageSource
    """Grey images; colours are turned into grey first."""
    left: NDArray[np.int32]
    """Index into COLOURS of the left half for every row; -1, for a row without a label, is black."""
    right: NDArray[np.int32]
    """The same of the right half, which has the middle column of an odd width."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """Pixels that are 0 in the grey image, in all and by half, and the others."""
        return ("background", "figure", "left_background", "right_background")

    def __len__(self) -> int:
        return len(self.base)

    def read(self, row: int) -> Image.Image:
        """The coloured image."""
        figure = self.mask(row, "figure")
        half = figure.shape[1] // 2
        pixels = np.empty((*figure.shape, 3), np.uint8)
        pixels[:, :half] = _colour(int(self.left[row]))
        pixels[:, half:] = _colour(int(self.right[row]))
        pixels[figure] = 255
        return Image.fromarray(pixels)

    def fingerprint(self, row: int) -> str:
        """SHA-256 of the grey image's own and both colours."""
        text = f"{self.base.fingerprint(row)} {int(self.left[row])} {int(self.right[row])}"
        return hashlib.sha256(text.encode()).hexdigest()

    def name(self, row: int) -> str:
        """The grey image's name."""
        return self.base.name(row)

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """Where the figure, the background or one half of it is."""
        if name not in self.mask_names:
            raise unknown_mask(name, self.mask_names)
        figure = np.asarray(self.base.read(row).convert("L")) > 0
        if name == "figure":
            return figure
        left = np.arange(figure.shape[1]) < figure.shape[1] // 2
        half = {"left_background": left, "right_background": ~left}.get(name, np.ones_like(left))
        return np.asarray(~figure & half[None, :], np.bool_)


def plant_two_colours(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with two-coloured images and the attributes left_NAME and right_NAME with values "0" to "9".

    Raises:
        DataError: there is no target, it has over ten values, or an attribute's name is taken.
    """
    target = target_for(manifest, at_most=len(COLOURS), what="Two background colours need")
    shares = {"left": bias.rho, "right": bias.rho if bias.rho_right is None else bias.rho_right}
    values = tuple(str(colour) for colour in range(len(COLOURS)))
    columns = {}
    for side in SIDES:
        name = free_name(manifest, f"{side}_{bias.attribute}")
        codes = draw_values(target.codes, shares[side], values=len(COLOURS), use=f"{side} colour", seed=seed)
        columns[side] = Categorical(name=name, values=values, codes=codes)
    source = TwoColouredSource(base=manifest.source, left=columns["left"].codes, right=columns["right"].codes)
    planted = replace(
        manifest, source=source, attributes={**manifest.attributes, **{c.name: c for c in columns.values()}}
    )
    return planted.noted(
        f"two background colours planted: a share of {shares['left']:g} has its class's own colour on the left, "
        f"{shares['right']:g} on the right (seed {seed})"
    )


def _colour(index: int) -> tuple[int, int, int]:
    return COLOURS[index] if index >= 0 else (0, 0, 0)
