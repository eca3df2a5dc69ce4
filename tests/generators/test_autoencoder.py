"""Shapes of latents, their length, and noise on the way."""

import pytest
import torch

from fairaudit.errors import UsageError
from fairaudit.generators.autoencoder import Autoencoder, AutoencoderSettings, latent_shape


@pytest.mark.parametrize("grid", [0, 4])
def test_latents_are_standardised_per_image(grid):
    settings = AutoencoderSettings(channels=1, size=(28, 28), latent=6, grid=grid, width=4)
    model = Autoencoder(settings)
    latents = model.encode(torch.rand(2, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    assert latents.shape == (2, *latent_shape(settings))
    flat = latents.flatten(1)
    torch.testing.assert_close(flat.mean(1), torch.zeros(2), atol=1e-4, rtol=0)
    torch.testing.assert_close(flat.square().mean(1), torch.ones(2), atol=1e-2, rtol=0)  # length √n
    assert model.noise_like(3, torch.Generator()).shape == (3, *latent_shape(settings))


def test_noise_is_added_with_its_deviation():
    model = Autoencoder(AutoencoderSettings(channels=1, size=(28, 28), latent=4, width=4, noise=0.5)).eval()
    images, noise = torch.rand(2, 1, 28, 28), torch.ones(2, 4)
    torch.testing.assert_close(model(images, noise), model.decode(model.encode(images) + 0.5))
    torch.testing.assert_close(model(images), model.decode(model.encode(images)))
    found = model(images).detach()
    assert ((found > 0) & (found < 1)).all()


def test_sizes_that_it_is_not_made_for_are_refused():
    with pytest.raises(UsageError):
        Autoencoder(AutoencoderSettings(size=(8, 8)))
