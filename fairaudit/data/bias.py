"""Every kind of bias that can be planted, by its name in the configuration."""

from __future__ import annotations

from fairaudit.config.schema import Bias
from fairaudit.data.biased_mnist import plant
from fairaudit.data.corrupted import plant_corruption
from fairaudit.data.manifest import Manifest
from fairaudit.data.two_colours import plant_two_colours

_KINDS = {
    "background_colour": plant,
    "two_background_colours": plant_two_colours,
    "corruption": plant_corruption,
}


def plant_bias(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with a known bias in its images and its values as attributes.

    Raises:
        DataError: the manifest cannot carry such a bias.
    """
    return _KINDS[bias.kind](manifest, bias, seed=seed)
