from __future__ import annotations

import pytest
import torch

from fairaudit.generators.losses import edge_loss, perceptual_loss, pixel_loss, structure_loss

IMAGES = torch.rand(4, 3, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("loss", [pixel_loss, edge_loss, structure_loss, perceptual_loss])
def test_equal_images_lose_nothing_and_each_image_is_its_own(loss) -> None:  # type: ignore[no-untyped-def]
    torch.testing.assert_close(loss(IMAGES, IMAGES), torch.zeros(4), atol=1e-6, rtol=0)
    other = IMAGES.flip(0)
    together = loss(other, IMAGES)
    assert (together > 0).all()
    torch.testing.assert_close(together, torch.cat([loss(other[i : i + 1], IMAGES[i : i + 1]) for i in range(4)]))


def test_pixel_loss_by_hand() -> None:
    found, wanted = torch.tensor([[[[0.5, 0.0]]]]), torch.tensor([[[[0.0, 0.0]]]])
    assert pixel_loss(found, wanted).item() == pytest.approx(0.25 + 0.125)


def test_edges_ignore_a_shift_of_brightness() -> None:
    torch.testing.assert_close(edge_loss(IMAGES + 0.1, IMAGES), torch.zeros(4), atol=1e-6, rtol=0)


def test_structure_is_ssim_of_one_window_by_hand() -> None:
    """A single 7 × 7 window, so SSIM is its definition over 49 pixels."""
    a, b = IMAGES[:1, :1, :7, :7], IMAGES[1:2, :1, :7, :7]
    x, y = a.flatten().double(), b.flatten().double()
    joint = (x * y).mean() - x.mean() * y.mean()
    top = (2 * x.mean() * y.mean() + 1e-4) * (2 * joint + 9e-4)
    bottom = (x.mean() ** 2 + y.mean() ** 2 + 1e-4) * (x.var(correction=0) + y.var(correction=0) + 9e-4)
    assert structure_loss(a, b).item() == pytest.approx(float((1 - top / bottom) / 2), rel=1e-4)
