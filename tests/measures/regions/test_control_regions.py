"""Control regions: inside, disjoint, of the same shape, drawn the same whatever the chunk, or absent with a reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairaudit.errors import DataError, UsageError
from fairaudit.measures.regions.control_regions import EMPTY, NO_ROOM, control_regions, overlaps, shifted


def box(height: int, width: int, y0: int, y1: int, x0: int, x1: int) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[y0:y1, x0:x1] = True
    return mask


def slow_shift(mask: np.ndarray, down: int, right: int) -> np.ndarray:
    moved = np.zeros_like(mask)
    for i, j in zip(*np.nonzero(mask), strict=True):
        if 0 <= i + down < mask.shape[0] and 0 <= j + right < mask.shape[1]:
            moved[i + down, j + right] = True
    return moved


def slow_overlaps(mask: np.ndarray) -> dict[tuple[int, int], float]:
    height, width = mask.shape
    found = {}
    for down in range(-height, height + 1):
        for right in range(-width, width + 1):
            moved = slow_shift(mask, down, right)
            if moved.sum() == mask.sum():
                found[down, right] = (moved & mask).sum() / mask.sum()
    return found


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=25, deadline=None)
def test_overlaps_agree_with_moving_the_mask_everywhere(seed, rectangle):
    generator = np.random.default_rng(seed)
    mask = box(6, 9, 1, 3, 4, 8) if rectangle else np.zeros((6, 9), bool)
    if not rectangle:
        mask[1:4, 2:6] = generator.random((3, 4)) < 0.6
        mask[2, 3] = True
    offsets, shares = overlaps(mask)
    found = {(int(y), int(x)): float(share) for (y, x), share in zip(offsets, shares, strict=True)}
    assert found == pytest.approx(slow_overlaps(mask))


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_controls_lie_inside_are_disjoint_and_keep_the_shape(seed):
    generator = np.random.default_rng(seed)
    masks = np.zeros((4, 10, 14), bool)
    masks[:, 6:9, 3:8] = generator.random((4, 3, 5)) < 0.7
    masks[:, 7, 5] = True
    found = control_regions(masks, keys=range(4), seed=seed, count=3)
    assert found.reasons == (None,) * 4
    for image in range(4):
        places = {tuple(offset) for offset in found.offsets[image]}
        assert len(places) == 3
        for control, (down, right) in zip(found.masks[image], found.offsets[image], strict=True):
            np.testing.assert_array_equal(control, slow_shift(masks[image], down, right))
            assert control.sum() == masks[image].sum()
            assert not (control & masks[image]).any()
    assert (found.overlap == 0).all()


def test_an_images_controls_do_not_depend_on_its_companions():
    masks = np.stack([box(8, 8, 5, 8, 2, 6), box(8, 8, 0, 2, 0, 3), box(8, 8, 4, 8, 4, 8)])
    together = control_regions(masks, keys=["a", "b", "c"], seed=1)
    alone = control_regions(masks[2:], keys=["c"], seed=1)
    np.testing.assert_array_equal(together.offsets[2], alone.offsets[0])
    other = control_regions(masks[2:], keys=["c"], seed=2)
    assert (other.offsets != alone.offsets).any()


def test_every_free_place_is_equally_likely():
    mask = np.array([[[True, False, False, False, False]]])
    drawn = [int(control_regions(mask, keys=[key], seed=0, count=1).offsets[0, 0, 1]) for key in range(2000)]
    counts = np.bincount(drawn, minlength=5)
    assert counts[0] == 0
    assert ((counts[1:] - 500) ** 2 / 500).sum() < 16.3  # χ² with 3 degrees of freedom, p = 0.001


def test_region_without_room_has_a_reason_and_no_control():
    masks = np.stack([box(4, 4, 0, 3, 0, 4), np.zeros((4, 4), bool), box(4, 4, 0, 1, 0, 1)])
    found = control_regions(masks, keys=range(3), seed=0, count=2)
    assert found.reasons == (NO_ROOM, EMPTY, None)
    assert found.defined().tolist() == [[False, False], [False, False], [True, True]]
    assert not found.masks[:2].any()


def test_overlap_can_be_allowed_and_is_reported():
    mask = box(4, 4, 0, 3, 0, 4)[None]
    found = control_regions(mask, keys=[0], seed=0, count=2, overlap=0.7)
    assert found.offsets[0, 0].tolist() == [1, 0]
    assert found.overlap[0, 0] == pytest.approx(8 / 12)
    assert found.defined().tolist() == [[True, False]]  # there is one place only


def test_shift_out_of_the_image_loses_pixels():
    mask = box(3, 3, 0, 2, 0, 2)[None]
    for down in range(-3, 4):
        for right in range(-3, 4):
            np.testing.assert_array_equal(shifted(mask, np.array([[down, right]]))[0], slow_shift(mask[0], down, right))


def test_bad_arguments_are_told():
    mask = box(3, 3, 0, 1, 0, 1)[None]
    with pytest.raises(DataError, match="0 keys"):
        control_regions(mask, keys=[], seed=0)
    with pytest.raises(DataError, match="float64"):
        control_regions(mask.astype(float), keys=[0], seed=0)
    with pytest.raises(UsageError, match="count 0"):
        control_regions(mask, keys=[0], seed=0, count=0)
