"""Attention weights are those that torch's attention uses."""

import copy

import pytest
import torch

from fairaudit.models.lift.products import HOLE, Attend, LinearMap, joined_heads, third_by_head

HIDDEN = torch.tensor([[True, True, True, True, False]])


@pytest.mark.parametrize("mask", [None, torch.linspace(-1, 1, 5)[None], HIDDEN])
@pytest.mark.parametrize("scale", [None, 0.7])
def test_weights_times_values_are_the_output(mask, scale):
    torch.manual_seed(0)
    query, key, values = torch.randn(3, 2, 4, 5, 6, dtype=torch.float64)
    mask = mask.double() if mask is not None and mask.dtype != torch.bool else mask
    module = Attend(scale=scale)
    found = module(values, query, key, mask)
    torch.testing.assert_close(module.weights(query, key, mask) @ values, found)


def test_causal_weights_look_back_only():
    torch.manual_seed(0)
    query, key, values = torch.randn(3, 2, 4, 5, 6, dtype=torch.float64)
    module = Attend(causal=True)
    weights = module.weights(query, key)
    assert bool((weights.triu(1) == 0).all())
    torch.testing.assert_close(weights @ values, module(values, query, key))


def test_heads_are_split_and_joined():
    packed = torch.arange(24.0).view(1, 2, 12)
    parts = [third_by_head(packed, third, 2) for third in range(3)]
    assert parts[0].shape == (1, 2, 2, 2)
    torch.testing.assert_close(torch.cat([joined_heads(part) for part in parts], -1), packed)


def test_a_linear_map_fills_its_hole_and_can_be_copied():
    module = LinearMap(torch.einsum, ("ij,j->i", [HOLE, torch.ones(3)]), {})
    assert copy.deepcopy(module)(torch.ones(2, 3)).tolist() == [3.0, 3.0]
