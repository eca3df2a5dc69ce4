"""Images above their reconstructions, at places that can be counted."""

import numpy as np
import torch

from fairaudit.generators.sheet import reconstruction_sheet


class Inverse:
    def encode(self, images):
        return images

    def decode(self, latents):
        return 1 - latents


def test_every_image_stands_above_its_reconstruction():
    """Three grey images of 2 × 3 in rows of two: two rows of pairs, each (2 + 1) high and (3 + 1) wide."""
    images = torch.tensor([0.0, 0.2, 1.5]).view(3, 1, 1, 1).expand(3, 1, 2, 3)
    sheet = reconstruction_sheet(Inverse(), images, columns=2, gap=1)
    assert sheet.shape == (4 * 3 + 1, 2 * 4 + 1, 3)
    places = {(1, 1): 0, (1, 5): 51, (4, 1): 255, (4, 5): 204, (7, 1): 255, (10, 1): 0}
    for (top, left), value in places.items():
        assert (sheet[top : top + 2, left : left + 3] == value).all()
    assert (sheet[7:12, 5:] == 255).all()  # there is no fourth
    assert (np.delete(sheet, [1, 2, 4, 5, 7, 8, 10, 11], axis=0) == 255).all()
