"""Corruptions go with their class, keep the mode of the image, and their noise stays with it."""

from pathlib import Path

import numpy as np
import pytest

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.bias import plant_bias
from fairaudit.data.planted.corruptions import CORRUPTIONS
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError, UsageError


def manifest(codes, classes=10, size=6):
    images = np.random.default_rng(0).integers(0, 4, (len(codes), size, size + 1), dtype=np.uint8) // 3 * 200
    names = tuple(str(row) for row in range(len(codes)))
    target = Categorical(name="y", values=tuple(map(str, range(classes))), codes=np.asarray(codes, np.int32))
    source = ArraySource(images=images, names=names)
    return Manifest(name="t", ids=names, source=source, target=target, attributes={}, folder=Path())


def test_corruptions_follow_their_class_and_keep_the_mode():
    codes = np.repeat([0, 1, 2], 50)
    bias = Bias(kind="corruption", rho=0.9, attribute="weather", corruptions=["fog", "contrast", "snow"], severity=5)
    planted = plant_bias(manifest(codes, classes=3, size=8), bias, seed=0)
    column = planted.attributes["weather"]
    assert column.values == ("fog", "contrast", "snow")
    assert np.bincount(codes[column.codes == codes]).tolist() == [45] * 3
    image = planted.source.read(60)
    assert image.mode == "L"
    assert image.tobytes() == planted.source.read(60).tobytes()
    assert image.tobytes() != manifest(codes, classes=3, size=8).source.read(60).tobytes()


def test_noise_stays_with_the_image_when_rows_are_taken():
    bias = Bias(kind="corruption", rho=0.5, corruptions=["gaussian_noise", "shot_noise"])
    planted = plant_bias(manifest([0, 1] * 10, classes=2), bias, seed=0)
    taken = planted.take([7, 3])
    assert taken.source.read(0).tobytes() == planted.source.read(7).tobytes()
    assert taken.source.fingerprint(0) == planted.source.fingerprint(7)
    other = plant_bias(manifest([0, 1] * 10, classes=2), bias, seed=1)
    assert other.source.fingerprint(7) != planted.source.fingerprint(7)


def test_default_corruptions_are_the_first_ones():
    planted = plant_bias(manifest([0, 1, 2], classes=3), Bias(kind="corruption"), seed=0)
    assert planted.attributes["colour"].values == tuple(CORRUPTIONS)[:3]


@pytest.mark.parametrize(
    ("names", "error"),
    [(["fog"], DataError), (["fog", "fog"], DataError), (["fog", "rain"], UsageError)],
)
def test_a_list_of_corruptions_that_does_not_fit_is_refused(names, error):
    with pytest.raises(error):
        plant_bias(manifest([0, 1], classes=2), Bias(kind="corruption", corruptions=names), seed=0)
