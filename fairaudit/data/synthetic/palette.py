"""Colours of synthetic faces, each [channel, image] in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fairaudit.data.synthetic.canvas import Array
from fairaudit.data.synthetic.scene import Scene

SKIN = np.array([[0.93, 0.77, 0.66], [0.76, 0.56, 0.42], [0.50, 0.35, 0.26]], dtype=np.float32)
HAIR = np.array([[0.10, 0.09, 0.09], [0.38, 0.23, 0.13], [0.86, 0.72, 0.42]], dtype=np.float32)


def skin(scene: Scene) -> Array:
    """The skin tone, a little lighter or darker from face to face."""
    return _by_code(SKIN, scene.labels["skin"]) + scene.nuisance["skin_shade"]


def hair(scene: Scene) -> Array:
    """The hair colour, a little lighter or darker from face to face."""
    return _by_code(HAIR, scene.labels["hair"]) + scene.nuisance["hair_shade"]


def lips(scene: Scene) -> Array:
    """A red that does not depend on the skin tone."""
    red = scene.nuisance["mouth_red"]
    return np.stack([red, red * np.float32(0.22), red * np.float32(0.25)])


def shirt(scene: Scene) -> Array:
    """A light shirt, warmer or cooler."""
    light, tint = scene.nuisance["shirt_light"], scene.nuisance["shirt_tint"]
    return np.stack([light + tint, light, light - tint]).clip(0, 1)


def necktie(scene: Scene) -> Array:
    """A saturated dark colour."""
    return hue(scene.nuisance["tie_hue"], saturation=0.85, value=0.62)


def hat(scene: Scene) -> Array:
    """A muted colour."""
    return hue(scene.nuisance["hat_hue"], saturation=0.55, value=0.50)


def hue(angle: Array, *, saturation: float, value: float) -> Array:
    """A colour [channel, image] from its hue in turns (0 is red).

    >>> hue(np.array([0.0], dtype=np.float32), saturation=1.0, value=0.5)[:, 0].tolist()
    [0.5, 0.0, 0.0]
    """
    steps = (np.array([[5.0], [3.0], [1.0]], dtype=np.float32) + angle * np.float32(6)) % np.float32(6)
    share = np.clip(np.minimum(steps, np.float32(4) - steps), 0, 1)
    colour: Array = np.float32(value) * (1 - np.float32(saturation) * share)
    return colour


def grey(values: Array) -> Array:
    """The same value in every channel."""
    return np.stack([values, values, values])


def _by_code(table: Array, codes: NDArray[np.int64]) -> Array:
    return table[codes].T
