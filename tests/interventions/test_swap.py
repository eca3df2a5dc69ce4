"""Swapping content: what is taken from a donor and what stays."""

import torch

from fairaudit.interventions.swap import Swap


def draw(n: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(n, 3, 16, 24, generator=generator)
    masks = torch.zeros(n, 16, 24, dtype=torch.bool)
    for image in range(n):
        masks[image, 2 + image : 8 + image, 5 : 12 + image] = True
    return images, masks


def test_pixels_where_both_have_the_region_and_the_donors_mean_elsewhere():
    images, masks = draw()
    given, donated = draw(seed=1)
    donated = donated.roll(1, dims=0)
    before = images.clone()
    filled = Swap(images=given, masks=donated)(images, masks)
    for image in range(3):
        both = masks[image] & donated[image]
        torch.testing.assert_close(filled[image][:, both], given[image][:, both])
        only = masks[image] & ~donated[image]
        assert only.any()
        colour = given[image][:, donated[image]].mean(dim=1)
        torch.testing.assert_close(filled[image][:, only], colour[:, None].expand(3, int(only.sum())))
        assert torch.equal(filled[image][:, ~masks[image]], images[image][:, ~masks[image]])
    assert torch.equal(images, before)


def test_a_donor_without_the_region_gives_its_pixels():
    images, masks = draw()
    given, donated = draw(seed=1)
    donated[1] = False
    filled = Swap(images=given, masks=donated)(images, masks)
    torch.testing.assert_close(filled[1][:, masks[1]], given[1][:, masks[1]])
    plain = Swap(images=given)(images, masks)
    torch.testing.assert_close(plain, torch.where(masks[:, None], given, images))
