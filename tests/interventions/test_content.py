"""Another group's content against the own group's, on models whose dependence is known exactly."""

import numpy as np
import torch

from fairaudit.interventions.content import content_change


class Mean:
    """Probability of class 1 is the mean of the first columns."""

    def __init__(self, columns: int) -> None:
        self.columns = columns

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        return images[..., : self.columns].mean(dim=(1, 2, 3))[:, None]

    def scores(self, logits: torch.Tensor) -> torch.Tensor:
        p = logits[:, 0].double()
        return torch.stack([1 - p, p], dim=1)

    def decide(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.argmax(dim=1)


def scene():
    """Images of 0.2; others of 0.8; donors of the own group of 0.3; the left and the right half as windows."""
    images = torch.full((2, 1, 4, 8), 0.2)
    windows = torch.zeros(2, 4, 8, dtype=torch.bool)
    windows[0, :, :4], windows[1, :, 4:] = True, True
    return images, torch.full_like(images, 0.8), torch.full_like(images, 0.3), windows


def test_a_model_of_the_left_half_follows_it_and_nothing_else():
    found = content_change(Mean(4), *scene())
    np.testing.assert_allclose(found.other, [[0.6, 0.6], [0, 0]], atol=1e-6)  # 0.8 − 0.2
    np.testing.assert_allclose(found.same, [[0.1, 0.1], [0, 0]], atol=1e-6)  # 0.3 − 0.2


def test_a_window_moves_the_score_by_its_part_of_what_is_read():
    images, others, sames, _ = scene()
    window = torch.zeros(1, 4, 8, dtype=torch.bool)
    window[0, :2, :2] = True  # 4 of the 16 pixels that are read
    before = images.clone()
    found = content_change(Mean(4), images, others, sames, window)
    np.testing.assert_allclose(found.other, 0.6 / 4, atol=1e-6)
    np.testing.assert_allclose(found.same, 0.1 / 4, atol=1e-6)
    assert torch.equal(images, before)
