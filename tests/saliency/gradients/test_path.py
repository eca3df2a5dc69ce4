"""Paths end at the reference and at the image, and their moves add up."""

import pytest
import torch

from fairaudit.saliency.gradients.path import Deblurring, Straight

IMAGES = torch.rand(3, 2, 6, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
MEAN, STD = torch.tensor([0.4, 0.5]).double().view(1, 2, 1, 1), torch.tensor([0.2, 0.25]).double().view(1, 2, 1, 1)
INPUTS = (IMAGES - MEAN) / STD
ROWS = torch.tensor([2, 0, 2])


def paths():
    return [
        Straight(baseline=torch.zeros(1, 2, 6, 6, dtype=torch.float64), inputs=INPUTS),
        Deblurring(images=IMAGES, scale=1 / STD, offset=-MEAN / STD, sigma=2.0),
    ]


@pytest.mark.parametrize("path", paths(), ids=["straight", "deblurring"])
def test_at_one_it_is_the_image_and_moves_are_differences_of_points(path):
    ones = torch.ones(3, dtype=torch.float64)
    torch.testing.assert_close(path.points(ROWS, ones), INPUTS[ROWS])
    start, stop = torch.tensor([0.0, 0.2, 0.5]).double(), torch.tensor([1.0, 0.3, 0.75]).double()
    moved = path.points(ROWS, stop) - path.points(ROWS, start)
    torch.testing.assert_close(path.moves(ROWS, start, stop), moved)


def test_the_straight_line_is_one():
    line, _ = paths()
    assert line.straight
    half = line.points(ROWS, torch.full((3,), 0.5, dtype=torch.float64))
    torch.testing.assert_close(half, INPUTS[ROWS] / 2)


def test_the_blurred_start_has_less_detail_and_the_same_mean():
    _, path = paths()
    assert not path.straight
    blurred = path.points(ROWS, torch.zeros(3, dtype=torch.float64))
    assert (blurred.std((2, 3)) < INPUTS[ROWS].std((2, 3))).all()
