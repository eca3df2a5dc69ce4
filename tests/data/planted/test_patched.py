"""The planted sticker: its pixels, its place, its colours, and refusals."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from fairaudit.config.schema import Bias
from fairaudit.data.categorical import Categorical
from fairaudit.data.manifest import Manifest
from fairaudit.data.planted.patched import PATCH_COLOURS, plant_patch
from fairaudit.data.source import ArraySource
from fairaudit.errors import RegionError


def planted(codes, *, box=(0.25, 0.5, 0.5, 1.0), rho=0.5, grey=False, classes=3):
    shape = (len(codes), 4, 8) if grey else (len(codes), 4, 8, 3)
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    names = tuple(map(str, range(len(codes))))
    target = Categorical(name="y", values=tuple(map(str, range(classes))), codes=np.asarray(codes, np.int32))
    source = ArraySource(images=images, names=names)
    manifest = Manifest(name="t", ids=names, source=source, target=target, attributes={}, folder=Path())
    return manifest, plant_patch(manifest, Bias(kind="patch", box=box, rho=rho, attribute="sticker"), seed=0)


@pytest.mark.parametrize("grey", [False, True])
def test_only_the_box_changes_and_it_has_the_colour_of_the_code(grey):
    before, after = planted([0, 1, 2, 0, 1, 2], grey=grey)
    inside = np.zeros((4, 8), bool)
    inside[2:4, 2:4] = True  # rows 0.5 … 1 of 4, columns 0.25 … 0.5 of 8
    for row, code in enumerate(after.attributes["sticker"].codes):
        pixels = np.asarray(after.source.read(row))
        original = np.asarray(before.source.read(row).convert("RGB"))
        assert (pixels[inside] == PATCH_COLOURS[code]).all()
        assert np.array_equal(pixels[~inside], original[~inside])
        assert np.array_equal(after.source.mask(row, "patch"), inside)


def test_a_row_without_a_label_has_no_sticker():
    before, after = planted([0, -1, 1])
    assert np.array_equal(np.asarray(after.source.read(1)), np.asarray(before.source.read(1)))


def test_a_mask_that_is_not_known_is_refused():
    with pytest.raises(RegionError, match="patch"):
        planted([0, 1])[1].source.mask(0, "pach")


def test_colours_differ_and_so_do_their_grey_values():
    grey = np.array(PATCH_COLOURS) @ [0.299, 0.587, 0.114]
    assert np.diff(np.sort(grey)).min() > 20


def test_one_class_still_has_two_colours():
    _, after = planted([0] * 10, classes=1)
    assert after.attributes["sticker"].values == ("0", "1")
    assert sorted(np.bincount(after.attributes["sticker"].codes).tolist()) == [5, 5]


@pytest.mark.parametrize("box", [(0.5, 0, 0.5, 1), (0, 0.6, 1, 0.5), (-0.1, 0, 1, 1), (0, 0, 1, 1.1)])
def test_a_box_that_is_none_is_refused(box):
    with pytest.raises(ValidationError, match="box must be"):
        Bias(kind="patch", box=box)


def test_the_fingerprint_follows_colour_and_place():
    _, one = planted([0, 1], rho=1)
    _, other = planted([0, 1], rho=0)
    _, moved = planted([0, 1], rho=1, box=(0, 0, 0.5, 0.5))
    assert len({m.source.fingerprint(0) for m in (one, other, moved)}) == 3
