"""References of images by hand."""

import pytest
import torch

from fairaudit.saliency.gradients.baselines import reference

IMAGES = torch.rand(2, 3, 8, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_black_and_mean():
    assert not reference(IMAGES, "black").any()
    found = reference(IMAGES, "mean")
    assert found.shape == IMAGES.shape
    assert float(found[1, 2].std()) == pytest.approx(0, abs=1e-12)
    assert float(found[1, 2, 0, 0]) == pytest.approx(float(IMAGES[1, 2].mean()))


def test_a_blur_keeps_means_and_a_flat_image():
    found = reference(IMAGES, "blur")
    torch.testing.assert_close(found.mean((2, 3)), IMAGES.mean((2, 3)), atol=0.02, rtol=0)
    assert (found.std((2, 3)) < IMAGES.std((2, 3))).all()
    flat = torch.full((1, 1, 8, 8), 0.3, dtype=torch.float64)
    torch.testing.assert_close(reference(flat, "blur"), flat)
