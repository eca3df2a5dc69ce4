"""Two colours in the background: exact shares, independence, and pixels and masks that are known."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.bias import plant_bias
from fairaudit.data.planted.biased_mnist import COLOURS
from fairaudit.data.source import ArraySource
from fairaudit.errors import RegionError


def manifest(codes, classes=10, size=6):
    images = np.random.default_rng(0).integers(0, 4, (len(codes), size, size + 1), dtype=np.uint8) // 3 * 200
    names = tuple(str(row) for row in range(len(codes)))
    target = Categorical(name="y", values=tuple(map(str, range(classes))), codes=np.asarray(codes, np.int32))
    source = ArraySource(images=images, names=names)
    return Manifest(name="t", ids=names, source=source, target=target, attributes={}, folder=Path())


CODES = np.repeat(np.arange(10), 200)
TWO = Bias(kind="two_background_colours", rho=0.99, rho_right=0.95)


def test_both_halves_have_their_own_share():
    planted = plant_bias(manifest(CODES), TWO, seed=0)
    for name, aligned in (("left_colour", 198), ("right_colour", 190)):
        codes = planted.attributes[name].codes
        assert np.bincount(CODES[codes == CODES]).tolist() == [aligned] * 10
    assert "0.99" in planted.notes[-1]


def test_the_halves_are_independent_given_the_class():
    rho = Bias(kind="two_background_colours", rho=0.5)
    planted = plant_bias(manifest(np.repeat(np.arange(10), 500)), rho, seed=1)
    left, right = (planted.attributes[name].codes == planted.target.codes for name in ("left_colour", "right_colour"))
    table = np.array([[(left & right).sum(), (left & ~right).sum()], [(~left & right).sum(), (~left & ~right).sum()]])
    assert stats.chi2_contingency(table).pvalue > 0.001
    assert table.min() > 1000  # all four combinations


def test_the_pixels_are_what_the_codes_say():
    planted = plant_bias(manifest([3, 5]), TWO, seed=0)
    pixels = np.asarray(planted.source.read(1))
    grey = np.asarray(manifest([3, 5]).source.read(1))
    left, right = (COLOURS[planted.attributes[f"{side}_colour"].codes[1]] for side in ("left", "right"))
    for row, column in np.ndindex(*grey.shape):
        wanted = (255, 255, 255) if grey[row, column] else (left if column < 3 else right)
        assert tuple(pixels[row, column]) == wanted


def test_masks_part_the_image():
    source = plant_bias(manifest([3, 5]), TWO, seed=0).source
    figure, background, left, right = (
        source.mask(0, name) for name in ("figure", "background", "left_background", "right_background")
    )
    assert (figure ^ background).all()
    assert ((left | right) == background).all()
    assert not (left & right).any()
    with pytest.raises(RegionError, match="middle"):
        source.mask(0, "middle")
