"""Diffusion fill against a direct solution of the same linear system, and its invariances."""

import numpy as np
import pytest
import torch

from fairaudit.interventions.inpaint import inpaint


def direct(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Every masked pixel equals the mean of its neighbours inside the image, solved exactly."""
    height, width = mask.shape
    places = np.argwhere(mask)
    number = {tuple(place): k for k, place in enumerate(places)}
    matrix, right = np.zeros((len(places), len(places))), np.zeros(len(places))
    for k, (i, j) in enumerate(places):
        near = [(i + a, j + b) for a, b in ((-1, 0), (1, 0), (0, -1), (0, 1))]
        near = [q for q in near if 0 <= q[0] < height and 0 <= q[1] < width]
        matrix[k, k] = len(near)
        for q in near:
            if q in number:
                matrix[k, number[q]] = -1
            else:
                right[k] += image[q]
    filled = image.copy()
    filled[mask] = np.linalg.solve(matrix, right)
    return filled


def smooth_image(seed: int, height: int, width: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = sum(
        generator.normal() * np.cos(generator.uniform(1, 6) * (x * a + y * b) * 3) for a, b in ((1, 0), (0, 1), (1, 2))
    )
    values = waves + generator.normal(scale=0.1, size=(height, width))
    return (values - values.min()) / (values.max() - values.min())


MASKS = {
    "inside": (slice(8, 16), slice(10, 20)),
    "at the lower edge": (slice(18, 24), slice(9, 21)),
    "corner": (slice(0, 9), slice(0, 7)),
    "a band across": (slice(5, 11), slice(0, 30)),
}


@pytest.mark.parametrize("name", MASKS)
def test_fill_is_close_to_the_direct_solution(name):
    image = smooth_image(1, 24, 30)
    mask = np.zeros((24, 30), bool)
    mask[MASKS[name]] = True
    wanted = direct(image, mask)
    found = inpaint(torch.from_numpy(image)[None, None], torch.from_numpy(mask)[None])[0, 0].numpy()
    np.testing.assert_array_equal(found[~mask], image[~mask])
    assert np.abs(found - wanted).max() < 0.01  # the image's range is 1


def test_more_sweeps_reach_the_direct_solution():
    image = smooth_image(2, 20, 17)
    mask = np.random.default_rng(2).random((20, 17)) < 0.6  # scattered: holes, islands and edges
    found = inpaint(torch.from_numpy(image)[None, None], torch.from_numpy(mask)[None], sweeps=80)[0, 0].numpy()
    np.testing.assert_allclose(found, direct(image, mask), atol=1e-6)


def test_images_and_channels_do_not_touch_each_other():
    images = torch.rand(3, 2, 16, 20, generator=torch.Generator().manual_seed(0))
    masks = torch.zeros(3, 16, 20, dtype=torch.bool)
    masks[0, 2:6, 3:9], masks[1, 10:16, 12:20] = True, True
    together = inpaint(images, masks)
    for image in range(3):
        alone = inpaint(images[image : image + 1], masks[image : image + 1])
        torch.testing.assert_close(together[image], alone[0], atol=2e-2, rtol=0)  # the windows, so the starts, differ
    torch.testing.assert_close(together[2], images[2], atol=0, rtol=0)
    swapped = inpaint(images.flip(1), masks).flip(1)
    torch.testing.assert_close(swapped, together, atol=0, rtol=0)


def test_filled_pixels_stay_within_the_range_of_their_surroundings():
    images = torch.rand(4, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    masks = torch.zeros(4, 12, 12, dtype=torch.bool)
    masks[:, 4:9, 3:10] = True
    filled = inpaint(images, masks)
    outside = torch.where(masks[:, None], torch.nan, images)
    low, high = (
        outside.nan_to_num(2.0).amin(dim=(2, 3), keepdim=True),
        outside.nan_to_num(-1.0).amax(dim=(2, 3), keepdim=True),
    )
    assert bool(((filled >= low) & (filled <= high)).all())


def test_a_constant_surrounding_continues_exactly():
    images = torch.full((1, 3, 9, 13), 0.25)
    masks = torch.zeros(1, 9, 13, dtype=torch.bool)
    masks[0, 3:9, 2:11] = True
    content = images.masked_fill(masks[:, None], 0.9)
    torch.testing.assert_close(inpaint(content, masks), images)


def test_a_mask_over_everything_leaves_the_mean():
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    filled = inpaint(images, torch.ones(1, 8, 8, dtype=torch.bool))
    torch.testing.assert_close(filled, images.mean(dim=(2, 3), keepdim=True).expand_as(filled))


def test_nothing_is_changed_in_place_or_without_a_mask():
    images = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    copy, masks = images.clone(), torch.zeros(2, 8, 8, dtype=torch.bool)
    filled = inpaint(images, masks)
    torch.testing.assert_close(filled, copy, atol=0, rtol=0)
    assert filled.data_ptr() != images.data_ptr()
    masks[:, 2:4, 2:4] = True
    inpaint(images, masks)
    torch.testing.assert_close(images, copy, atol=0, rtol=0)


def test_the_fill_of_an_image_does_not_depend_on_the_others():
    images = torch.rand(5, 3, 40, 48, generator=torch.Generator().manual_seed(0))
    masks = torch.zeros(5, 40, 48, dtype=torch.bool)
    for k, (row, column, height, width) in enumerate([(3, 4, 2, 3), (10, 10, 20, 9), (0, 0, 40, 20), (30, 40, 10, 8)]):
        masks[k, row : row + height, column : column + width] = True  # the last image has no mask
    together = inpaint(images, masks)
    alone = torch.cat([inpaint(images[k : k + 1], masks[k : k + 1]) for k in range(5)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-6)
    assert torch.equal(together[4], images[4])
