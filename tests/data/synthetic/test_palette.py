"""Colours from hues, against the standard library, and those of faces by their labels."""

import colorsys
from types import SimpleNamespace

import numpy as np
import pytest

from fairaudit.data.synthetic.palette import HAIR, SKIN, grey, hair, hue, lips, shirt, skin


@pytest.mark.parametrize("angle", [0.0, 0.1, 1 / 3, 0.5, 0.77, 0.999])
def test_a_hue_is_the_standard_librarys(angle):
    found = hue(np.array([angle], np.float32), saturation=0.6, value=0.8)[:, 0]
    np.testing.assert_allclose(found, colorsys.hsv_to_rgb(angle, 0.6, 0.8), atol=1e-5)


def test_labels_choose_the_colour_and_nuisance_shades_it():
    nuisance = {
        "skin_shade": np.float32([0.0, 0.05]),
        "hair_shade": np.float32([0.0, 0.0]),
        "mouth_red": np.float32([1.0, 0.5]),
    }
    nuisance |= {"shirt_light": np.float32([0.95, 0.5]), "shirt_tint": np.float32([0.1, -0.1])}
    scene = SimpleNamespace(labels={"skin": np.array([2, 0]), "hair": np.array([1, 1])}, nuisance=nuisance)
    np.testing.assert_allclose(skin(scene), np.stack([SKIN[2], SKIN[0] + 0.05], 1), atol=1e-6)
    np.testing.assert_allclose(hair(scene), np.stack([HAIR[1]] * 2, 1))
    np.testing.assert_allclose(lips(scene)[:, 1], [0.5, 0.11, 0.125])
    np.testing.assert_allclose(shirt(scene), [[1.0, 0.4], [0.95, 0.5], [0.85, 0.6]], atol=1e-6)
    assert grey(np.float32([0.3])).shape == (3, 1)
