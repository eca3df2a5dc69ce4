"""Image sources: rows, fingerprints, subsets."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from fairaudit.data.source import ArraySource, FileSource, SubsetSource, subset
from fairaudit.errors import ImageError, RegionError

PIXELS = np.arange(3 * 2 * 4, dtype=np.uint8).reshape(3, 2, 4)


def test_files_are_read_named_and_fingerprinted_by_their_bytes(faces):
    source = FileSource(root=faces, names=("images/1.png", "images/none.png"))
    assert len(source) == 2
    assert source.name(0) == "images/1.png"
    assert source.read(0).size == (12, 8)
    assert source.fingerprint(0) == hashlib.sha256((faces / "images/1.png").read_bytes()).hexdigest()
    assert source.fingerprint(1) == "missing"
    with pytest.raises(ImageError, match="missing"):
        source.read(1)


def test_arrays_are_read_and_fingerprinted_by_pixels_and_shape():
    source = ArraySource(images=PIXELS, names=("a", "b", "c"))
    assert np.array_equal(np.asarray(source.read(2)), PIXELS[2])
    same_bytes = ArraySource(images=PIXELS.reshape(3, 4, 2), names=("a", "b", "c"))
    prints = {source.fingerprint(0), source.fingerprint(1), same_bytes.fingerprint(0)}
    assert len(prints) == 3
    assert ArraySource(images=PIXELS[1:].copy(), names=("x", "y")).fingerprint(0) == source.fingerprint(1)


@pytest.mark.parametrize("images", [PIXELS.astype(float), PIXELS[0], np.zeros((1, 2, 2, 4), np.uint8)])
def test_arrays_of_another_kind_are_a_programming_error(images):
    with pytest.raises(ValueError, match="not uint8"):
        ArraySource(images=images, names=("a",) * len(images))


def test_a_subset_of_a_subset_is_one_subset():
    source = ArraySource(images=PIXELS, names=("a", "b", "c"))
    twice = subset(subset(source, np.array([2, 0])), np.array([1, 1, 0]))
    assert isinstance(twice, SubsetSource)
    assert twice.base is source
    assert [twice.name(row) for row in range(len(twice))] == ["a", "a", "c"]
    assert np.array_equal(np.asarray(twice.read(2)), PIXELS[2])
    assert twice.fingerprint(0) == source.fingerprint(0)


def test_sources_without_masks_say_so():
    source = subset(ArraySource(images=PIXELS, names=("a", "b", "c")), np.array([0]))
    assert source.mask_names == ()
    with pytest.raises(RegionError, match='no mask called "@background"'):
        source.mask(0, "background")
    with pytest.raises(RegionError, match="mask file"):
        FileSource(root=None, names=()).mask(0, "x")  # type: ignore[arg-type]
