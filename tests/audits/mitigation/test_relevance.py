"""Columns of relevance against the measures they are named after, and NaN where there is no map."""

import numpy as np
import pytest
import torch

from fairaudit.audits.mitigation.relevance import cell_means, relevance_columns, scaled
from fairaudit.measures.regions.change import region_change
from fairaudit.measures.regions.metrics import rrf_lift
from fairaudit.measures.regions.signed_share import signed_share
from fairaudit.mitigation.samples import InMemory, Samples


def drawn(seed=0, count=6):
    draw = torch.Generator().manual_seed(seed)
    maps, vanilla = (torch.randn(count, 5, 4, generator=draw, dtype=torch.float64) for _ in range(2))
    masks = torch.zeros(count, 5, 4, dtype=torch.bool)
    masks[:, 3:, :2] = True
    return maps, vanilla, masks


def test_columns_equal_the_measures():
    maps, vanilla, masks = drawn()
    rows = torch.tensor([1, 2, 4, 5, 7, 8])
    found = relevance_columns(maps, masks, rows, images=10, vanilla=vanilla, suffix="_other")
    change = region_change(vanilla.numpy(), maps.numpy(), masks.numpy(), scale="absolute")
    wanted = {
        "relevance_lift_other": rrf_lift(maps.numpy(), masks.numpy(), convention="absolute"),
        "signed_share_other": signed_share(maps.numpy(), masks.numpy()),
        "relevance_fall_other": change.adr,
        "relevance_fall_share_other": change.dif,
    }
    for name, values in wanted.items():
        assert np.allclose(found[name][rows].numpy(), values), name
        assert torch.isnan(found[name][torch.tensor([0, 3, 6, 9])]).all()


def test_a_map_without_relevance_has_no_numbers_and_counts_in_no_mean():
    maps, vanilla, masks = drawn(1)
    maps[2] = 0
    found = relevance_columns(maps, masks, torch.arange(6), images=6, vanilla=vanilla)
    assert all(bool(torch.isnan(values[2])) for values in found.values())
    assert not torch.isnan(found["relevance_fall"][[0, 1, 3, 4, 5]]).any()
    attribute, target = torch.tensor([0, 0, 0, 1, 1, 1]), torch.tensor([0, 0, 0, 0, 1, 1])
    part = InMemory(samples=Samples(images=maps, target=target, attribute=attribute), classes=2, groups=2)
    means = cell_means(scaled(maps), part, torch.arange(6))
    assert torch.isnan(means[1]).all()  # nobody is in this cell
    assert torch.allclose(means[0], scaled(maps)[:2].mean(0))
    assert float(scaled(maps)[0].abs().max()) == pytest.approx(0.5)
