"""Pixels and masks through the same geometry, against torchvision, Pillow and arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import v2

from fairaudit.config.schema import PreprocessConfig
from fairaudit.data.geometry import plan
from fairaudit.data.preprocess import to_float, transform_image, transform_mask

PIXELS = np.random.default_rng(1).integers(0, 256, (21, 30, 3), dtype=np.uint8)
IMAGE = Image.fromarray(PIXELS)


def through(config: PreprocessConfig, image: Image.Image = IMAGE) -> torch.Tensor:
    return transform_image(image, plan((image.height, image.width), config), config)


def test_without_settings_the_pixels_stay():
    result = through(PreprocessConfig())
    assert type(result) is torch.Tensor
    assert result.dtype == torch.uint8
    assert np.array_equal(result.permute(1, 2, 0).numpy(), PIXELS)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(8, 9), (40, 50)])
def test_resizing_is_torchvisions_and_near_pillows(interpolation, size):
    result = through(PreprocessConfig(size=size, interpolation=interpolation))
    mode = v2.InterpolationMode(interpolation)
    assert torch.equal(result, v2.Resize(size, interpolation=mode, antialias=True)(v2.functional.pil_to_tensor(IMAGE)))
    pillow = IMAGE.resize(size[::-1], getattr(Image.Resampling, interpolation.upper()))
    assert np.abs(result.permute(1, 2, 0).numpy().astype(int) - np.asarray(pillow)).max() <= 1


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    wanted=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    mode=st.sampled_from(["bilinear", "bicubic"]),
    antialias=st.booleans(),
    grey=st.booleans(),
)
def test_resizing_of_any_size_is_torchvisions(size, wanted, mode, antialias, grey):
    values = np.random.default_rng(size).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(values[:, :, 0].copy() if grey else values)
    config = PreprocessConfig(size=wanted, interpolation=mode, antialias=antialias, channels=1 if grey else 3)
    theirs = v2.Resize(wanted, interpolation=v2.InterpolationMode(mode), antialias=antialias)
    assert torch.equal(through(config, image), theirs(v2.functional.pil_to_tensor(image)))


def test_box_is_the_mean_of_whole_blocks():
    result = through(PreprocessConfig(size=(7, 10), interpolation="box"))
    means = PIXELS.reshape(7, 3, 10, 3, 3).astype(float).mean(axis=(1, 3))
    assert np.abs(result.permute(1, 2, 0).numpy() - means).max() <= 1.01  # Pillow rounds once per direction


def test_nearest_takes_the_pixel_under_the_centre():
    result = through(PreprocessConfig(size=(7, 10), interpolation="nearest"))
    assert np.array_equal(result.permute(1, 2, 0).numpy(), PIXELS[1::3, 1::3])


def test_crop_then_resize_is_the_usual_pipeline():
    config = PreprocessConfig(crop=(18, 20), size=(9, 9), resize="shorter")
    usual = v2.Compose([v2.CenterCrop((18, 20)), v2.Resize(9, antialias=True), v2.CenterCrop(9)])
    assert torch.equal(through(config), usual(v2.functional.pil_to_tensor(IMAGE)))


def test_padding_is_black_and_in_the_middle():
    result = through(PreprocessConfig(size=(30, 30), resize="pad"))
    assert torch.count_nonzero(result[:, :4]) == torch.count_nonzero(result[:, 25:]) == 0
    assert np.array_equal(result[:, 4:25].permute(1, 2, 0).numpy(), PIXELS)


def test_grey_and_colour_become_what_the_model_takes():
    grey = IMAGE.convert("L")
    tripled = through(PreprocessConfig(), grey)
    assert torch.equal(tripled[0], tripled[1])
    assert torch.equal(tripled[0], tripled[2])
    single = through(PreprocessConfig(channels=1))
    luma = PIXELS @ np.array([0.299, 0.587, 0.114])
    assert single.shape == (1, 21, 30)
    assert np.abs(single[0].numpy() - luma).max() <= 1


def test_floats_are_shares_of_255():
    values = torch.arange(256, dtype=torch.uint8)
    expected = (np.arange(256, dtype=np.float32) / np.float32(255)).tolist()
    assert to_float(values).tolist() == expected


@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    wanted=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    resize=st.sampled_from(["stretch", "shorter", "pad"]),
    seed=st.integers(0, 9),
)
def test_a_mask_moves_like_a_picture_of_itself(size, wanted, resize, seed):
    mask = np.random.default_rng(seed).random(size) < 0.5
    config = PreprocessConfig(size=wanted, resize=resize, interpolation="nearest", channels=1)
    picture = through(config, Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)))
    assert np.array_equal(transform_mask(mask, plan(size, config)), picture[0].numpy() == 255)
