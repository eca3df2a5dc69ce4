"""Sparsity counts weights of gated layers and nothing else."""

import pytest
import torch

from fairaudit.pruning.sparsity import layer_sparsity, sparsity


def test_pruned_units_count_all_their_weights(cut):
    masks = {name: torch.arange(cut.weight(name).shape[0]) > 0 for name in cut.layers}  # one unit off in every layer
    layers = layer_sparsity(cut, masks)
    assert [layer.layer for layer in layers] == ["0", "3", "8"]
    assert [layer.pruned for layer in layers] == [9, 36, 6]  # 1 x 3 x 3, 4 x 3 x 3 and 6 weights of a unit
    assert layers[0].share == pytest.approx(1 / 4)
    assert sparsity(cut, masks) == pytest.approx(51 / (36 + 216 + 30))


def test_nothing_pruned_is_0(cut):
    assert sparsity(cut, {name: torch.ones_like(cut.weight(name), dtype=torch.bool) for name in cut.layers}) == 0
