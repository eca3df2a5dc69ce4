"""Red and green figures: exact counts, pure colours, the same shape, and what shape and colour can reach."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.bias import places, plant_bias
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError, RegionError
from fairaudit.pruning.parts import origin


def digits(codes):
    images = np.random.default_rng(0).integers(0, 3, (len(codes), 5, 5), dtype=np.uint8)
    names = tuple(str(row) for row in range(len(codes)))
    values = tuple(str(code) for code in range(10))
    target = Categorical(name="label", values=values, codes=np.asarray(codes, np.int32))
    return Manifest(name="t", ids=names, source=ArraySource(images=images, names=names), target=target, attributes={},
                    folder=Path())  # fmt: skip


def planted(codes, *, rho, seed=0):
    return plant_bias(digits(codes), Bias(kind="red_green", rho=rho), seed=seed)


@pytest.mark.parametrize("rho", [0.8, 0.1])
def test_shape_and_colour_are_worth_what_the_paper_says(rho):
    codes = np.repeat(np.arange(10), 400)
    found = planted(codes, rho=rho)
    label, colour = found.target.codes, found.attributes["colour"].codes
    assert np.mean((codes >= 5) == label) == 0.75
    assert np.mean(colour == label) == pytest.approx(rho, abs=1e-3)
    assert found.target.values == ("0-4", "5-9")
    assert found.attributes["colour"].values == ("red", "green")


def test_a_figure_is_its_grey_image_in_one_channel():
    found, grey = planted([0, 9, 3, 7, -1], rho=0.5, seed=2), digits([0, 9, 3, 7, -1])
    for row in range(4):
        pixels, wanted = np.asarray(found.source.read(row)), np.asarray(grey.source.read(row))
        colour = int(found.attributes["colour"].codes[row])
        assert (pixels[..., colour] == wanted).all()
        assert not np.delete(pixels, colour, axis=2).any()
        assert (found.source.mask(row, "figure") == (wanted > 0)).all()
    assert found.target.codes[4] == found.attributes["colour"].codes[4] == -1
    assert np.asarray(found.source.read(4)).shape == (5, 5, 3)
    with pytest.raises(RegionError, match="background"):
        found.source.mask(0, "background")


def test_the_same_digit_is_one_image_in_both_colours():
    first, second = planted([0] * 40, rho=0.5, seed=1), planted([0] * 40, rho=0.5, seed=2)
    assert any(first.source.fingerprint(row) != second.source.fingerprint(row) for row in range(40))
    assert all(origin(first.source, row) == origin(second.source, row) for row in range(40))
    assert first.source.fingerprint(0) == planted([0] * 40, rho=0.5, seed=1).source.fingerprint(0)
    assert places(Bias(kind="red_green")) == {"colour": "figure"}


def test_a_manifest_without_a_target_is_refused():
    bare = replace(digits([1]), target=None)
    with pytest.raises(DataError, match="target"):
        plant_bias(bare, Bias(kind="red_green"), seed=0)
