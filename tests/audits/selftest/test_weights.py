"""Weights of trained models on disk, with the key that says what they were trained on."""

import torch
from torch import nn

from fairaudit.audits.selftest.weights import read_weights, write_weights


def test_weights_are_read_only_with_their_key(tmp_path):
    module, file = nn.Linear(2, 3), tmp_path / "models" / "w.safetensors"
    assert read_weights(file, "one") is None
    write_weights(file, module, "one")
    assert torch.equal(read_weights(file, "one")["weight"], module.weight)
    assert read_weights(file, "two") is None
    file.write_bytes(b"damaged")
    assert read_weights(file, "one") is None


def test_tied_weights_can_be_written(tmp_path):
    module = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    module[1].weight = module[0].weight
    write_weights(tmp_path / "w", module, "k")
    assert set(read_weights(tmp_path / "w", "k")) == set(module.state_dict())
