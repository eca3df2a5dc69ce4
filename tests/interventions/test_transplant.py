"""Content goes where the mask is, at its size, and one image's does not depend on the others."""

import numpy as np
import torch
from torch.nn import functional

from fairaudit.interventions.transplant import transplant


def boxed(size, *box):
    mask = torch.zeros(1, size, size, dtype=torch.bool)
    mask[0, box[0] : box[1], box[2] : box[3]] = True
    return mask


def test_a_box_is_resized_as_torch_resizes_it():
    draws = torch.Generator().manual_seed(0)
    image, donor = torch.rand(2, 1, 3, 16, 16, generator=draws)
    for here, there in (((2, 10, 3, 9), (0, 5, 8, 16)), ((0, 4, 0, 4), (4, 12, 4, 16)), ((1, 7, 2, 8), (5, 11, 9, 15))):
        found = transplant(image, boxed(16, *here), donor, boxed(16, *there))
        patch = donor[:, :, there[0] : there[1], there[2] : there[3]]
        size = (here[1] - here[0], here[3] - here[2])
        expected = functional.interpolate(patch, size=size, mode="bilinear", align_corners=False)
        assert torch.allclose(found[:, :, here[0] : here[1], here[2] : here[3]], expected, atol=1e-6)
        outside = ~boxed(16, *here)[:, None].expand_as(image)
        assert torch.equal(found[outside], image[outside])


def test_what_is_not_the_donors_region_does_not_come_along():
    image, donor = torch.zeros(1, 1, 8, 8), torch.full((1, 1, 8, 8), 0.25)
    whole, ring = boxed(8, 0, 8, 0, 8), boxed(8, 0, 8, 0, 8)
    ring[0, 3:5, 3:5] = False
    donor[0, 0, 3:5, 3:5] = 1.0  # the donor's own object
    assert torch.equal(transplant(image, whole, donor, ring), torch.full((1, 1, 8, 8), 0.25))


def test_a_donor_without_the_region_shows_the_same_place():
    draws = torch.Generator().manual_seed(1)
    image, donor = torch.rand(2, 1, 3, 8, 8, generator=draws)
    mask, nothing = boxed(8, 2, 5, 1, 7), torch.zeros(1, 8, 8, dtype=torch.bool)
    assert torch.equal(transplant(image, mask, donor, nothing), torch.where(mask[:, None], donor, image))
    assert torch.equal(transplant(image, nothing, donor, mask), image)


def test_the_batch_changes_nothing():
    draws = torch.Generator().manual_seed(2)
    images, donors = torch.rand(2, 6, 3, 12, 12, generator=draws)
    corners = np.random.default_rng(0).integers(0, 6, (2, 6, 2))
    masks, others = (
        torch.cat([boxed(12, top, top + 3 + n % 3, left, left + 4) for n, (top, left) in enumerate(part)])
        for part in corners.tolist()
    )
    together = transplant(images, masks, donors, others)
    alone = [transplant(*(part[n : n + 1] for part in (images, masks, donors, others))) for n in range(6)]
    assert torch.equal(together, torch.cat(alone))
