"""Replacing a region changes only the region, and only as often as asked for."""

from dataclasses import replace

import pytest
import torch

from fairaudit.errors import MethodError
from fairaudit.mitigation.methods.replace_region import need_masks, replaced


def test_only_the_region_is_replaced_and_about_as_often_as_asked(task):
    batch = task.debias.take(torch.arange(300))
    found = replaced(batch, 0.5, torch.Generator().manual_seed(0))
    outside = ~batch.masks[:, None]
    assert torch.equal(found * outside, batch.images * outside)
    share = float((found != batch.images).flatten(1).any(1).double().mean())
    assert 0.35 < share < 0.65
    assert torch.equal(replaced(batch, 0.0, torch.Generator().manual_seed(0)), batch.images)


def test_a_region_shows_another_image_or_one_colour(task):
    batch = task.debias.take(torch.arange(40))
    found = replaced(batch, 1.0, torch.Generator().manual_seed(0))
    flat = [len(image[mask].unique()) == 1 for image, mask in zip(found[:, 0], batch.masks, strict=True)]
    donors = [any(torch.equal(image[:, mask], other[:, mask]) for other in batch.images)
              for image, mask in zip(found, batch.masks, strict=True)]  # fmt: skip
    assert all(one or other for one, other in zip(flat, donors, strict=True))
    assert any(flat)
    assert any(donors)
    assert batch.images.min() <= found.min() <= found.max() <= batch.images.max()
    with pytest.raises(MethodError, match="needs a region"):
        need_masks(replace(batch, masks=None))
