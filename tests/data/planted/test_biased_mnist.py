"""Planted background colours: exact counts, uniform other colours, and masks that are known exactly."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fairaudit.config.schema import Bias, Config
from fairaudit.data.categorical import Categorical
from fairaudit.data.loader import Loader
from fairaudit.data.manifest import Manifest
from fairaudit.data.open import open_manifest
from fairaudit.data.planted.biased_mnist import COLOURS, draw_colours, plant
from fairaudit.data.source import ArraySource
from fairaudit.errors import DataError, RegionError


def digits(codes: list[int], classes: int = 10) -> Manifest:
    images = np.random.default_rng(0).integers(0, 3, (len(codes), 5, 5), dtype=np.uint8)
    names = tuple(str(row) for row in range(len(codes)))
    values = tuple(str(code) for code in range(classes))
    return Manifest(
        name="t",
        ids=names,
        source=ArraySource(images=images, names=names),
        target=Categorical(name="label", values=values, codes=np.asarray(codes, np.int32)),
        attributes={},
        folder=Path(),
    )


@pytest.mark.parametrize(("rho", "aligned"), [(0.995, 995), (0.999, 999), (0.29, 290), (0.1, 100), (0, 0), (1, 1000)])
def test_the_number_of_aligned_rows_is_exact_in_every_class(rho, aligned):
    codes = np.repeat(np.arange(10, dtype=np.int32), 1000)
    colours = draw_colours(codes, rho, seed=3)
    assert np.bincount(codes[colours == codes], minlength=10).tolist() == [aligned] * 10


@given(st.lists(st.integers(-1, 9), max_size=60), st.integers(0, 1000), st.integers(0, 9))
def test_the_count_is_the_floor_and_unknown_rows_have_no_colour(codes, thousandths, seed):
    labels, rho = np.asarray(codes, np.int32), thousandths / 1000
    colours = draw_colours(labels, rho, seed=seed)
    for code in range(10):
        count = int((labels == code).sum())
        assert int(((colours == code) & (labels == code)).sum()) == count * Fraction(thousandths, 1000) // 1
    assert ((colours == -1) == (labels == -1)).all()


def test_other_colours_are_uniform_over_the_nine_others():
    colours = draw_colours(np.full(9000, 4, np.int32), 0, seed=1)
    counts = np.bincount(colours, minlength=10)
    assert counts[4] == 0
    assert stats.chisquare(np.delete(counts, 4)).pvalue > 0.001


def test_aligned_rows_are_a_random_part_and_not_the_first():
    colours = draw_colours(np.zeros(2000, np.int32), 0.5, seed=2)
    assert stats.mannwhitneyu(np.flatnonzero(colours == 0), np.flatnonzero(colours != 0)).pvalue > 0.001


def test_draws_depend_on_the_seed_and_not_on_other_classes():
    codes = np.asarray([0] * 50 + [1] * 50, np.int32)
    colours = draw_colours(codes, 0.3, seed=5)
    assert np.array_equal(colours, draw_colours(codes, 0.3, seed=5))
    assert not np.array_equal(colours, draw_colours(codes, 0.3, seed=6))
    assert np.array_equal(colours[50:], draw_colours(codes[50:], 0.3, seed=5))


def test_pixels_and_masks_by_hand():
    manifest = plant(digits([3, 3, 7]), Bias(rho=1), seed=0)
    grey = digits([3, 3, 7]).source
    for row, code in enumerate([3, 3, 7]):
        figure = np.asarray(grey.read(row)) > 0
        pixels = np.asarray(manifest.source.read(row))
        assert (pixels[figure] == 255).all()
        assert (pixels[~figure] == COLOURS[code]).all()
        assert np.array_equal(manifest.source.mask(row, "background"), ~figure)
        assert np.array_equal(manifest.source.mask(row, "figure"), figure)
        assert manifest.source.name(row) == grey.name(row)
    assert manifest.attributes["colour"].values == tuple("0123456789")
    with pytest.raises(RegionError, match=r'"@backgrund".*Did you mean "background"'):
        manifest.source.mask(0, "backgrund")


def test_the_colour_changes_the_fingerprint():
    one, other = (plant(digits([3]), Bias(rho=rho), seed=0).source.fingerprint(0) for rho in (1, 0))
    assert one != other


def test_fewer_classes_and_unknown_rows():
    manifest = plant(digits([0, 1, -1], classes=2), Bias(rho=1), seed=0)
    assert manifest.attributes["colour"].codes.tolist() == [0, 1, -1]
    figure = np.asarray(digits([0, 1, -1]).source.read(2)) > 0
    assert (np.asarray(manifest.source.read(2))[~figure] == 0).all()


def test_what_cannot_be_coloured():
    with pytest.raises(DataError, match="Found: 11 values"):
        plant(digits([0], classes=11), Bias(), seed=0)
    with pytest.raises(DataError, match="no target"):
        plant(replace(digits([0]), target=None), Bias(), seed=0)
    taken = digits([0])
    with pytest.raises(DataError, match="already exists"):
        plant(replace(taken, attributes={"colour": taken.target}), Bias(), seed=0)


def test_the_real_digits_and_their_background_region(mnist_folder):
    config = Config.model_validate(
        {
            "data": {"manifest": {"layout": "mnist", "root": str(mnist_folder)}, "bias": {"rho": 0.99}},
            "regions": {"background": {"mask": "@background"}},
        }
    )
    manifest = open_manifest(config, base=mnist_folder, seed=1)
    assert len(manifest) == 10_000
    codes, colours = manifest.target.codes, manifest.attributes["colour"].codes
    per_class = np.bincount(codes, minlength=10)
    assert per_class.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]  # as published
    assert np.bincount(codes[codes == colours], minlength=10).tolist() == [int(n) * 99 // 100 for n in per_class]
    batch = Loader(manifest, config.preprocess, config.regions, 2).load(range(0, 10_000, 500))
    for image, mask, colour in zip(batch.images, batch.regions["background"], batch.attributes["colour"], strict=True):
        expected = torch.tensor(COLOURS[colour]) / 255
        assert torch.equal(image[:, mask], expected[:, None].expand(-1, int(mask.sum())))
        assert (image[:, ~mask] == 1).all()
        assert 0.5 < mask.float().mean() < 0.95
