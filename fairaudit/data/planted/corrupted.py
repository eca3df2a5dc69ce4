"""A corruption of the image that goes with the class, planted into any manifest, as in Corrupted CIFAR-10.

Class k has the k-th corruption of the list as its own; floor(n ρ) of its n rows get it, each other row one of the
others, drawn uniformly.
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
from fairaudit.data.planted.corruptions import CORRUPTIONS, corrupt
from fairaudit.data.planted.planting import draw_values, free_name, target_for
from fairaudit.data.source import ImageSource
from fairaudit.errors import DataError
from fairaudit.seeds import child_seed, generator


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptedSource:
    """Images of another source, each with one corruption; its noise depends on the seed and the image's name alone."""

    base: ImageSource
    """The images."""
    names: tuple[str, ...]
    """Corruptions by code."""
    codes: NDArray[np.int32]
    """Corruption of every row; -1, for a row without a label, leaves the image as it is."""
    severity: int
    """1 to 5."""
    seed: int
    """Seed of the noise."""

    @property
    def mask_names(self) -> tuple[str, ...]:
        """The masks of the images."""
        return self.base.mask_names

    def __len__(self) -> int:
        return len(self.base)

    def read(self, row: int) -> Image.Image:
        """The corrupted image, in the mode of the original."""
        image, code = self.base.read(row), int(self.codes[row])
        if code < 0:
            return image
        values = np.asarray(image, np.float64) / 255
        pixels = values[..., None] if values.ndim == 2 else values
        draws = generator(self.seed, "corruption", self.base.name(row))
        found = np.round(corrupt(pixels, self.names[code], severity=self.severity, draws=draws) * 255).astype(np.uint8)
        return Image.fromarray(found[..., 0] if values.ndim == 2 else found)

    def fingerprint(self, row: int) -> str:
        """SHA-256 of the image's own and everything that the corruption depends on."""
        code = int(self.codes[row])
        name = self.names[code] if code >= 0 else "none"
        draws = child_seed(self.seed, "corruption", self.base.name(row))
        return hashlib.sha256(f"{self.base.fingerprint(row)} {name} {self.severity} {draws}".encode()).hexdigest()

    def name(self, row: int) -> str:
        """The image's name."""
        return self.base.name(row)

    def mask(self, row: int, name: str) -> NDArray[np.bool_]:
        """The mask of the image."""
        return self.base.mask(row, name)


def plant_corruption(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with corrupted images and the corruption's name as an attribute.

    Raises:
        DataError: there is no target, it has more values than there are corruptions, the list of corruptions does not
            fit it, or the attribute's name is taken.
        UsageError: no corruption has such a name.
    """
    target = target_for(manifest, at_most=len(CORRUPTIONS), what="A corruption needs")
    names = _names(bias, len(target.values))
    name = free_name(manifest, bias.attribute)
    codes = draw_values(target.codes, bias.rho, values=len(names), use="corruption", seed=seed)
    source = CorruptedSource(base=manifest.source, names=names, codes=codes, severity=bias.severity, seed=seed)
    column = Categorical(name=name, values=names, codes=codes)
    return replace(manifest, source=source, attributes={**manifest.attributes, name: column}).noted(
        f"corruptions of severity {bias.severity} planted: a share of {bias.rho:g} has its class's own (seed {seed})"
    )


def _names(bias: Bias, classes: int) -> tuple[str, ...]:
    names = tuple(bias.corruptions) or tuple(CORRUPTIONS)[: max(classes, 2)]
    for name in names:
        CORRUPTIONS[name]  # an unknown name gets a suggestion
    if len(names) < max(classes, 2) or len(set(names)) != len(names):
        raise DataError(
            "The list of corruptions does not fit the target",
            wanted=f"at least {max(classes, 2)} different ones, the k-th for the k-th value",
            found=", ".join(names),
            where="data.bias.corruptions",
        )
    return names
