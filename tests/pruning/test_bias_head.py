"""The bias head: as many parameters as the task's head, standardised inputs, finite whatever the features."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairaudit.pruning.bias_head import BiasHead, refit


def test_it_is_as_large_as_a_task_head_for_as_many_values():
    head, task = BiasHead(64, 10), nn.Linear(64, 10)
    assert sum(p.numel() for p in head.parameters()) == sum(p.numel() for p in task.parameters())


def trained(features, codes, values, epochs=40):
    head = BiasHead(features.shape[1], values)
    optimiser = torch.optim.Adam(head.parameters(), lr=1e-2)
    order = torch.Generator().manual_seed(0)
    last = refit(head, features, codes, optimiser=optimiser, epochs=epochs, batch_size=32, order=order)
    return head, last


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_it_learns_whatever_the_scale(scale):
    draw = torch.Generator().manual_seed(1)
    features = torch.randn(200, 6, generator=draw)
    codes = features[:, :3].argmax(1)
    head, last = trained(features * scale + 5 * scale, codes, 3)
    assert (head(features * scale + 5 * scale).argmax(1) == codes).double().mean() > 0.85
    assert last < 0.7


def test_it_standardises_and_leaves_constant_features_centred():
    features = torch.tensor([[1.0, 3.0, 5.0], [3.0, 3.0, 5.0]])
    head = BiasHead(3, 2)
    head.standardise_by(features)
    assert ((features - head.mean) / head.spread).tolist() == [[-1, 0, 0], [1, 0, 0]]


def test_the_loss_is_the_cross_entropy_of_known_values():
    head = BiasHead(2, 3)
    nn.init.normal_(head.linear.weight, generator=torch.Generator().manual_seed(0))
    features, codes = torch.randn(4, 2, generator=torch.Generator().manual_seed(1)), torch.tensor([0, -1, 2, -1])
    torch.testing.assert_close(head.loss(features, codes), F.cross_entropy(head(features)[[0, 2]], codes[[0, 2]]))


def test_without_a_known_value_nothing_is_learnt_and_nothing_breaks():
    head, last = trained(torch.randn(20, 3, generator=torch.Generator().manual_seed(0)), torch.full((20,), -1), 4)
    assert last == 0
    assert (head.linear.weight == 0).all()
