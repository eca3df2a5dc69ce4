from __future__ import annotations

import itertools

import pytest
import torch

from fairaudit.errors import UsageError
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings
from fairaudit.generators.trunk import Down, Up, sides


@pytest.mark.parametrize("size", [(28, 28), (29, 45), (64, 48), (33, 100)])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_comes_back(size: tuple[int, int], channels: int) -> None:
    images = torch.rand(2, channels, *size)
    vectors = Down(channels, size, 4, 5)(images)
    assert vectors.shape == (2, 5)
    assert Up(5, channels, size, 4)(vectors).shape == images.shape
    grid = Down(channels, size, 4, 5, grid=8)(images)
    assert grid.shape == (2, 5, *sides(size, 8)[-1])
    assert Up(5, channels, size, 4, grid=8)(grid).shape == images.shape


@pytest.mark.parametrize("side", range(28, 257, 19))
def test_the_smallest_level_is_small(side: int) -> None:
    levels = sides((side, side))
    assert 4 <= levels[-1][0] <= 7
    assert all(after == ((before[0] + 1) // 2,) * 2 for before, after in itertools.pairwise(levels))


def test_images_do_not_mix() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Autoencoder(AutoencoderSettings(size=(28, 28), latent=6, width=8)).eval()
    images = torch.rand(3, 3, 28, 28)
    together = model(images)
    alone = torch.cat([model(images[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=1e-5)
    assert together.min() >= 0
    assert together.max() <= 1


def test_latents_have_one_length() -> None:
    for grid, length in ((0, 4.0), (8, 28.0)):  # √16, and √(16 · 7 · 7)
        model = Autoencoder(AutoencoderSettings(size=(28, 28), latent=16, width=8, grid=grid))
        lengths = model.encode(torch.rand(5, 3, 28, 28)).flatten(1).norm(dim=1)
        torch.testing.assert_close(lengths, torch.full((5,), length), atol=1e-2, rtol=0)


@pytest.mark.parametrize(("channels", "size"), [(3, (20, 64)), (3, (64, 300)), (4, (64, 64))])
def test_other_sizes_are_refused(channels: int, size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="28 to 256"):
        Autoencoder(AutoencoderSettings(channels=channels, size=size))
