"""Fills: outside the region nothing changes, inside every fill keeps its promise."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from fairaudit.errors import UsageError
from fairaudit.interventions.fill import FILLS, blur, grey, mean


def draw(n: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(n, 3, 16, 24, generator=generator)
    masks = torch.zeros(n, 16, 24, dtype=torch.bool)
    for image in range(n):
        masks[image, 2 + image : 8 + image, 5 : 12 + image] = True
    return images, masks


@pytest.mark.parametrize("name", list(FILLS))
def test_pixels_outside_the_region_stay(name):
    images, masks = draw()
    before = images.clone()
    filled = FILLS[name](images, masks)
    outside = ~masks[:, None].expand_as(images)
    assert torch.equal(filled[outside], images[outside])
    assert not torch.equal(filled, images)
    assert torch.equal(images, before)
    assert filled.min() >= 0
    assert filled.max() <= 1


@pytest.mark.parametrize("name", list(FILLS))
def test_an_empty_region_changes_nothing(name):
    images, masks = draw()
    assert torch.equal(FILLS[name](images, masks & False), images)


def test_blur_is_scipys_gaussian_away_from_the_edge():
    image = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
    image[0, 0, 32, 32] = 1.0
    masks = torch.zeros(1, 64, 64, dtype=torch.bool)
    masks[0, 24:40, 24:40] = True
    found = blur(image, masks, share=3 / 64)[0, 0].numpy()
    wanted = ndimage.gaussian_filter(image[0, 0].numpy(), 3.0, truncate=9.0)
    np.testing.assert_allclose(found[24:40, 24:40], wanted[24:40, 24:40], atol=1e-9)


def test_blur_keeps_a_constant_image_at_its_edge():
    images = torch.full((1, 3, 12, 9), 0.7)
    torch.testing.assert_close(blur(images, torch.ones(1, 12, 9, dtype=torch.bool)), images)


def test_mean_is_the_colour_of_the_rest():
    images, masks = draw()
    filled = mean(images, masks)
    for image in range(3):
        for channel in range(3):
            rest = images[image, channel][~masks[image]].mean()
            inside = filled[image, channel][masks[image]]
            torch.testing.assert_close(inside, rest.expand_as(inside))


def test_mean_of_a_region_without_rest_is_that_of_the_image():
    images, masks = draw()
    filled = mean(images, masks | True)
    torch.testing.assert_close(filled, images.mean(dim=(2, 3), keepdim=True).expand_as(images))


def test_grey_is_the_same_for_every_image():
    images, masks = draw()
    assert set(grey(images, masks)[masks[:, None].expand_as(images)].tolist()) == {0.5}


def test_unknown_fill_is_told():
    with pytest.raises(UsageError, match="inpaint"):
        FILLS["inpant"]
