"""Windows as pixels: edges at the nearest border, at least one pixel, and halves that share none."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fairaudit.audits.discovery.check import window_mask

share = st.floats(0, 1)


@given(st.integers(2, 40), st.integers(1, 40), st.data())
def test_two_halves_share_no_pixel_and_miss_none(width, height, data):
    cut = data.draw(st.integers(1, width - 1)) / width
    left, right = window_mask((0, 0, cut, 1), height, width), window_mask((cut, 0, 1, 1), height, width)
    assert not (left & right).any()
    assert (left | right).all()


@given(share, share, share, share, st.integers(1, 40), st.integers(1, 40))
def test_it_is_one_rectangle_of_at_least_a_pixel(a, b, c, d, height, width):
    (x0, x1), (y0, y1) = sorted((a, b)), sorted((c, d))
    mask = window_mask((x0, y0, x1, y1), height, width)
    assert mask.shape == (height, width)
    rows, columns = mask.any(dim=1), mask.any(dim=0)
    assert mask.sum() == rows.sum() * columns.sum() > 0
    assert torch.equal(mask, rows[:, None] & columns[None])


@pytest.mark.parametrize(("box", "pixels"), [((0, 0, 1, 1), 16), ((0, 0, 0, 0), 1), ((1, 1, 1, 1), 1)])
def test_ends(box, pixels):
    assert window_mask(box, 4, 4).sum() == pixels
