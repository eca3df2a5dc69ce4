"""The sign of the reversal: the adversary's step lowers its loss, the encoder's step raises it."""

import torch

from fairaudit.mitigation.adversary import reader, reversed_gradient
from fairaudit.mitigation.methods.laftr import group_loss


def test_the_encoder_climbs_where_the_adversary_descends():
    draw = torch.Generator().manual_seed(0)
    x, a = torch.randn(40, 3, generator=draw), torch.randint(0, 2, (40,), generator=draw)
    encoder = torch.randn(3, 3, generator=draw, requires_grad=True)
    adversary = reader(3, 2, hidden=8, layers=1, seed=0, like=x)

    def loss(weights):
        return group_loss(adversary(x @ weights), a, torch.zeros(40, dtype=torch.long))

    before = loss(encoder)
    group_loss(adversary(reversed_gradient(x @ encoder, 1.0)), a, torch.zeros(40, dtype=torch.long)).backward()
    with torch.no_grad():
        assert loss(encoder - 1e-2 * encoder.grad) > before
        for parameter in adversary.parameters():
            parameter -= 1e-2 * parameter.grad
        assert loss(encoder) < before


def test_the_factor_is_minus_lambda():
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    (reversed_gradient(x, 0.5) * torch.tensor([1.0, 4.0])).sum().backward()
    assert x.grad.tolist() == [-0.5, -2.0]
