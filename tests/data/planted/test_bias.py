"""Planted biases: exact shares, independence of two, masks and pixels that are known, and refusals."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.bias import place_regions, places, plant_bias, region_names
from fairaudit.data.planted.biased_mnist import COLOURS
from fairaudit.data.planted.corruptions import CORRUPTIONS
from fairaudit.data.planted.planting import brought, draw_values
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError, RegionError, UsageError


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


@pytest.mark.parametrize(
    ("names", "error"),
    [(["fog"], DataError), (["fog", "fog"], DataError), (["fog", "rain"], UsageError)],
)
def test_a_list_of_corruptions_that_does_not_fit_is_refused(names, error):
    with pytest.raises(error):
        plant_bias(manifest([0, 1], classes=2), Bias(kind="corruption", corruptions=names), seed=0)


def test_others_are_uniform_over_more_values_than_classes():
    drawn = draw_values(np.zeros(6000, np.int32), 0.0, values=4, use="x", seed=0)
    assert stats.chisquare(np.bincount(drawn)[1:]).pvalue > 0.001
    assert (drawn > 0).all()


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
