"""Fifteen corruptions: closed forms where there are any, and for all of them what a corruption must be."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import ndimage

from fairaudit.data.planted.corruptions import CORRUPTIONS, corrupt, disk, plasma, trail
from fairaudit.errors import UsageError


def picture(seed=0, channels=3, size=48):
    draws = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(draws.random((size, size + 4, channels)), (3, 3, 0))
    spread = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    spread[size // 4 : size // 2, size // 4 : size // 2] = 0.95
    return 0.1 + 0.8 * spread


def made(name, severity=3, seed=0, pixels=None):
    return corrupt(picture() if pixels is None else pixels, name, severity=severity, draws=np.random.default_rng(seed))


def test_there_are_the_fifteen():
    assert len(CORRUPTIONS) == 15


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("channels", [1, 3])
def test_shape_range_and_seed(name, channels):
    pixels = picture(channels=channels)
    before = pixels.copy()
    found = made(name, pixels=pixels)
    assert found.shape == pixels.shape
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.abs(found - pixels).mean() > 0.005
    assert np.array_equal(pixels, before)
    assert np.array_equal(found, made(name, pixels=pixels))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_higher_severities_change_more(name):
    distances = [
        np.mean([np.abs(made(name, severity, seed, picture(seed)) - picture(seed)).mean() for seed in range(4)])
        for severity in range(1, 6)
    ]
    # The published strengths of frost keep less of the image as ice grows, and those of fog saturate.
    assert distances[4] > (1.05 if name in ("frost", "fog") else 1.2) * distances[0]
    assert all(later > 0.7 * earlier for earlier, later in pairwise(distances))


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_tiny_images_are_corrupted_too(name, size):
    assert made(name, pixels=np.full((size, size, 3), 0.5)).shape == (size, size, 3)


@pytest.mark.parametrize(("severity", "sigma"), [(1, 0.08), (3, 0.18)])
def test_gaussian_noise_has_its_deviation(severity, sigma):
    grey = np.full((200, 200, 1), 0.5)
    assert made("gaussian_noise", severity, pixels=grey).std() == pytest.approx(sigma, rel=0.03)


def test_shot_noise_has_the_variance_of_photons():
    grey = np.full((300, 300, 1), 0.3)
    found = made("shot_noise", 2, pixels=grey)
    assert found.mean() == pytest.approx(0.3, rel=0.01)
    assert found.var() == pytest.approx(0.3 / 25, rel=0.03)  # Poisson: λ x / λ²


def test_impulse_noise_hits_its_share_of_pixels():
    grey = np.full((300, 300, 1), 0.5)
    assert (made("impulse_noise", 4, pixels=grey) != 0.5).mean() == pytest.approx(0.17, abs=0.01)


def test_contrast_shrinks_towards_the_mean_of_every_channel():
    pixels = picture()
    mean = pixels.mean(axis=(0, 1))
    assert np.allclose(made("contrast", 3), mean + 0.2 * (pixels - mean))


def test_brightness_adds_to_the_value_and_keeps_hue_and_saturation():
    import colorsys

    pixels = np.array([[[0.2, 0.4, 0.1], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]]])
    found = made("brightness", 2, pixels=pixels)
    for before, after in zip(pixels[0], found[0], strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*before)
        assert np.allclose(after, colorsys.hsv_to_rgb(hue, saturation, value + 0.2))


@pytest.mark.parametrize(
    "name", ["defocus_blur", "motion_blur", "zoom_blur", "glass_blur", "elastic_transform", "pixelate"]
)
def test_what_only_moves_light_leaves_a_flat_image_alone(name):
    flat = np.full((40, 40, 3), 102 / 255)
    assert np.allclose(made(name, 5, pixels=flat), flat, atol=1e-9)


def test_fog_and_snow_lighten_and_contrast_falls_in_fog():
    assert made("snow", 4).mean() > picture().mean()
    assert made("fog", 4).std() < picture().std()


@pytest.mark.parametrize("radius", [0.0, 0.7, 1.0, 3.3])
def test_a_disk_is_round_and_sums_to_1(radius):
    kernel = disk(radius)
    assert kernel.sum() == pytest.approx(1)
    assert np.array_equal(kernel, kernel.T)
    assert np.array_equal(kernel, kernel[::-1])
    assert kernel.shape[0] == 2 * np.ceil(radius) + 1


def test_a_trail_is_half_a_gaussian_along_its_angle():
    flat, upright = trail(5, 2.0, angle=0.0), trail(5, 2.0, angle=np.pi / 2)
    weights = np.exp(-(np.arange(11) ** 2) / 8)  # 2 · 5 + 1 points from the middle on
    assert np.allclose(flat[10, 10:], weights / weights.sum())
    assert np.array_equal(np.flatnonzero(flat.sum(1)), [10])
    assert (flat[10, :10] == 0).all()
    assert np.allclose(upright, flat.T)


def test_zoom_blur_is_the_mean_of_the_image_and_its_zooms():
    # Eleven zooms 1, 1.01, …, 1.10 and the image itself; each by hand: grid_sample around the middle.
    import torch
    from torch.nn import functional as F

    pixels = picture(size=48)[:, :48]
    image = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    axis = torch.linspace(-1, 1, 48, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij")[::-1], dim=-1)[None]
    zooms = [F.grid_sample(image, grid / (1 + k / 100), align_corners=True) for k in range(11)]
    wanted = (image + sum(zooms)) / 12
    assert np.allclose(made("zoom_blur", 1, pixels=pixels), wanted[0].permute(1, 2, 0).numpy(), atol=1e-9)


@pytest.mark.parametrize(("severity", "density"), [(1, 1.5), (3, 2.5), (5, 3.0)])
def test_fog_thins_the_image_by_its_density(severity, density):
    # (x + d c) m / (m + d) with c in [0, 1]: two pictures that share cloud and maximum m differ by m / (m + d) as much.
    one, two = picture(0), picture(0) * 0.5
    two[0, 0, 0] = one.max()
    ratio = (made("fog", severity, pixels=one) - made("fog", severity, pixels=two)) / (one - two)
    changed = np.abs(one - two) > 0.05
    assert np.allclose(ratio[changed], one.max() / (one.max() + density))


@pytest.mark.parametrize(("severity", "keep", "ice"), [(1, 1.0, 0.4), (2, 0.8, 0.6), (5, 0.6, 0.75)])
def test_frost_keeps_its_share_of_the_image_and_adds_at_most_its_ice(severity, keep, ice):
    pixels = picture() * 0.2
    added = made("frost", severity, pixels=pixels) - keep * pixels
    assert added.min() >= -1e-12
    assert added.max() == pytest.approx(ice, abs=0.02)


@pytest.mark.parametrize("name", ["motion_blur", "defocus_blur", "zoom_blur", "snow"])
def test_lengths_follow_the_size(name):
    # Corrupting a large image and halving it gives about what corrupting the halved one gives.
    large = ndimage.zoom(picture(size=64), (4, 4, 1), order=1)
    small = large.reshape(64 * 2, 2, -1, 2, 3).mean(axis=(1, 3))
    one = made(name, 3, pixels=large).reshape(128, 2, -1, 2, 3).mean(axis=(1, 3))
    two = made(name, 3, pixels=small)
    if name == "snow":  # other flakes fall
        assert one.mean() == pytest.approx(two.mean(), abs=0.08)
    else:
        changes = [np.abs(found - small).mean() for found in (one, two)]
        assert changes[0] == pytest.approx(changes[1], rel=0.35)


def test_plasma_spans_0_to_1_and_is_smoother_when_less_rough():
    clouds = [plasma(64, 64, roughness=r, draws=np.random.default_rng(0)) for r in (1.0, 3.0)]
    assert all(cloud.min() == 0 and cloud.max() == 1 for cloud in clouds)
    steps = [np.abs(np.diff(cloud, axis=0)).mean() for cloud in clouds]
    assert steps[1] < steps[0] / 2


def test_bad_names_and_severities_are_refused():
    with pytest.raises(UsageError, match="gaussian_noise"):
        made("gausian_noise")
    for severity in (0, 6):
        with pytest.raises(ValueError, match="severity"):
            made("fog", severity)
