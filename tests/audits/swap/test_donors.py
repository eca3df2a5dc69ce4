"""Donors by row: one decode each while they fit, none for rows that cannot be read."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from fairaudit.audits.swap.donors import DonorImages


class Loader:
    preprocess = SimpleNamespace(channels=1)

    def __init__(self):
        self.loads = []

    def input_size(self):
        return 2, 2

    def load(self, rows):
        self.loads.append(list(rows))
        read = [row for row in rows if row != 3]  # cannot be read
        images = torch.stack([torch.full((1, 2, 2), row / 255) for row in read]) if read else torch.zeros(0, 1, 2, 2)
        masks = (
            torch.stack([torch.full((2, 2), row % 2 == 0) for row in read])
            if read
            else torch.zeros(0, 2, 2, dtype=torch.bool)
        )
        return SimpleNamespace(rows=np.array(read, np.int64), images=images, regions={"tie": masks})


def test_one_donor_per_entry_and_none_for_minus_one():
    loader = Loader()
    given = DonorImages(loader).give(np.array([4, -1, 3, 4, 1]), ["tie"])
    assert given.there.tolist() == [True, False, False, True, True]
    torch.testing.assert_close(given.images[:, 0, 0, 0], torch.tensor([4.0, 0, 0, 4, 1]) / 255)
    assert given.masks["tie"][:, 0, 0].tolist() == [True, False, False, True, False]
    assert loader.loads == [[1, 3, 4]]


def test_kept_donors_are_not_read_again_and_the_bound_holds():
    loader = Loader()
    donors = DonorImages(loader, budget=2 * 8)  # two of four pixels and four mask places each
    for rows in ([1], [2], [1], [4], [1], [2]):
        donors.give(np.array(rows), ["tie"])
    assert loader.loads == [[1], [2], [4], [2]]  # 2 was used longest ago when 4 came


@pytest.mark.parametrize("budget", [0, 10**9])
def test_the_bound_changes_no_pixel(budget):
    rows = np.array([5, 4, 2, 5])
    found, wanted = (DonorImages(Loader(), budget=each).give(rows, ["tie"]) for each in (budget, 100))
    assert torch.equal(found.images, wanted.images)
    assert torch.equal(found.masks["tie"], wanted.masks["tie"])
