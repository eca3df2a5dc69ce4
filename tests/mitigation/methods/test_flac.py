"""Pairs of images by hand."""

import pytest
import torch

from fairaudit.mitigation.methods.flac import pair_loss, similarity


def test_pairs_of_flac_by_hand():
    features, readings = torch.tensor([[0.0], [0.0], [3.0]]), torch.tensor([[0.0], [1.0], [0.0]])
    target, attribute = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 0])
    # (0, 1): same target, other attribute; (0, 2): other target, same attribute; (1, 2): neither.
    assert float(similarity(features)[0, 2]) == pytest.approx(0.25, abs=1e-4)
    own = pair_loss(features, readings, target, attribute)
    swapped = pair_loss(torch.tensor([[0.0], [3.0], [0.0]]), readings, target, attribute)
    assert float(own) < float(swapped)  # alike where only the attribute differs is what is wanted
    assert float(pair_loss(features, readings, target, torch.full((3,), -1))) == 0.0


def test_a_pair_that_is_as_alike_as_its_readings_are_not_costs_nothing():
    """Distance 1 gives similarity ½ of the features, and ½ of the readings as well: s = d, divergence 0."""
    target, attribute = torch.tensor([0, 0]), torch.tensor([0, 1])
    apart = torch.tensor([[0.0], [1.0]])
    assert float(pair_loss(apart, apart, target, attribute)) == pytest.approx(0.0, abs=1e-6)
    # s = 1/3 and d = 1/2: (1/3 - 1/2) (log 1/3 - log 1/2) = log(3/2) / 6.
    wanted = float(torch.log(torch.tensor(1.5))) / 6
    assert float(pair_loss(2 * apart, apart, target, attribute)) == pytest.approx(wanted, abs=1e-5)
    assert float(pair_loss(apart, apart, torch.tensor([0, 1]), attribute)) == 0.0  # no such pair
