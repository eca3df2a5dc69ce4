"""Attention becomes modules, however it is written."""

import pytest
import torch
from torch.nn import functional as F

from fairaudit.models.lift.lift import lift
from tests.models.lift.test_layers import Call

BIAS = torch.linspace(-1, 1, 64).view(8, 8)


def talked(weights):
    """Attention weights [image, head, query, token] mixed over heads, as talking heads do."""
    heads = torch.linspace(-1, 1, 9).view(3, 3)
    return F.linear(weights.permute(0, 2, 3, 1), heads).permute(0, 3, 1, 2)


def spelled_out(weights):
    """The same with a bias, as files write it: a product with a constant and a sum."""
    heads = torch.linspace(-1, 1, 9).view(3, 3)
    return (weights.permute(0, 2, 3, 1) @ heads + torch.tensor([0.1, 0.2, 0.3])).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("Attend", lambda x: F.scaled_dot_product_attention(x, x * 2, x + 1)),
        ("Attend", lambda x: F.scaled_dot_product_attention(x, x, x, BIAS, scale=0.2)),
        ("Attend", lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True)),
        ("Mix", lambda x: ((x * 0.3) @ x.transpose(-2, -1) + BIAS).softmax(-1) @ x),
        ("Mix", lambda x: x.transpose(-2, -1) @ (x @ x.transpose(-2, -1)).softmax(-2)),
        ("Mix", lambda x: torch.bmm((x[:, 0] @ x[:, 1].transpose(1, 2)).softmax(-1), x[:, 2])),
        ("Mix", lambda x: talked((x @ x.transpose(-2, -1)).softmax(-1)) @ x),  # heads talk to each other
        ("Mix", lambda x: spelled_out((x @ x.transpose(-2, -1)).softmax(-1)) @ x),
        ("Mix", lambda x: torch.einsum("nhij,nhjd->nhid", (x @ x.transpose(-2, -1)).softmax(-1), x)),
        ("Mix", lambda x: torch.einsum("nhjd,nhij->nhid", x, (x @ x.transpose(-2, -1)).softmax(-1))),
    ],
)
def test_attention_is_a_module(kind, function):
    torch.manual_seed(0)
    model, images = Call(function), torch.randn(2, 3, 8, 9)
    lifted = lift(model, images)
    assert lifted.kinds[kind] == 1
    other = torch.randn(5, 3, 8, 9)
    torch.testing.assert_close(lifted.module(other), model(other), atol=1e-5, rtol=1e-5)


def test_a_product_without_a_softmax_stays():
    assert "Mix" not in lift(Call(lambda x: x @ x.transpose(-2, -1)), torch.randn(2, 3, 8, 9)).kinds
