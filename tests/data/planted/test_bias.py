"""Planted biases: exact shares, independence of two, masks and pixels that are known, and refusals."""

from pathlib import Path

import numpy as np
import pytest

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.bias import place_regions, places, plant_bias, region_names
from fairaudit.data.planted.planting import brought
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError


def manifest(codes, classes=10, size=6):
    images = np.random.default_rng(0).integers(0, 4, (len(codes), size, size + 1), dtype=np.uint8) // 3 * 200
    names = tuple(str(row) for row in range(len(codes)))
    target = Categorical(name="y", values=tuple(map(str, range(classes))), codes=np.asarray(codes, np.int32))
    source = ArraySource(images=images, names=names)
    return Manifest(name="t", ids=names, source=source, target=target, attributes={}, folder=Path())


@pytest.mark.parametrize("kind", ["background_colour", "two_background_colours", "corruption", "patch"])
def test_a_row_without_a_label_stays_neutral(kind):
    planted = plant_bias(manifest([0, -1, 1], classes=2), Bias(kind=kind), seed=0)
    assert all(column.codes[1] == -1 for column in planted.attributes.values())
    assert set(planted.attributes) == set(brought(Bias(kind=kind)))
    planted.source.read(1)


@pytest.mark.parametrize("kind", ["background_colour", "two_background_colours", "corruption", "patch"])
def test_too_many_classes_and_taken_names_are_refused(kind):
    with pytest.raises(DataError, match="at most"):
        plant_bias(manifest([0], classes=16), Bias(kind=kind), seed=0)
    once = plant_bias(manifest([0, 1], classes=2), Bias(kind=kind), seed=0)
    with pytest.raises(DataError, match="already exists"):
        plant_bias(once, Bias(kind=kind), seed=0)


KINDS = ("background_colour", "two_background_colours", "corruption", "patch")


@pytest.mark.parametrize("kind", KINDS)
def test_counts_are_exact_seeded_and_do_not_depend_on_other_classes(kind):
    # 8 classes of 125 rows: floor(125 · 0.9) = 112 of each are aligned.
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(8), 125))
    bias = Bias(kind=kind, rho=0.9)
    one, again, other = (plant_bias(manifest(codes, classes=8), bias, seed=seed) for seed in (0, 0, 1))
    some = plant_bias(manifest(codes[codes < 5], classes=8), bias, seed=0)
    for name, column in one.attributes.items():
        assert np.bincount(codes[column.codes == codes], minlength=8).tolist() == [112] * 8
        assert np.array_equal(column.codes, again.attributes[name].codes)
        assert not np.array_equal(column.codes, other.attributes[name].codes)
        assert np.array_equal(column.codes[codes < 5], some.attributes[name].codes)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_is_the_same_in_whatever_order_rows_are_read(kind):
    planted = plant_bias(manifest([0, 1] * 6, classes=2, size=12), Bias(kind=kind, rho=0.5), seed=0)
    order = [7, 0, 11, 3]
    forward = {row: planted.source.read(row).tobytes() for row in range(12)}
    assert [planted.source.read(row).tobytes() for row in order] == [forward[row] for row in order]
    assert [planted.take(order).source.read(k).tobytes() for k in range(4)] == [forward[row] for row in order]


@pytest.mark.parametrize("kind", KINDS)
def test_every_attribute_has_its_place_and_the_images_know_it(kind):
    bias = Bias(kind=kind)
    planted = plant_bias(manifest([0, 1], classes=2), bias, seed=0)
    assert tuple(places(bias)) == brought(bias)
    known = {mask for mask in places(bias).values() if mask is not None}
    regions = place_regions(bias)
    assert {region.mask for region in regions.values()} == {f"@{mask}" for mask in known}
    assert set(regions) == {name for name in region_names(bias).values() if name is not None}
    assert all(planted.source.mask(0, name).any() for name in known)
