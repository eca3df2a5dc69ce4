"""Every kind of bias that can be planted, by its name in the configuration."""

from __future__ import annotations

from collections.abc import Mapping

from fairaudit.config.schema import Bias, RegionConfig
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.biased_mnist import plant
from fairaudit.data.planted.corrupted import plant_corruption
from fairaudit.data.planted.patched import MASK, plant_patch
from fairaudit.data.planted.planting import brought
from fairaudit.data.planted.red_green import plant_red_green
from fairaudit.data.planted.two_colours import plant_two_colours

_KINDS = {
    "background_colour": plant,
    "two_background_colours": plant_two_colours,
    "red_green": plant_red_green,
    "corruption": plant_corruption,
    "patch": plant_patch,
}
_PLACES: Mapping[str, tuple[str | None, ...]] = {
    "background_colour": ("background",),
    "two_background_colours": ("left_background", "right_background"),
    "red_green": ("figure",),
    "corruption": (None,),
    "patch": (MASK,),
}


def plant_bias(manifest: Manifest, bias: Bias, *, seed: int) -> Manifest:
    """The manifest with a known bias in its images and its values as attributes.

    Raises:
        DataError: the manifest cannot carry such a bias.
    """
    return _KINDS[bias.kind](manifest, bias, seed=seed)


def places(bias: Bias) -> dict[str, str | None]:
    """Attribute that a bias brings → name of the mask where it shows; None where that is the whole image.

    >>> places(Bias(kind="patch", attribute="sticker"))
    {'sticker': 'patch'}
    """
    return dict(zip(brought(bias), _PLACES[bias.kind], strict=True))


def place_regions(bias: Bias) -> dict[str, RegionConfig]:
    """The places of a bias as regions by name, in the form that `audit` takes."""
    masks, names = places(bias), region_names(bias)
    return {names[a] or a: RegionConfig(mask=f"@{mask}") for a, mask in masks.items() if mask is not None}


def region_names(bias: Bias) -> dict[str, str | None]:
    """Attribute that a bias brings → name of the region that shows it; None where that is the whole image.

    A patch is one thing and has one name; a background is a place, and its colour is the attribute.

    >>> region_names(Bias(kind="patch", attribute="sticker")), region_names(Bias(kind="red_green"))
    ({'sticker': 'sticker'}, {'colour': 'figure'})
    """
    return {attribute: attribute if mask == MASK else mask for attribute, mask in places(bias).items()}
