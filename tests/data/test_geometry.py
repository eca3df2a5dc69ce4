"""The plan of crop, pad and resize: sizes and offsets as torchvision's, and points that move with the pixels."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms import v2

from fairaudit.config.schema import PreprocessConfig
from fairaudit.data.geometry import Window, plan
from fairaudit.errors import ImageError

SIDE = st.integers(1, 300)


def test_nothing_asked_changes_nothing():
    geometry = plan((5, 7), PreprocessConfig())
    assert geometry.crop == geometry.final == Window(top=0, left=0, height=5, width=7)
    assert (geometry.padding, geometry.resized, geometry.output) == ((0, 0, 0, 0), (5, 7), (5, 7))
    assert geometry.points(np.array([[1.5, 2.0]])).tolist() == [[1.5, 2.0]]


def test_stretch_after_a_crop_by_hand():
    # CelebA's 218 x 178 cut to 178 x 178 begins at row 20; then 178 to 89 halves everything
    geometry = plan((218, 178), PreprocessConfig(crop=(178, 178), size=(89, 89)))
    assert geometry.crop == Window(top=20, left=0, height=178, width=178)
    assert geometry.points(np.array([[10.0, 30.0], [0.0, 20.0]])).tolist() == [[5.0, 5.0], [0.0, 0.0]]


def test_padding_by_hand():
    geometry = plan((4, 7), PreprocessConfig(resize="pad", size=(14, 14)))
    assert geometry.padding == (0, 1, 0, 2)
    assert geometry.points(np.array([[0.0, 0.0], [7.0, 4.0]])).tolist() == [[0.0, 2.0], [14.0, 10.0]]
    assert plan((7, 4), PreprocessConfig(resize="pad", size=(14, 14))).padding == (1, 0, 2, 0)
    assert plan((4, 8), PreprocessConfig(resize="pad", size=(10, 20))).padding == (0, 0, 0, 0)
    assert plan((4, 4), PreprocessConfig(resize="pad", size=(10, 20))).padding == (2, 0, 2, 0)


def test_shorter_by_hand():
    geometry = plan((100, 50), PreprocessConfig(resize="shorter", size=(10, 10)))
    assert geometry.resized == (20, 10)
    assert geometry.final == Window(top=5, left=0, height=10, width=10)
    assert geometry.points(np.array([[25.0, 50.0]])).tolist() == [[5.0, 5.0]]


@given(height=SIDE, width=SIDE, side=st.integers(1, 64))
def test_shorter_has_the_sizes_of_torchvisions_resize(height, width, side):
    geometry = plan((height, width), PreprocessConfig(resize="shorter", size=(side, side)))
    resized = v2.Resize(side, antialias=True)(torch.zeros(1, height, width))
    assert geometry.resized == tuple(resized.shape[1:])


@given(height=SIDE, width=SIDE, rows=st.integers(1, 300), columns=st.integers(1, 300))
def test_a_crop_is_torchvisions_centre_crop(height, width, rows, columns):
    if rows > height or columns > width:
        with pytest.raises(ImageError, match="smaller than the crop"):
            plan((height, width), PreprocessConfig(crop=(rows, columns)))
        return
    crop = plan((height, width), PreprocessConfig(crop=(rows, columns))).crop
    numbers = torch.arange(height * width).reshape(1, height, width)
    expected = v2.CenterCrop((rows, columns))(numbers)
    found = numbers[:, crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    assert torch.equal(found, expected)


@given(
    size=st.tuples(SIDE, SIDE),
    wanted=st.tuples(st.integers(1, 64), st.integers(1, 64)),
    resize=st.sampled_from(["stretch", "shorter", "pad"]),
)
def test_the_output_has_the_wanted_size_and_holds_or_covers_the_image(size, wanted, resize):
    geometry = plan(size, PreprocessConfig(size=wanted, resize=resize))
    assert geometry.output == wanted
    low, high = geometry.points(np.array([[0.0, 0.0], [size[1], size[0]]]))
    if resize == "stretch":
        assert np.allclose([low, high], [[0, 0], [wanted[1], wanted[0]]])
    elif resize == "pad":
        assert (low > -1e-9).all()
        assert (high < np.array(wanted[::-1]) + 1e-9).all()
    else:
        assert (low < 1e-9).all()
        assert (high > np.array(wanted[::-1]) - 1e-9).all()


@given(size=st.tuples(SIDE, SIDE), side=st.integers(1, 64), resize=st.sampled_from(["shorter", "pad"]))
def test_the_aspect_ratio_stays_but_for_rounding(size, side, resize):
    geometry = plan(size, PreprocessConfig(size=(side, side), resize=resize))
    (x0, y0), (x1, y1) = geometry.points(np.array([[0.0, 0.0], [size[1], size[0]]]))
    scales = (x1 - x0) / size[1], (y1 - y0) / size[0]
    longest = max(geometry.resized) if resize == "shorter" else min(size)
    assert abs(scales[0] / scales[1] - 1) <= 2 / longest or max(size) / min(size) > 20
